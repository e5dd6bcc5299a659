package caddymodule

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/caddyserver/caddy/v2"
)

// AdminAPI answers at Caddy's admin endpoint, under /doorpost/. Who may reach
// that endpoint is up to Caddy.
type AdminAPI struct{}

// CaddyModule implements caddy.Module.
func (AdminAPI) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "admin.api.doorpost", New: func() caddy.Module { return new(AdminAPI) }}
}

// Routes implements caddy.AdminRouter.
func (*AdminAPI) Routes() []caddy.AdminRoute {
	return []caddy.AdminRoute{{Pattern: "/doorpost/health", Handler: caddy.AdminHandlerFunc(showHealth)}}
}

// health is what GET /doorpost/health answers.
type health struct {
	Status string      `json:"status"` // ok or unavailable
	Store  storeHealth `json:"store"`
}

type storeHealth struct {
	Status   string   `json:"status"`
	Error    string   `json:"error,omitempty"`
	Warnings []string `json:"warnings"`
}

// showHealth tells whether somebody could sign in now.
func showHealth(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return caddy.APIError{HTTPStatus: http.StatusMethodNotAllowed, Err: fmt.Errorf("method not allowed: %s", r.Method)}
	}
	// Routes are made before apps are loaded, so the app is looked up now.
	app, err := caddy.ActiveContext().AppIfConfigured("doorpost")
	if err != nil {
		return caddy.APIError{HTTPStatus: http.StatusNotFound, Err: fmt.Errorf("doorpost is not part of the configuration: %w", err)}
	}
	answer, status := health{Status: "ok", Store: storeHealth{Status: "ok", Warnings: []string{}}}, http.StatusOK
	house, err := app.(*App).open()
	if err == nil {
		var warnings []string
		if warnings, err = house.backend.store.Health(r.Context()); len(warnings) > 0 {
			answer.Store.Warnings = warnings
		}
	}
	if err != nil {
		answer.Status, answer.Store.Status, answer.Store.Error = "unavailable", "unavailable", err.Error()
		status = http.StatusServiceUnavailable
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	return json.NewEncoder(w).Encode(answer)
}

var _ caddy.AdminRouter = (*AdminAPI)(nil)
