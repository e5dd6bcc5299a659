package caddymodule

import (
	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/prometheus/client_golang/prometheus"
)

// sessionsGauge shows how many sessions are remembered when it is collected.
func (a *App) sessionsGauge() prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "doorpost_sessions",
		Help: "Sessions that this instance remembers: those it has met since it started and that have not ended, at most as many as its cache holds.",
	}, func() float64 {
		rt, err := a.open()
		if err != nil {
			return 0
		}
		return float64(rt.backend.cache.Len())
	})
}

// mailerGauges show for each mailer whether it is at work when they are collected.
func mailerGauges(mailers *mail.Failover) (gauges []prometheus.Collector) {
	for i, m := range healthOf(mailers) {
		gauges = append(gauges, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name:        "doorpost_mailer_available",
			Help:        "Whether the mailer takes messages (1), or fails (0).",
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
