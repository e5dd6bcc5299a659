package caddymodule

import (
	"testing"
)

func TestAServiceWorkerOverOurPagesIsToldOnceForEachSite(t *testing.T) {
	const app = ` {
	bind 127.0.0.1
	doorpost {
		allow *
		public /pub/*
	}
	@script path *.js
	header @script Content-Type text/javascript
	header /pub/wide/* Service-Worker-Allowed /
	header /pub/wide/page Content-Type text/html
	respond "onfetch = null"
}
`
	for name, c := range map[string]struct{ portal, level string }{"without a portal": {"", "warn"}, "with a portal": {"http://login.localhost:", "info"}} {
		t.Run(name, func(t *testing.T) {
			g := bareGateway(t)
			g.site = "respond nothing\n}\n"
			for _, host := range []string{"a", "b", "c"} {
				g.site += "http://" + host + ".localhost:" + g.port + app
			}
			g.options = "doorpost {\nstore memory\nmailer console\n"
			if c.portal != "" {
				g.options += "portal " + c.portal + g.port + "\n"
				g.site += c.portal + g.port + " {\nbind 127.0.0.1\ndoorpost_portal\n}\n"
			}
			g.options += "}\n"
			g.site += "http://d.localhost:" + g.port + " {\nbind 127.0.0.1\nrespond nothing"
			g.start()
			script := func(host, path string, headers ...string) {
				t.Helper()
				at := *g
				at.base = "http://" + host + ".localhost:" + g.port
				at.newFarBrowser().get(path, append(headers, "Sec-Fetch-Mode", "same-origin", "Sec-Fetch-Dest", "serviceworker")...)
			}
			const is, worker = "Service-Worker", "script"
			script("a", "/pub/sw.js", is, worker)       // its scope is /pub/
			script("a", "/sw.js", is, worker)           // nobody is signed in
			script("a", "/pub/wide/sw.js")              // not for a worker
			script("a", "/pub/wide/page", is, worker)   // no script
			script("c", "/_doorpost/sw.js", is, worker) // none of the app
			script("d", "/sw.js", is, worker)           // not our site
			told := func() []logLine {
				return g.lines("doorpost", "the app has a service worker whose scope the pages of Doorpost are in")
			}
			if lines := told(); len(lines) > 0 {
				t.Errorf("told without a reason: %+v", lines)
			}
			for range 2 {
				script("a", "/pub/wide/sw.js", is, worker)
				script("b", "/pub/wide/sw.js?v=2", is, worker)
			}
			lines := told()
			if len(lines) != 2 {
				t.Fatalf("told is %+v, want a line for each site", lines)
			}
			for i, host := range []string{"a", "b"} {
				if l := lines[i]; l.Site != "http://"+host+".localhost:"+g.port || l.Level != c.level || l.Script != "/pub/wide/sw.js" || l.Scope != "/" {
					t.Errorf("told is %+v", l)
				}
			}
		})
	}
}
