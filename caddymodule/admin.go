package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/doorpost-auth/doorpost/internal/access"
	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/admin"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/people"
)

// AdminAPI answers at Caddy's admin endpoint, under /doorpost/. Who may reach
// that endpoint is up to Caddy.
type AdminAPI struct{}

func (AdminAPI) CaddyModule() caddy.ModuleInfo { return moduleInfo[AdminAPI]("admin.api.doorpost") }

// adminRoutes are the paths that are answered, with what answers there.
var adminRoutes = map[string]adminRoute{
	adminapi.HealthPath:  {http.MethodGet, showHealth},
	adminapi.OutboxPath:  reports(http.MethodGet, listOutbox),
	adminapi.MessagePath: reports(http.MethodGet, showMessage),
	adminapi.RetryPath:   reports(http.MethodPost, retryMessage),
	adminapi.UnblockPath: about(`{"address": "<address>"}`, unblock),
	adminapi.DoctorPath:  {http.MethodPost, runDoctor},

	adminapi.UsersPath:       takes(`{"search": "<part of an address>", "from": "<next of the page before>", "limit": <n>}`, listUsers),
	adminapi.ShowUserPath:    about(userExample, showUser),
	adminapi.AddUserPath:     about(userExample, addUser),
	adminapi.LeaveGroupsPath: about(userExample, leaveGroups),
	adminapi.DisableUserPath: about(userExample, disableUser),
	adminapi.EnableUserPath:  about(userExample, enableUser),
	adminapi.MoveUserPath:    about(`{"address": "<address>", "to": "<new address>"}`, moveUser),
	adminapi.RemoveUserPath:  about(userExample, removeUser),
	adminapi.SessionsPath:    takes(`{"address": "<address>"} or {"from": "<next of the page before>", "limit": <n>}`, listSessions),
	adminapi.EndSessionsPath: opened(http.MethodPost, endSessions),
	adminapi.InvitePath:      about(`{"address": "<address>", "groups": ["<name>"], "for": "<duration>", "site": "<origin>"}`, invite),
	adminapi.WhyPath:         about(`{"address": "<address>", "url": "<url>"}`, showWhy),

	adminapi.RequestsPath: reports(http.MethodGet, listRequests),
	adminapi.ApprovePath:  takes(`{"for": "<duration>"} or nothing`, approveRequest),
	adminapi.RefusePath:   reports(http.MethodPost, refuseRequest),
}

const userExample = `{"address": "<address>"}, with "groups": ["<name>"] where groups are changed`

func (*AdminAPI) Routes() []caddy.AdminRoute {
	var routes []caddy.AdminRoute
	for path, route := range adminRoutes {
		routes = append(routes, caddy.AdminRoute{Pattern: path, Handler: route})
	}
	return routes
}

// adminRoute is what answers at one path. Errors are told to the client as
// serviceError says. Caddy logs them and sends them as {"error": "…"}, so they
// have no address in them.
type adminRoute struct {
	method string
	answer func(c *adminCall) error
}

// adminCall is one request, and what it is answered from.
type adminCall struct {
	*App
	w   http.ResponseWriter
	r   *http.Request
	ctx context.Context // by which the audit log knows where a change came from
	rt  *runningApp     // nil in an answer that does without the store
}

// opened is an answer that needs the store.
func opened(method string, answer func(c *adminCall) error) adminRoute {
	return adminRoute{method, func(c *adminCall) (err error) {
		if c.rt, err = c.open(); err != nil {
			return apiError(http.StatusServiceUnavailable, "opening the store: %w", err)
		}
		return answer(c)
	}}
}

// reports is an answer that is one value.
func reports[Report any](method string, make func(c *adminCall) (Report, error)) adminRoute {
	return opened(method, func(c *adminCall) error {
		report, err := make(c)
		if err != nil {
			return err
		}
		return writeJSON(c.w, http.StatusOK, report)
	})
}

// takes is the report on an order, which looks like example.
func takes[Order, Report any](example string, make func(c *adminCall, order Order) (Report, error)) adminRoute {
	return reports(http.MethodPost, func(c *adminCall) (report Report, err error) {
		var order Order
		if err := c.readOrder(&order, example); err != nil {
			return report, err
		}
		return make(c, order)
	})
}

// about is the report on an order that is about somebody.
func about[Order interface{ Whom() string }, Report any](example string, make func(c *adminCall, who address.Address, order Order) (Report, error)) adminRoute {
	return takes(example, func(c *adminCall, order Order) (report Report, err error) {
		who, err := readAddress(order.Whom())
		if err != nil {
			return report, err
		}
		return make(c, who, order)
	})
}

func (route adminRoute) ServeHTTP(w http.ResponseWriter, r *http.Request) error {
	if r.Method != route.method && (r.Method != http.MethodHead || route.method != http.MethodGet) {
		w.Header().Set("Allow", route.method)
		return apiError(http.StatusMethodNotAllowed, "method not allowed: %s; this path allows %s", r.Method, route.method)
	}
	// Routes are made before apps are loaded, so the app is looked up now.
	app, err := caddy.ActiveContext().AppIfConfigured("doorpost")
	if err != nil {
		return apiError(http.StatusNotFound, "doorpost is not part of the configuration that runs: %w; add the directive doorpost to a site and reload", err)
	}
	w.Header().Set("Cache-Control", "no-store")
	return serviceError(route.answer(&adminCall{App: app.(*App), w: w, r: r, ctx: audited(r)}))
}

// apiError is an error that the client is told with a status.
func apiError(status int, format string, values ...any) error {
	return caddy.APIError{HTTPStatus: status, Err: fmt.Errorf(format, values...)}
}

// serviceError is an error as the client is told it: with the status that it has,
// or that the refusal of a service stands for. Any other says that the store does
// not answer.
func serviceError(err error) error {
	is := func(target error) bool { return errors.Is(err, target) }
	_, hasStatus := errors.AsType[caddy.APIError](err)
	switch {
	case err == nil, hasStatus:
		return err
	case is(people.ErrUnknown):
		return apiError(http.StatusNotFound, "%w: somebody is known after a first sign-in, or after they were added or invited; users list shows who is known", people.ErrUnknown)
	case is(admin.ErrNoSession), is(access.ErrUnknown), is(outbox.ErrUnknown):
		return apiError(http.StatusNotFound, "%w", err)
	case is(admin.ErrNoGroup), is(access.ErrLife):
		return apiError(http.StatusBadRequest, "%w", err)
	case is(account.ErrTaken):
		return apiError(http.StatusConflict, "%w; users show says whose it is", err)
	case is(outbox.ErrNoRetry):
		return apiError(http.StatusConflict, "%w", err)
	}
	return apiError(http.StatusServiceUnavailable, "%w", err)
}

// writeJSON answers with a value.
func writeJSON(w http.ResponseWriter, status int, value any) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	return json.NewEncoder(w).Encode(value)
}

var (
	_ caddy.AdminRouter  = (*AdminAPI)(nil)
	_ caddy.AdminHandler = adminRoute{}
)
