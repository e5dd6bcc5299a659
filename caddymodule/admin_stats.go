package caddymodule

import (
	"fmt"
	"net/http"
	"time"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/prometheus/client_golang/prometheus"
)

// countedSince is when the counters began.
var countedSince = time.Now()

// showStats reports what the metrics say, also while the store does not answer.
func showStats(c *adminCall) error {
	counts, err := readCounts(askedTotal, redeemedTotal, refusedTotal, streamsCut, messagesTotal)
	if err != nil {
		return err
	}
	asked := counts("doorpost_asked_total", "sent")
	answer := adminapi.Stats{
		Since: countedSince.UTC().Truncate(time.Second), Asked: asked["true"] + asked["false"], Sent: asked["true"],
		Redeemed: counts("doorpost_redeemed_total", "by"), Refused: counts("doorpost_refused_total", "reason"),
		StreamsCut: counts("doorpost_streams_cut_total", "")[""], Messages: counts("doorpost_messages_total", "state"),
		Mailers: healthOf(c.mailers),
	}
	if rt, err := c.open(); err == nil {
		answer.Sessions = rt.backend.cache.Len()
	}
	return writeJSON(c.w, http.StatusOK, answer)
}

// readCounts reads counters. What they counted is then told by name, by the values of
// a label.
func readCounts(counters ...prometheus.Collector) (of func(name, label string) map[string]int, err error) {
	registry := prometheus.NewRegistry()
	for _, counter := range counters {
		if err := registry.Register(counter); err != nil {
			return nil, fmt.Errorf("reading the metrics: %w", err)
		}
	}
	families, err := registry.Gather()
	if err != nil {
		return nil, fmt.Errorf("reading the metrics: %w", err)
	}
	return func(name, label string) map[string]int {
		counts := make(map[string]int)
		for _, family := range families {
			if family.GetName() != name {
				continue
			}
			for _, sample := range family.GetMetric() {
				value := ""
				for _, pair := range sample.GetLabel() {
					if pair.GetName() == label {
						value = pair.GetValue()
					}
				}
				counts[value] += int(sample.GetCounter().GetValue())
			}
		}
		return counts
	}, nil
}
