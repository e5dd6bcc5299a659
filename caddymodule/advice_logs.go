package caddymodule

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/logging"
	"github.com/caddyserver/certmagic"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Fields of Caddy's log that have secrets of requests and answers.
const (
	tokenField         = "request>headers>" + gate.TokenHeader
	authorizationField = "request>headers>Authorization"
	cookieField        = "request>headers>Cookie"
	newCookieField     = "resp_headers>Set-Cookie"
)

// adviseOnLogs says which logs show the tokens of programs. Caddy writes what is sent down
// before any handler sees it, and keeps out what it knows to be a secret, unless
// log_credentials is on: then session cookies are shown, too. Errors of an app are logged
// where no access log is.
func (e *edge) adviseOnLogs(ctx caddy.Context) (found []adminapi.Finding) {
	credentials := e.server.Logs != nil && e.server.Logs.ShouldLogCredentials
	for _, s := range e.sites {
		loggers := e.loggersOf(s)
		warn := func(lines Lines, option, what, advice string, loggers []string, fields ...string) {
			if shown := loggersThatShow(ctx, loggers, fields); len(shown) > 0 {
				hidden := "log { format filter { " + strings.Join(fields, " delete; ") + " delete } }"
				found = append(found, lines.warning(option, "site "+s.name(), fmt.Sprintf("the log of Caddy shows %s (%s)", what, strings.Join(shown, ", ")), advice+hidden))
			}
		}
		const without = "leave out log_credentials in the global option servers, or hide them: "
		if credentials && len(s.handlers) > 0 {
			warn(s.handlers[0].Lines, directive, "session cookies, since log_credentials is on", without, loggers, cookieField, newCookieField)
		}
		const hide = "hide them there, in the global options for all sites: "
		if i := slices.IndexFunc(s.handlers, func(h *Handler) bool { return h.Tokens != "" }); i >= 0 {
			lines := s.handlers[i].Lines
			warn(lines, "tokens", "the tokens that programs send in the header "+gate.TokenHeader, hide, loggers, tokenField)
			if credentials {
				warn(lines, "tokens", "the tokens that programs send in the header Authorization, since log_credentials is on", without, loggers, authorizationField)
			}
		}
		for _, h := range s.handlers { // of a stream that breaks off there is what the app was sent
			if h.Assertion != "" {
				warn(h.Lines, "assertion", "assertions, which let whoever reads them act for two minutes", hide, []string{"http.handlers.reverse_proxy"}, "request>headers>"+h.Assertion)
				break
			}
		}
	}
	return found
}

// loggersThatShow are those of some loggers that write any of some fields down.
func loggersThatShow(ctx caddy.Context, loggers, fields []string) (shown []string) {
	for _, logger := range loggers {
		// A log of what stands below a name alone would count for that name, too.
		core := ctx.Logger(namedLogger(logger + ".-")).Core()
		if slices.ContainsFunc(fields, func(field string) bool { return shows(core, field) }) {
			shown = append(shown, logger)
		}
	}
	return shown
}

// loggersOf are the names under which Caddy logs the requests to a site, and those that
// fail. Requests to our own pages come before log_name and log_skip of the site, so that it
// has the loggers that it would have without.
func (e *edge) loggersOf(s *site) (names []string) {
	const access, failed = "http.log.access", "http.log.error"
	logs := e.server.Logs
	if logs == nil {
		return []string{failed}
	}
	hosts := s.hosts
	if len(hosts) == 0 {
		hosts = []string{""}
	}
	for _, host := range hosts {
		for _, name := range append(e.namesGiven(host), loggerNames(logs, host)...) {
			if name != "" {
				name = "." + name
			}
			names = append(names, failed+name)
			if isLogged(logs, host) {
				names = append(names, access+name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// isLogged reports whether a server writes an access log of the requests for a host.
func isLogged(logs *caddyhttp.ServerLogConfig, host string) bool {
	covers := func(pattern string) bool { return certmagic.MatchWildcard(host, pattern) }
	if slices.ContainsFunc(slices.Collect(maps.Keys(logs.LoggerNames)), covers) {
		return true
	}
	return !logs.SkipUnmappedHosts && !slices.ContainsFunc(logs.SkipHosts, covers)
}

// loggerNames are the names that the configuration of a server gives to the loggers of a
// host.
func loggerNames(logs *caddyhttp.ServerLogConfig, host string) []string {
	if names, mapped := logs.LoggerNames[host]; mapped {
		return names
	}
	labels := strings.Split(host, ".")
	for i := range labels {
		labels[i] = "*"
		if names, mapped := logs.LoggerNames[strings.Join(labels, ".")]; mapped {
			return names
		}
	}
	return []string{logs.DefaultLoggerName}
}

// namesGiven are the names that log_name gives to the loggers of requests for a host, of some
// of them or of all.
func (e *edge) namesGiven(host string) (names []string) {
	var site requests
	if host != "" && !strings.Contains(host, "*") {
		site.hosts = []string{host}
	}
	e.walkTo(site, func(s step) fit {
		if vars, ok := s.handler.(*caddyhttp.VarsMiddleware); ok {
			names = append(names, loggersIn((*vars)[caddyhttp.AccessLoggerNameVarKey])...)
		}
		return never
	})
	return names
}

// loggersIn are the names of loggers in a variable that log_name has set.
func loggersIn(value any) (names []string) {
	list, _ := value.([]any)
	for _, each := range list {
		if name, ok := each.(string); ok {
			names = append(names, name)
		}
	}
	return names
}

// namedLogger has the logger of a name made, as if a module had that.
type namedLogger string

// CaddyModule implements caddy.Module.
func (l namedLogger) CaddyModule() caddy.ModuleInfo { return caddy.ModuleInfo{ID: caddy.ModuleID(l)} }

// shows reports whether a log writes a field down, such as request>headers>Cookie. It asks
// the log itself, which begins a line about a request and never writes it: nobody else knows
// what filters, wrapped in what, leave of one.
func shows(log zapcore.Core, field string) (shown bool) {
	var begin func(names []string) zapcore.ObjectMarshalerFunc
	begin = func(names []string) zapcore.ObjectMarshalerFunc {
		return func(line zapcore.ObjectEncoder) error {
			if len(names) > 1 {
				return line.AddObject(names[0], begin(names[1:]))
			}
			if filter, ok := line.(logging.FilterEncoder); ok && filter.Fields[field] != nil {
				return nil // whatever it makes of the value, as a hash
			}
			return line.AddArray(names[0], zapcore.ArrayMarshalerFunc(func(zapcore.ArrayEncoder) error {
				shown = true
				return nil
			}))
		}
	}
	names := strings.Split(field, ">")
	log.With([]zapcore.Field{zap.Object(names[0], begin(names[1:]))})
	return shown
}
