// Command doorpost of a soak has a route that steps its clock: see soak_clock.go.
package main

import (
	"fmt"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
)

func init() { caddy.RegisterModule(clock{}) }

// clock is a route of the admin endpoint, POST /clock?ahead=90s. The answer comes when the
// clock is stepped, and is the time that it shows, in milliseconds since 1970.
type clock struct{}

func (clock) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "admin.api.clock", New: func() caddy.Module { return clock{} }}
}

func (clock) Routes() []caddy.AdminRoute {
	return []caddy.AdminRoute{{Pattern: "/clock", Handler: caddy.AdminHandlerFunc(stepClock)}}
}

func stepClock(w http.ResponseWriter, r *http.Request) error {
	ahead, err := time.ParseDuration(r.URL.Query().Get("ahead"))
	if err != nil {
		return caddy.APIError{HTTPStatus: http.StatusBadRequest, Err: err}
	}
	time.StepTo(ahead)
	_, err = fmt.Fprint(w, time.Now().UnixMilli())
	return err
}
