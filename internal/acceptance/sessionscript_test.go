package acceptance

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// watched is an app that wants the bar in its page. It has a policy that allows neither
// scripts nor styles in the page, a WebSocket and an event stream.
func watched(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/socket":
		accept := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) // RFC 6455, section 1.3
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: %s\r\n\r\n",
			base64.StdEncoding.EncodeToString(accept[:]))
		_, _ = io.Copy(io.Discard, buffered)
	case r.URL.Path == "/events":
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "retry: 50\ndata: hello\n\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	case r.URL.Path == "/denied": // by the app, to somebody who is signed in
		w.Header().Set("WWW-Authenticate", "Bearer")
		w.WriteHeader(http.StatusUnauthorized)
	case r.URL.Path == "/app.js":
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = io.WriteString(w, `addEventListener("doorpost:renewed", () => { document.querySelector("p").textContent += " renewed" })`)
	default:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:")
		_, _ = io.WriteString(w, `<!doctype html><title>App</title><link rel=icon href="data:,"><script src="/_doorpost/session.js"></script><script src="/app.js"></script><p>The app:</p>`)
	}
}

func TestTheScriptForAppsShowsThatTheSessionHasEndedUntilSomebodySignsInAgain(t *testing.T) {
	t.Parallel()
	app := httptest.NewServer(http.HandlerFunc(watched))
	t.Cleanup(app.Close)
	g := start(t, setup{behind: "reverse_proxy " + app.Listener.Addr().String()})
	person := newProfile(t)
	tab, other := person.newTab(), person.newTab()
	tab.signInAs(g, "ada@example.com")
	other.open(g.origin + "/")
	tab.expect("401")
	tab.expect("WebSocket is closed before the connection is established")
	tab.expect("(" + g.origin + "/events)") // cut with the session
	const bar = "You were signed out."
	if status, err := evaluate[int](tab, `fetch("/denied").then(r => r.status)`); err != nil || status != 401 {
		t.Fatalf("the app answers %d (%v)", status, err)
	}
	if strings.Contains(tab.text(), bar) {
		t.Fatal("what the app itself refuses is taken for an end of the session")
	}
	for i, end := range []struct{ what, before, after string }{
		{"fetch", `true`, `Promise.all([1, 2].map(() => fetch("/api").then(async r => r.status + (await r.json()).sign_in_url))).then(all => new Set(all).size === 1 && all[0].startsWith("401http"))`},
		{"XHR", `true`, `new Promise(done => {
			const x = new XMLHttpRequest();
			x.open("GET", "/api");
			x.onloadend = () => done(x.status === 401);
			x.send();
		})`},
		{"WebSocket", `new Promise((done, failed) => {
			const s = new WebSocket("/socket");
			window.ended = new Promise(e => { s.onclose = () => e(s instanceof WebSocket && s.readyState === WebSocket.CLOSED) });
			s.onopen = () => done(true);
			s.onerror = failed;
		})`, `ended`},
		// It connects anew by itself, and gives up at a 401.
		{"EventSource", `new Promise(done => {
			const s = new EventSource("/events");
			window.ended = new Promise(e => { s.onerror = () => s.readyState === EventSource.CLOSED && e(s instanceof EventSource) });
			s.onmessage = m => done(m.data === "hello");
		})`, `ended`},
	} {
		if ok, err := evaluate[bool](tab, end.before); err != nil || !ok {
			t.Fatalf("%s: %v", end.what, err)
		}
		g.endSessions("ada@example.com")
		if ok, err := evaluate[bool](tab, end.after); err != nil || !ok {
			t.Fatalf("%s: the app sees something else than without the script: %v", end.what, err)
		}
		tab.awaitText(bar)
		if end.what == "fetch" {
			tab.picture("session-bar")
		}
		if n, err := evaluate[int](tab, `document.querySelectorAll("[role=alert]").length`); err != nil || n != 1 {
			t.Errorf("%s: there are %d bars (%v)", end.what, n, err)
		}
		tab.click("[role=alert] button")
		window := person.window()
		window.signInByCode(g.mail, "ada@example.com")
		window.awaitClosed()
		tab.awaitGone(bar)
		for _, b := range []interface{ awaitText(string) }{tab, other} {
			b.awaitText("The app:" + strings.Repeat(" renewed", i+1))
		}
	}
}
