package caddymodule

import (
	"errors"
	"fmt"

	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/store/steps"
	"github.com/prometheus/client_golang/prometheus"
)

// Counters and histograms are one for all configurations, so that they count on over
// reloads. No label has an address in it, nor anything that somebody typed: each has
// few values. Those that are known in advance are made here, so that the first event
// is seen as an increase from zero.
var (
	askedTotal    = counters("doorpost_asked_total", "Times that somebody asked for a link, by whether a message follows.", "sent", "true", "false")
	redeemedTotal = counters("doorpost_redeemed_total", "Sign-ins, by what was redeemed.", "by", "link", "code", "passkey")
	refusedTotal  = counters("doorpost_refused_total", "Refusals that the audit log tells of, and times that nothing was sent, by reason.", "reason", refusalReasons()...)
	requestsTotal = counters("doorpost_requests_total", "Requests that met the gate, by its verdict; with several directives one for each that a request meets.", "verdict", verdicts[:]...)
	tokensTotal   = counters("doorpost_tokens_total", "Requests of programs that presented a token, by what became of them.", "verdict", tokenVerdicts()...)
	streamsCut    = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "doorpost_streams_cut_total",
		Help: "Requests under way, such as WebSockets, that were cut because their session ended.",
	})
	messagesTotal = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "doorpost_messages_total",
		Help: "Messages that came into a state, by the mailer that had them last.",
	}, []string{"state", "mailer"})
	mailerSeconds = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "doorpost_mailer_seconds",
		Help:    "How long a mailer took to hand a message over, or to fail.",
		Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30},
	}, []string{"mailer"})
	storeSeconds = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "doorpost_store_seconds",
		Help:    "How long the store took for a step, in vain or not, with all times that it was run again.",
		Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 5},
	}, []string{"step"})
	storeFailures = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "doorpost_store_failures_total",
		Help: "Steps that the store did not do: it did not answer, or could not write.",
	})
)

// counters makes a counter for each value of a label.
func counters(name, help, label string, values ...string) *prometheus.CounterVec {
	all := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label})
	for _, value := range values {
		all.WithLabelValues(value)
	}
	return all
}

// verdicts are the verdicts of the gate as metrics name them.
var verdicts = [...]string{
	gate.Unavailable: "unavailable", gate.Pass: "pass", gate.PassUnnamed: "pass_unnamed", gate.OwnPage: "own_page",
	gate.WrongHost: "wrong_host", gate.NoSession: "no_session", gate.NotAdmitted: "not_admitted", gate.NotRecent: "not_recent", gate.NoPasskey: "no_passkey",
	gate.Forbidden: "forbidden", gate.TokenRefused: "token_refused",
}

// requestsOf has the counter of each verdict: every request of every app counts.
var requestsOf = func() (list [len(verdicts)]prometheus.Counter) {
	for v, name := range verdicts {
		list[v] = requestsTotal.WithLabelValues(name)
	}
	return list
}()

// countRequest counts a request that the gate has decided about.
func countRequest(v gate.Verdict) { requestsOf[v].Inc() }

// delivered is the state, for metrics, of a message that was sent and that its
// service reports to have arrived.
const delivered = "delivered"

// observe counts a message whose state has changed.
func observe(changed outbox.Message) {
	state := string(changed.State)
	if changed.State == outbox.Sent && !changed.Delivered.IsZero() {
		state = delivered
	}
	messagesTotal.WithLabelValues(state, changed.Mailer).Inc()
}

// observeStep counts a step of the store.
func observeStep(ran steps.Ran) {
	storeSeconds.WithLabelValues(ran.Step).Observe(ran.Took.Seconds())
	if ran.Failed {
		storeFailures.Inc()
	}
}

// provisionMetrics adds the metrics to the registry of the configuration, which each
// has of its own.
func (a *App) provisionMetrics() error {
	collectors := []prometheus.Collector{askedTotal, redeemedTotal, refusedTotal, requestsTotal, tokensTotal, streamsCut, messagesTotal, mailerSeconds, storeSeconds, storeFailures, a.sessionsGauge()}
	for _, collector := range append(collectors, mailerGauges(a.mailers)...) {
		err := a.ctx.GetMetricsRegistry().Register(collector)
		if _, twice := errors.AsType[prometheus.AlreadyRegisteredError](err); err != nil && !twice {
			return fmt.Errorf("registering metrics: %w", err)
		}
	}
	return nil
}
