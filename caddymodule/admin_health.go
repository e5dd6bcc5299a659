package caddymodule

import (
	"fmt"
	"net/http"
	"time"

	"github.com/doorpost-auth/doorpost/internal/mail"
)

// The states of health.
const (
	healthOK          = "ok"
	healthDegraded    = "degraded"    // people can sign in, and something has to be mended
	healthUnavailable = "unavailable" // nobody can sign in
)

// health is what GET /doorpost/health answers.
type health struct {
	Status  string         `json:"status"`
	Store   storeHealth    `json:"store"`
	Mailers []mailerHealth `json:"mailers"`
}

type storeHealth struct {
	Status   string   `json:"status"` // ok or unavailable
	Error    string   `json:"error,omitempty"`
	Warnings []string `json:"warnings"`
}

// mailerHealth is what messages told of a mailer. It is not asked anything.
type mailerHealth struct {
	Name      string    `json:"name"`
	Available bool      `json:"available"` // false while it is left alone because it failed
	Since     time.Time `json:"since"`     // when that began to be so
	Problem   string    `json:"problem,omitempty"`
}

// showHealth tells whether somebody could sign in now.
func showHealth(a *App, w http.ResponseWriter, r *http.Request) error {
	answer := health{Status: healthOK, Store: storeHealth{Status: healthOK, Warnings: []string{}}, Mailers: healthOf(a.mailers)}
	for _, m := range answer.Mailers {
		if !m.Available {
			answer.Status = healthDegraded
		}
	}
	h, err := a.open()
	if err == nil {
		var warnings []string
		if warnings, err = h.backend.store.Health(r.Context()); len(warnings) > 0 {
			answer.Status, answer.Store.Warnings = healthDegraded, warnings
		}
	}
	if err != nil {
		answer.Status, answer.Store.Status, answer.Store.Error = healthUnavailable, healthUnavailable, err.Error()
		return writeJSON(w, http.StatusServiceUnavailable, answer)
	}
	return writeJSON(w, http.StatusOK, answer)
}

// healthOf is the health of each mailer, in their order. The second of a kind
// is called smtp-2.
func healthOf(mailers *mail.Failover) (list []mailerHealth) {
	seen := make(map[string]int)
	for _, m := range mailers.Health() {
		name := m.Name
		if seen[m.Name]++; seen[m.Name] > 1 {
			name = fmt.Sprintf("%s-%d", m.Name, seen[m.Name])
		}
		list = append(list, mailerHealth{Name: name, Available: m.Available, Since: m.Since.UTC().Truncate(time.Millisecond), Problem: m.Problem})
	}
	return list
}
