package acceptance

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

func TestPersonWithoutSessionIsSentToSignIn(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	v := g.visitor()
	for _, path := range []string{"/", "/a?b=c&d", "/x/y%20z?to=/q"} {
		want := "/_doorpost/sign-in"
		if path != "/" {
			want += "?to=" + url.QueryEscape(path)
		}
		a := v.open(path).leadsTo(t, want)
		if len(a.header.Values("Set-Cookie")) > 0 {
			t.Error("a browser that only looked got a cookie")
		}
		// A browser that says nothing of what it does with the answer.
		v.do(v.request(http.MethodGet, path, "", "Accept", "text/html,*/*;q=0.8")).leadsTo(t, want)
		v.do(v.request(http.MethodHead, path, "", "Accept", "text/html")).leadsTo(t, want)
	}
	if n := g.upstream.count(); n != 0 {
		t.Errorf("the app was reached %d times", n)
	}
}

func TestProgramWithoutSessionIsToldWhereToSignIn(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	v := g.visitor()
	page := []string{"Accept", "text/html"}
	for what, r := range map[string]*http.Request{
		"fetch":                          v.script(http.MethodGet, "/api"),
		"XHR that wants HTML":            v.request(http.MethodGet, "/api", "", "Accept", "text/html", "X-Requested-With", "XMLHttpRequest", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"),
		"an image":                       v.request(http.MethodGet, "/x.png", "", "Accept", "image/avif,*/*", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"),
		"a script":                       v.request(http.MethodGet, "/x.js", "", "Accept", "*/*", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "script"),
		"XHR":                            v.request(http.MethodGet, "/api", "", append(page, "X-Requested-With", "XMLHttpRequest")...),
		"curl":                           v.request(http.MethodGet, "/api", "", "Accept", "*/*"),
		"no Accept":                      v.request(http.MethodGet, "/api", ""),
		"JSON":                           v.request(http.MethodGet, "/api", "", "Accept", "application/json"),
		"HTML refused":                   v.request(http.MethodGet, "/api", "", "Accept", "text/html;q=0, application/json"),
		"POST of JSON":                   v.request(http.MethodPost, "/api", "{}", "Accept", "application/json", "Content-Type", "application/json"),
		"DELETE by fetch":                v.script(http.MethodDelete, "/api/1"),
		"preflight":                      v.request(http.MethodOptions, "/api", "", "Origin", "https://other.example", "Access-Control-Request-Method", "PUT"),
		"WebSocket":                      v.request(http.MethodGet, "/socket", "", "Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==", "Sec-Fetch-Mode", "websocket", "Sec-Fetch-Dest", "websocket"),
		"WebSocket with HTML":            v.request(http.MethodGet, "/socket", "", append(page, "Connection", "Upgrade", "Upgrade", "websocket")...),
		"an object of a page":            v.request(http.MethodGet, "/o", "", append(page, "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "object")...),
		"a method that nobody has heard": v.request("BREW", "/pot", "", "Accept", "*/*"),
	} {
		fields := v.do(r)
		said := fields.isProblem(t, http.StatusUnauthorized)
		if said["sign_in_url"] != g.origin+"/_doorpost/sign-in" || said["status"] != float64(401) {
			t.Errorf("%s is told %v", what, said)
		}
		if challenge := fields.header.Get("WWW-Authenticate"); !strings.HasPrefix(challenge, "Doorpost ") {
			t.Errorf("%s is challenged with %q", what, challenge)
		}
		if fields.location() != "" || len(fields.header.Values("Set-Cookie")) > 0 {
			t.Errorf("%s gets Location %q, Set-Cookie %q", what, fields.location(), fields.header.Values("Set-Cookie"))
		}
	}
	for _, target := range []string{"/", "localhost:443", strings.TrimPrefix(g.origin, "http://")} {
		a, err := g.raw("CONNECT " + target + " HTTP/1.1\nHost: " + strings.TrimPrefix(g.origin, "http://") + "\n")
		if err == nil && (a.status < 400 || a.status >= 500) {
			t.Errorf("CONNECT %s was answered %d", target, a.status)
		}
	}
	if n := g.upstream.count(); n != 0 {
		t.Errorf("the app was reached %d times", n)
	}
}

func TestFormOfSomebodyWhoIsSignedOutIsNotLostSilently(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	v := g.visitor()
	r := v.form("/app/save", "text", "long letter")
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x") // one with a file
	r.Header.Set("Referer", g.origin+"/app/edit?id=7")
	page := v.do(r).is(t, http.StatusUnauthorized).says(t, "Nothing was sent")
	if page.header.Get("WWW-Authenticate") == "" || len(page.header.Values("Set-Cookie")) > 0 {
		t.Errorf("headers are %v", page.header)
	}
	if !strings.Contains(strings.ToLower(page.body), `href="/_doorpost/sign-in?to=%2fapp%2fedit%3fid%3d7"`) {
		t.Errorf("the page does not lead back to the form: %s", page.body)
	}
	r = v.form("/app/save", "text", "x")
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	r.Header.Set("Referer", "https://evil.example/x")
	if page := v.do(r).is(t, http.StatusUnauthorized); strings.Contains(page.body, "evil") {
		t.Error("the page repeats a foreign address")
	}
	if n := g.upstream.count(); n != 0 {
		t.Errorf("the app was reached %d times", n)
	}
}

func TestUpgradeWithSessionCarriesTheIdentity(t *testing.T) {
	t.Parallel()
	g := start(t, setup{silent: true})
	v := g.signedIn("ada@example.com")
	handshake := "Connection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\n"
	request := g.line("GET", "/socket", v.cookie()) + handshake + "Remote-User: " + forged + "\n"
	if a := g.mustRaw(request); a.status != http.StatusSwitchingProtocols {
		t.Fatalf("the handshake was answered %d", a.status)
	}
	checkIdentity(t, "handshake", g.upstream.latest(), "ada@example.com")
	v.submit("/_doorpost/sign-out")
	g.mustRaw(request).is(t, http.StatusUnauthorized)
}

func TestUnknownHostGetsNoPage(t *testing.T) {
	t.Parallel()
	port := testkit.FreePort()
	g := prepare(t, setup{})
	g.port = port
	g.configure(setup{address: ":" + port, origin: "http://localhost:" + port, site: "allow *@example.com\nurl http://localhost:" + port, silent: true})
	g.run()
	for _, host := range []string{
		"evil.example", "localhost", "localhost:1", "127.0.0.1:" + port, "localhost:" + port + ".evil.example", "evil.example:" + port,
		"localhost:" + port + "@evil.example", "xlocalhost:" + port, "[::1]:" + port, "localhost.:" + port,
	} {
		for _, path := range []string{"/", "/_doorpost/sign-in", "/_doorpost/session", "/_doorpost/link", "/app"} {
			a, err := g.raw("GET " + path + " HTTP/1.1\nHost: " + host + "\nAccept: text/html\nConnection: close\n")
			if err != nil {
				t.Fatal(err)
			}
			if a.status != http.StatusMisdirectedRequest && a.status != http.StatusBadRequest {
				t.Errorf("%s at %s was answered %d", path, host, a.status)
			}
			if strings.Contains(a.body, "evil") || strings.Contains(a.body, "<form") {
				t.Errorf("%s at %s got %s", path, host, a.body)
			}
		}
	}
	if n := g.upstream.count(); n != 0 {
		t.Errorf("the app was reached %d times", n)
	}
}
