package caddymodule

import (
	"errors"
	"fmt"

	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/prometheus/client_golang/prometheus"
)

// metrics are what Caddy's metrics endpoint tells of a configuration. They name
// neither people nor networks.
type metrics struct {
	messages *prometheus.CounterVec
}

var mailerAvailable = prometheus.NewDesc("doorpost_mailer_available",
	"Whether a mailer takes messages (1) or is left alone for a while because it failed (0).", []string{"mailer"}, nil)

// newMetrics registers what there is to tell. Each configuration of Caddy has a
// registry of its own.
func newMetrics(registry *prometheus.Registry, mailers *mail.Failover) (*metrics, error) {
	m := &metrics{messages: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "doorpost_messages_total", Help: "Messages that came into a state, by the mailer that had them last.",
	}, []string{"state", "mailer"})}
	for _, c := range []prometheus.Collector{m.messages, mailerCollector{mailers}} {
		if err := registry.Register(c); err != nil {
			if _, again := errors.AsType[prometheus.AlreadyRegisteredError](err); !again {
				return nil, fmt.Errorf("registering metrics: %w", err)
			}
		}
	}
	return m, nil
}

// observe counts a message that came into a state.
func (m *metrics) observe(message outbox.Message) {
	m.messages.WithLabelValues(string(message.State), message.Mailer).Inc()
}

// mailerCollector tells of mailers how they are when it is asked.
type mailerCollector struct{ mailers *mail.Failover }

// Describe implements prometheus.Collector.
func (mailerCollector) Describe(to chan<- *prometheus.Desc) { to <- mailerAvailable }

// Collect implements prometheus.Collector.
func (c mailerCollector) Collect(to chan<- prometheus.Metric) {
	for name, health := range namedMailers(c.mailers.Health()) {
		available := 0.0
		if health.Available {
			available = 1
		}
		to <- prometheus.MustNewConstMetric(mailerAvailable, prometheus.GaugeValue, available, name)
	}
}

// namedMailers gives each mailer a name of its own: smtp, smtp-2.
func namedMailers(all []mail.MailerHealth) map[string]mail.MailerHealth {
	named := make(map[string]mail.MailerHealth, len(all))
	count := make(map[string]int)
	for _, health := range all {
		count[health.Name]++
		name := health.Name
		if n := count[name]; n > 1 {
			name = fmt.Sprintf("%s-%d", name, n)
		}
		named[name] = health
	}
	return named
}
