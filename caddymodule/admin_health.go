package caddymodule

import (
	"fmt"
	"net/http"
	"time"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/mail"
)

// showHealth reports whether somebody could sign in now.
func showHealth(c *adminCall) error {
	answer := adminapi.Health{Status: adminapi.Healthy, Store: adminapi.StoreHealth{Status: adminapi.Healthy, Warnings: []string{}}, Mailers: healthOf(c.mailers)}
	for _, m := range answer.Mailers {
		if !m.Available {
			answer.Status = adminapi.Degraded
		}
	}
	rt, err := c.open()
	if err == nil {
		var warnings []string
		if warnings, err = rt.backend.store.Health(c.ctx); len(warnings) > 0 {
			answer.Status, answer.Store.Warnings = adminapi.Degraded, warnings
		}
	}
	if err != nil {
		answer.Status, answer.Store.Status, answer.Store.Error = adminapi.Down, adminapi.Down, err.Error()
		return writeJSON(c.w, http.StatusServiceUnavailable, answer)
	}
	return writeJSON(c.w, http.StatusOK, answer)
}

// healthOf is the health of each mailer, in their order. The second of a kind
// is called smtp-2.
func healthOf(mailers *mail.Failover) (list []adminapi.MailerHealth) {
	seen := make(map[string]int)
	for _, m := range mailers.Health() {
		name := m.Name
		if seen[m.Name]++; seen[m.Name] > 1 {
			name = fmt.Sprintf("%s-%d", m.Name, seen[m.Name])
		}
		list = append(list, adminapi.MailerHealth{Name: name, Available: m.Available, Since: m.Since.UTC().Truncate(time.Millisecond), Problem: m.Problem})
	}
	return list
}
