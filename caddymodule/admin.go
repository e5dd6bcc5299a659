package caddymodule

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

// AdminAPI answers at Caddy's admin endpoint, under /doorpost/. Who may reach
// that endpoint is up to Caddy.
type AdminAPI struct{}

// CaddyModule implements caddy.Module.
func (AdminAPI) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "admin.api.doorpost", New: func() caddy.Module { return new(AdminAPI) }}
}

// adminRoutes are the paths that are answered, with what answers there.
var adminRoutes = map[string]methods{
	adminapi.HealthPath:  {http.MethodGet: showHealth},
	adminapi.OutboxPath:  {http.MethodGet: opened(listOutbox)},
	adminapi.MessagePath: {http.MethodGet: opened(showMessage)},
	adminapi.RetryPath:   {http.MethodPost: opened(retryMessage)},
	adminapi.UnblockPath: {http.MethodPost: opened(unblock)},
	adminapi.DoctorPath:  {http.MethodPost: runDoctor},

	adminapi.UsersPath:       {http.MethodPost: opened(listUsers)},
	adminapi.ShowUserPath:    {http.MethodPost: opened(showUser)},
	adminapi.AddUserPath:     {http.MethodPost: addUser},
	adminapi.LeaveGroupsPath: {http.MethodPost: leaveGroups},
	adminapi.DisableUserPath: {http.MethodPost: disableUser},
	adminapi.EnableUserPath:  {http.MethodPost: enableUser},
	adminapi.RemoveUserPath:  {http.MethodPost: opened(removeUser)},
	adminapi.SessionsPath:    {http.MethodPost: opened(listSessions)},
	adminapi.EndSessionsPath: {http.MethodPost: opened(endSessions)},
	adminapi.InvitePath:      {http.MethodPost: opened(invite)},
	adminapi.WhyPath:         {http.MethodPost: opened(showWhy)},

	adminapi.RequestsPath: {http.MethodGet: opened(listRequests)},
	adminapi.ApprovePath:  {http.MethodPost: opened(approveRequest)},
	adminapi.RefusePath:   {http.MethodPost: opened(refuseRequest)},
}

// Routes implements caddy.AdminRouter.
func (*AdminAPI) Routes() []caddy.AdminRoute {
	var routes []caddy.AdminRoute
	for path, answers := range adminRoutes {
		routes = append(routes, caddy.AdminRoute{Pattern: path, Handler: answers})
	}
	return routes
}

// methods are what answers at one path, by method.
type methods map[string]adminHandler

// adminHandler answers a request. An error that is not a caddy.APIError is the
// server's own fault. Caddy logs errors and sends them as {"error": "…"}, so they
// have no address in them.
type adminHandler func(a *App, w http.ResponseWriter, r *http.Request) error

// opened is a handler that needs the store.
func opened(handle func(a *App, rt *runningApp, w http.ResponseWriter, r *http.Request) error) adminHandler {
	return func(a *App, w http.ResponseWriter, r *http.Request) error {
		rt, err := a.open()
		if err != nil {
			return apiError(http.StatusServiceUnavailable, "opening the store: %w", err)
		}
		return handle(a, rt, w, r)
	}
}

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
		return apiError(http.StatusMethodNotAllowed, "method not allowed: %s; this path allows %s", r.Method, list)
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
