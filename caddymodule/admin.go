package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/fault"
)

// AdminAPI answers at Caddy's admin endpoint, under /doorpost/. Who may reach
// that endpoint is up to Caddy.
type AdminAPI struct{}

func (AdminAPI) CaddyModule() caddy.ModuleInfo { return moduleInfo[AdminAPI]("admin.api.doorpost") }

// adminRoutes are the paths that are answered, with what answers there.
var adminRoutes = map[string]adminRoute{
	adminapi.HealthPath:  {http.MethodGet, showHealth},
	adminapi.StatsPath:   {http.MethodGet, showStats},
	adminapi.OutboxPath:  reports(http.MethodGet, listOutbox),
	adminapi.MessagePath: reports(http.MethodGet, showMessage),
	adminapi.RetryPath:   reports(http.MethodPost, retryMessage),
	adminapi.UnblockPath: about(`{"address": "<address>"}`, unblock),
	adminapi.DoctorPath:  {http.MethodPost, runDoctor},
	adminapi.BackupPath:  opened(http.MethodGet, backUp),

	adminapi.UsersPath:         takes(`{"search": "<part of an address>", "from": "<next of the page before>", "limit": <n>}`, listUsers),
	adminapi.ShowUserPath:      about(userExample, showUser),
	adminapi.AddUserPath:       about(userExample, addUser),
	adminapi.LeaveGroupsPath:   about(userExample, leaveGroups),
	adminapi.DisableUserPath:   about(userExample, disableUser),
	adminapi.EnableUserPath:    about(userExample, enableUser),
	adminapi.MoveUserPath:      about(`{"address": "<address>", "to": "<new address>"}`, moveUser),
	adminapi.RemoveUserPath:    about(userExample, removeUser),
	adminapi.PasskeysPath:      about(`{"address": "<address>"}`, listPasskeys),
	adminapi.RemovePasskeyPath: about(`{"address": "<address>", "id": "<id of a passkey>"}`, removePasskey),
	adminapi.ResetPasskeysPath: about(`{"address": "<address>"}`, resetPasskeys),

	adminapi.TokensPath:      reports(http.MethodGet, listTokens),
	adminapi.CreateTokenPath: takes(tokenExample, createToken),
	adminapi.TokenPath:       reports(http.MethodGet, showToken),
	adminapi.RotateTokenPath: takes(`{"overlap": "<duration>"} or nothing`, rotateToken),
	adminapi.EndTokenPath:    reports(http.MethodPost, endToken),

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
// withStatus says. Caddy logs them and sends them as {"error": "…"}, so they
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
	adminapi.Mark(w.Header())
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
	c := &adminCall{App: app.(*App), w: w, r: r, ctx: audited(r)}
	return c.withStatus(route.answer(c))
}

// apiError is an error that the client is told with a status.
func apiError(status int, format string, values ...any) error {
	return caddy.APIError{HTTPStatus: status, Err: fmt.Errorf(format, values...)}
}

// statuses are what the client is told of the kinds of errors.
var statuses = map[fault.Kind]int{
	fault.Unavailable: http.StatusServiceUnavailable,
	fault.Unknown:     http.StatusNotFound,
	fault.Taken:       http.StatusConflict,
	fault.Invalid:     http.StatusBadRequest,
}

// withStatus gives an error of a service the status of its kind. One that has no
// kind is a defect: it is logged, and the client is told where to look.
func (c *adminCall) withStatus(err error) error {
	if _, hasStatus := errors.AsType[caddy.APIError](err); err == nil || hasStatus {
		return err
	}
	if status, sorted := statuses[fault.KindOf(err)]; sorted {
		return apiError(status, "%w", err)
	}
	c.logger.Error("an order of the admin API failed for a reason that is a defect of Doorpost", "path", c.r.URL.Path, "error", err)
	return apiError(http.StatusInternalServerError, "the order failed for a reason that is a defect of Doorpost; its log has the error")
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
