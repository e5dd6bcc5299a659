package caddymodule

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
)

// AdminAPI answers at Caddy's admin endpoint, under /doorpost/. Who may reach
// that endpoint is up to Caddy.
type AdminAPI struct{}

// CaddyModule implements caddy.Module.
func (AdminAPI) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "admin.api.doorpost", New: func() caddy.Module { return new(AdminAPI) }}
}

// adminRoutes are the paths that are answered, as patterns of http.ServeMux,
// with what answers there.
var adminRoutes = map[string]methods{
	"/doorpost/health":            {http.MethodGet: showHealth},
	"/doorpost/outbox":            {http.MethodGet: listOutbox},
	"/doorpost/outbox/{id}":       {http.MethodGet: showMessage},
	"/doorpost/outbox/{id}/retry": {http.MethodPost: retryMessage},
	"/doorpost/outbox/unblock":    {http.MethodPost: unblock},
	"/doorpost/doctor":            {http.MethodPost: examine},

	"/doorpost/users/list":    {http.MethodPost: listUsers},
	"/doorpost/users/show":    {http.MethodPost: showUser},
	"/doorpost/users/add":     {http.MethodPost: addUser},
	"/doorpost/users/leave":   {http.MethodPost: leaveGroups},
	"/doorpost/users/disable": {http.MethodPost: disableUser},
	"/doorpost/users/enable":  {http.MethodPost: enableUser},
	"/doorpost/users/remove":  {http.MethodPost: removeUser},
	"/doorpost/users/move":    {http.MethodPost: moveUser},
	"/doorpost/sessions/list": {http.MethodPost: listSessions},
	"/doorpost/sessions/end":  {http.MethodPost: endSessions},
	"/doorpost/invite":        {http.MethodPost: invite},
	"/doorpost/why":           {http.MethodPost: tellWhy},

	"/doorpost/requests":              {http.MethodGet: listRequests},
	"/doorpost/requests/{id}/approve": {http.MethodPost: approveRequest},
	"/doorpost/requests/{id}/refuse":  {http.MethodPost: refuseRequest},
}

// Routes implements caddy.AdminRouter.
func (*AdminAPI) Routes() []caddy.AdminRoute {
	var routes []caddy.AdminRoute
	for path, answers := range adminRoutes {
		routes = append(routes, caddy.AdminRoute{Pattern: path, Handler: answers})
	}
	return routes
}

// methods are what answers at one path, by method. An error that is no
// caddy.APIError is the server's own fault. Caddy logs errors and sends them as
// {"error": "…"}, so there is no address in them.
type methods map[string]func(a *App, w http.ResponseWriter, r *http.Request) error

// ServeHTTP implements caddy.AdminHandler.
func (m methods) ServeHTTP(w http.ResponseWriter, r *http.Request) error {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	answer, allowed := m[method]
	if !allowed {
		list := strings.Join(slices.Sorted(maps.Keys(m)), ", ")
		w.Header().Set("Allow", list)
		return apiError(http.StatusMethodNotAllowed, "method not allowed: %s; this path takes %s", r.Method, list)
	}
	// Routes are made before apps are loaded, so the app is looked up now.
	app, err := caddy.ActiveContext().AppIfConfigured("doorpost")
	if err != nil {
		return apiError(http.StatusNotFound, "doorpost is not part of the configuration that runs: %w; add the directive doorpost to a site and reload", err)
	}
	w.Header().Set("Cache-Control", "no-store")
	return answer(app.(*App), w, r)
}

// apiError is an error that the client is told with a status.
func apiError(status int, format string, values ...any) error {
	return caddy.APIError{HTTPStatus: status, Err: fmt.Errorf(format, values...)}
}

// storeError says that the store does not do its work.
func storeError(doing string, err error) error {
	return apiError(http.StatusServiceUnavailable, "%s: the store does not answer: %w", doing, err)
}

// openForAdmin is the running app's parts.
func (a *App) openForAdmin() (*house, error) {
	h, err := a.open()
	if err != nil {
		return nil, apiError(http.StatusServiceUnavailable, "opening the store: %w", err)
	}
	return h, nil
}

// writeJSON answers with a value.
func writeJSON(w http.ResponseWriter, status int, value any) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	return json.NewEncoder(w).Encode(value)
}

var (
	_ caddy.AdminRouter  = (*AdminAPI)(nil)
	_ caddy.AdminHandler = methods(nil)
)
