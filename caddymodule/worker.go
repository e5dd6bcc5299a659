package caddymodule

import (
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/doorpost-auth/doorpost/internal/gate"
)

// noteWorker tells the log of a service worker of the app whose scope our pages are in. It
// is called with the answer to a request for the script of one.
func (s *runningSite) noteWorker(answer http.Header, r *http.Request) {
	if !strings.Contains(answer.Get("Content-Type"), "script") { // as browsers demand of it
		return
	}
	script := targetOf(r)
	if scope, ours := gate.WorkerScope(script.URL, r.Host, answer); ours {
		s.tellWorker(script.Path, scope)
	}
}

// workerNotice makes what tells of such a worker, once for the site.
func (a *App) workerNotice(s *site) func(script, scope string) {
	var once sync.Once
	return func(script, scope string) {
		once.Do(func() {
			level, meaning := slog.LevelInfo, "it sees no link and no code: people sign in at the portal"
			if a.portalSite == nil {
				level, meaning = slog.LevelWarn, "whoever gets a script into the app can read the links of later sign-ins by it; the global option portal prevents that"
			}
			a.logger.Log(a.ctx, level, "the app has a service worker whose scope the pages of Doorpost are in", "site", s.name(), "script", script, "scope", scope, "meaning", meaning)
		})
	}
}
