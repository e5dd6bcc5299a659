package acceptance

import (
	"net/url"
	"strings"
	"testing"
)

// workers are service workers of apps, by how they answer a navigation. The first
// passes it on, the second makes a request of its own, as some frameworks do.
var workers = map[string]string{
	"passed on":   `fetch(e.request)`,
	"fetched":     `fetch(new Request(e.request.url, { mode: "same-origin", credentials: "include", headers: e.request.headers, redirect: "manual" }))`,
	"fetched all": `fetch(new Request(e.request.url, { mode: "cors", credentials: "include", headers: e.request.headers, redirect: "follow" }))`,
}

// withWorker is a site whose app has a service worker, which answers navigations by an
// expression. Its page /start shows when the worker is there.
func withWorker(fetch string) setup {
	return setup{silent: true, site: "allow *@example.com\npublic /start /sw.js", behind: `header /sw.js Content-Type text/javascript
respond /sw.js <<JS
	oninstall = () => skipWaiting();
	onactivate = e => e.waitUntil(clients.claim());
	onfetch = e => { if (e.request.mode === "navigate") e.respondWith(` + fetch + `) };
	JS
header /start Content-Type text/html
respond /start <<HTML
	<!doctype html><title>App</title><link rel=icon href="data:,"><p id=state>waiting</p>
	<script>
	navigator.serviceWorker.addEventListener("controllerchange", () => { document.querySelector("#state").textContent = "controlled" });
	navigator.serviceWorker.register("/sw.js");
	</script>
	HTML
respond "the app"`}
}

// Whoever opens a page through the service worker of an app gets to the sign-in page, at
// once or by a link.
func TestNavigationThroughAServiceWorkerLeadsToSignIn(t *testing.T) {
	t.Parallel()
	for how, fetch := range workers {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			g := start(t, withWorker(fetch))
			tab := newProfile(t).newTab()
			tab.expect("401")
			tab.expect("/favicon.ico")
			tab.open(g.origin + "/start")
			tab.awaitText("controlled")
			const page = "/reports?month=5"
			tab.open(g.origin + page + deepRoute)
			tab.awaitText("Sign in to")
			if !strings.HasPrefix(tab.location(), g.origin+"/_doorpost/sign-in") {
				tab.click("main .button")
			}
			tab.awaitText("Your email address")
			if at, err := url.QueryUnescape(tab.location()); err != nil || at != g.origin+"/_doorpost/sign-in?to="+page+deepRoute {
				t.Errorf("the tab is at %s (%v)", at, err)
			}
		})
	}
}
