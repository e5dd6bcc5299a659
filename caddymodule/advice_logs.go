package caddymodule

import (
	"fmt"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/logging"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// adviseOnLogs says which logs show the tokens of programs. Caddy keeps Authorization out of
// its logs by itself, and writes the others of a request down as they were sent, before any
// handler sees it. Errors of an app are logged where no access log is, too.
func (e *edge) adviseOnLogs(ctx caddy.Context) (found []adminapi.Finding) {
	for _, s := range e.sites {
		i := slices.IndexFunc(s.handlers, func(h *Handler) bool { return h.Tokens != "" })
		if i < 0 {
			continue
		}
		var shown []string
		for _, logger := range e.loggersOf(s) {
			if showsTokens(ctx.Logger(namedLogger(logger)).Core()) {
				shown = append(shown, logger)
			}
		}
		if len(shown) > 0 {
			found = append(found, s.handlers[i].Lines.warning("tokens", "site "+s.name(),
				fmt.Sprintf("the log of Caddy shows the tokens that programs send in the header %s (%s)", gate.TokenHeader, strings.Join(shown, ", ")),
				fmt.Sprintf("hide them there, in the global options for all sites: log { format filter { %s delete } }", tokenField)))
		}
	}
	return found
}

// loggersOf are the names under which Caddy logs the requests to a site, and those that
// fail.
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
		_, mapped := logs.LoggerNames[host]
		skipped := !mapped && (logs.SkipUnmappedHosts || slices.Contains(logs.SkipHosts, host))
		for _, name := range loggerNames(logs, host) {
			if name != "" {
				name = "." + name
			}
			names = append(names, failed+name)
			if !skipped {
				names = append(names, access+name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// loggerNames are the names that the configuration of a server gives to the loggers of a
// host.
func loggerNames(logs *caddyhttp.ServerLogConfig, host string) []string {
	if names, mapped := logs.LoggerNames[host]; mapped {
		return names
	}
	if _, domain, dotted := strings.Cut(host, "."); dotted {
		if names, mapped := logs.LoggerNames["*."+domain]; mapped {
			return names
		}
	}
	return []string{logs.DefaultLoggerName}
}

// namedLogger has the logger of a name made, as if a module had that.
type namedLogger string

// CaddyModule implements caddy.Module.
func (l namedLogger) CaddyModule() caddy.ModuleInfo { return caddy.ModuleInfo{ID: caddy.ModuleID(l)} }

// tokenField is the header of tokens, as filters of logs name it.
const tokenField = "request>headers>" + gate.TokenHeader

// showsTokens reports whether a log writes the header of tokens down. It asks the log itself,
// which begins a line about a request and never writes it: nobody else knows what filters,
// wrapped in what, leave of one.
func showsTokens(log zapcore.Core) (shown bool) {
	headers := zapcore.ObjectMarshalerFunc(func(line zapcore.ObjectEncoder) error {
		if filter, ok := line.(logging.FilterEncoder); ok && filter.Fields[tokenField] != nil {
			return nil // whatever it makes of the value, as a hash
		}
		return line.AddArray(gate.TokenHeader, zapcore.ArrayMarshalerFunc(func(zapcore.ArrayEncoder) error {
			shown = true
			return nil
		}))
	})
	request := zapcore.ObjectMarshalerFunc(func(line zapcore.ObjectEncoder) error { return line.AddObject("headers", headers) })
	log.With([]zapcore.Field{zap.Object("request", request)})
	return shown
}
