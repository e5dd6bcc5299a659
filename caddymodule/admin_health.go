package caddymodule

import (
	"context"
	"net/http"
	"time"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/mail"
)

// healthTime is how long the store may take to answer. The command health waits a little longer:
// a server whose store is silent runs.
const healthTime = 3 * time.Second

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
		ctx, cancel := context.WithTimeout(c.ctx, healthTime)
		defer cancel()
		var warnings []string
		if warnings, err = rt.backend.health(ctx); len(warnings) > 0 {
			answer.Status, answer.Store.Warnings = adminapi.Degraded, warnings
		}
	}
	if err != nil {
		answer.Status, answer.Store.Status, answer.Store.Error = adminapi.Down, adminapi.Down, err.Error()
		return writeJSON(c.w, http.StatusServiceUnavailable, answer)
	}
	return writeJSON(c.w, http.StatusOK, answer)
}

// healthOf is the health of each mailer, in their order.
func healthOf(mailers *mail.Failover) (list []adminapi.MailerHealth) {
	for _, m := range mailers.Health() {
		list = append(list, adminapi.MailerHealth{Name: m.Name, Available: m.Available, Since: m.Since.UTC().Truncate(time.Millisecond), Problem: m.Problem})
	}
	return list
}
