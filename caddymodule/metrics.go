package caddymodule

import (
	"errors"
	"fmt"

	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/prometheus/client_golang/prometheus"
)

// messagesTotal is one for all configurations, so that it counts on over
// reloads. No label has an address in it.
var messagesTotal = prometheus.NewCounterVec(prometheus.CounterOpts{
	Name: "doorpost_messages_total",
	Help: "Messages that came into a state, by the mailer that had them last.",
}, []string{"state", "mailer"})

// delivered is the state, for metrics, of a message that was sent and that its
// service reports to have arrived.
const delivered = "delivered"

// registerMetrics adds the metrics to the registry of a configuration, which each
// has of its own.
func registerMetrics(registry *prometheus.Registry, mailers *mail.Failover) error {
	for _, collector := range append(mailerGauges(mailers), messagesTotal) {
		err := registry.Register(collector)
		if _, twice := errors.AsType[prometheus.AlreadyRegisteredError](err); err != nil && !twice {
			return fmt.Errorf("registering metrics: %w", err)
		}
	}
	return nil
}

// observe counts a message whose state has changed.
func observe(changed outbox.Message) {
	state := string(changed.State)
	if changed.State == outbox.Sent && !changed.Delivered.IsZero() {
		state = delivered
	}
	messagesTotal.WithLabelValues(state, changed.Mailer).Inc()
}

// mailerGauges show for each mailer whether it is at work when they are collected.
func mailerGauges(mailers *mail.Failover) (gauges []prometheus.Collector) {
	for i, m := range healthOf(mailers) {
		gauges = append(gauges, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name:        "doorpost_mailer_available",
			Help:        "Whether messages are handed to the mailer (1), or it is left alone because it failed (0).",
			ConstLabels: prometheus.Labels{"mailer": m.Name},
		}, func() float64 {
			if healthOf(mailers)[i].Available {
				return 1
			}
			return 0
		}))
	}
	return gauges
}
