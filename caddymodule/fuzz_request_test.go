package caddymodule

import (
	"bufio"
	"bytes"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"golang.org/x/net/http/httpguts"
)

// readAsServer reads a request as it comes over a connection, or is false for
// one that Go's server answers by itself.
func readAsServer(raw []byte) (*http.Request, bool) {
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
	if err != nil || !httpguts.ValidHostHeader(r.Host) {
		return nil, false
	}
	for name, values := range r.Header {
		if !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(strings.Join(values, "")) {
			return nil, false
		}
	}
	r.RemoteAddr = "127.0.0.1:40000"
	return r, true
}

// An app behind CGI finds a header by this name, whatever it was written like.
var asCGI = strings.NewReplacer("-", "_", ".", "_")

var ourCookieName = regexp.MustCompile(`^(__Host-|__Secure-)?doorpost(-.*)?$`)

// identityIn is what an app finds under the names of identity headers.
func identityIn(header http.Header) map[string][]string {
	found := make(map[string][]string)
	for name, values := range header {
		switch cgi := asCGI.Replace(strings.ToUpper(name)); cgi {
		case "REMOTE_USER", "REMOTE_EMAIL", "REMOTE_GROUPS", "REMOTE_NAME":
			found[cgi] = append(found[cgi], values...)
		}
	}
	return found
}

// checkReached tells what is wrong with a request that reached the app.
func checkReached(r *http.Request, member bool) error {
	asAlice := map[string][]string{"REMOTE_USER": {"alice@example.com"}, "REMOTE_EMAIL": {"alice@example.com"}}
	found := identityIn(r.Header)
	clean := path.Clean(r.URL.Path)
	open := strings.HasPrefix(r.URL.Path, "/public/") && (r.URL.Path == clean || r.URL.Path == clean+"/")
	switch named := maps.EqualFunc(found, asAlice, slices.Equal); {
	case named && !member:
		return errors.New("nobody is signed in, and the app is told that somebody is")
	case !named && len(found) > 0:
		return errors.New("the app is told something else than who is signed in")
	case !named && !open:
		return errors.New("it is no public path, and the app is not told who is signed in")
	}
	for token := range strings.SplitSeq(strings.Join(r.Header["Connection"], ","), ",") {
		if len(identityIn(http.Header{strings.TrimSpace(token): {"x"}})) > 0 {
			return errors.New("a proxy will delete the identity, since Connection names it")
		}
	}
	for _, cookie := range r.Cookies() {
		if ourCookieName.MatchString(cookie.Name) {
			return errors.New("a cookie of ours reached the app")
		}
	}
	return nil
}

// Whatever comes over a connection, it is answered without a panic, and the app
// gets it only from somebody who is signed in, or on a public path, with their
// identity and no other.
func FuzzARequestReachesTheAppAsItsSenderOnly(f *testing.F) {
	for _, raw := range []string{
		"GET / HTTP/1.1\nHost: HOST\n\n", "GET /public/x HTTP/1.1\nHost: HOST\nRemote-User: admin@example.com\nremote_email: x\nRemote.Groups: root\n folded\n\n",
		"GET /public/%2e%2e/app HTTP/1.1\nHost: HOST\nAccept: text/html\n\n", "GET http://HOST/public/../x HTTP/1.1\nHost: HOST\nX-Original-URL: /public/x\n\n",
		"GET /app HTTP/1.1\nHost: HOST\nConnection: close, Remote-User\nConnection: remote_email\nCookie: a=1; doorpost-ask=x; __Host-doorpost=y\n\n",
		"POST /_doorpost/link HTTP/1.1\nHost: HOST\nOrigin: http://HOST\nContent-Type: application/x-www-form-urlencoded\nContent-Length: 46\n\ntoken=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"POST /_doorpost/code HTTP/1.1\nHost: HOST\nSec-Fetch-Site: same-origin\nContent-Type: application/x-www-form-urlencoded\nTransfer-Encoding: chunked\n\n9\ncode=ABCD\n0\n\n",
		"POST /_doorpost/sign-in HTTP/1.1\nHost: HOST\nOrigin: http://HOST\nContent-Type: application/x-www-form-urlencoded\nContent-Length: 34\n\nemail=bob%40example.com&to=%2Fpage",
		"POST /_doorpost/stop HTTP/1.1\nHost: HOST\nOrigin: http://HOST\nContent-Type: application/x-www-form-urlencoded\nContent-Length: 8\n\ntoken=#x", "GET /_doorpost/sign-in?to=//evil.example HTTP/1.1\nHost: HOST\nAccept-Language: de, en;q=0.5\n\n",
		"HEAD /_doorpost/check-mail HTTP/1.1\nHost: HOST\nCookie: doorpost-ask=MTc5NTQzNzgzMnxBZEVneG9Ia1lZN3ZZdjhyWEFlMjVVUT18g8IJ\n\n", "CONNECT HOST HTTP/1.1\nHost: HOST\n\n", "OPTIONS * HTTP/1.1\nHost: HOST\n\n",
		"GET /socket HTTP/1.1\nHost: HOST\nConnection: upgrade, Remote-User\nUpgrade: websocket\n\n", "POST /app HTTP/1.1\nHost: HOST\nContent-Length: 3\nTrailer: Remote-User\n\na=1",
	} {
		for _, member := range []bool{false, true} {
			f.Add([]byte(strings.ReplaceAll(raw, "\n", "\r\n")), member)
		}
	}
	g := newGateway(f, "doorpost {\n store memory\n mailer console\n limit total 50 1h\n}\n", "doorpost {\n allow *@example.com\n public /public/*\n}\n respond ok\n")
	handler, host := findHandler(f), []byte(strings.TrimPrefix(g.origin(), "http://"))
	alice := g.newBrowser()
	alice.signIn("alice@example.com")
	var session string
	for _, cookie := range alice.client.Jar.Cookies(httptest.NewRequest(http.MethodGet, g.origin(), nil).URL) {
		if cookie.Name == "doorpost" {
			session = cookie.Name + "=" + cookie.Value
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte, member bool) {
		// The port is another in each process.
		r, ok := readAsServer(bytes.ReplaceAll(raw, []byte("HOST"), host))
		if !ok {
			return
		}
		if member = member && !gate.IsOwnPath(r.URL.Path); member { // on pages of ours they would sign out
			r.Header["Cookie"] = append([]string{session}, r.Header["Cookie"]...)
		}
		w := httptest.NewRecorder()
		repl := caddy.NewReplacer()
		err := handler.ServeHTTP(w, caddyhttp.PrepareRequest(r, repl, w, &caddyhttp.Server{}), caddyhttp.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) error {
			return checkReached(r, member)
		}))
		if refused := (caddyhttp.HandlerError{}); err != nil && (!errors.As(err, &refused) || refused.StatusCode >= 500) {
			t.Fatalf("%v: %q", err, raw)
		}
		if w.Code >= 500 {
			t.Fatalf("answered %d: %q", w.Code, raw)
		}
		for _, cookie := range w.Result().Cookies() {
			if cookie.Name == "doorpost" && cookie.MaxAge >= 0 {
				t.Fatalf("somebody is signed in by %q", raw)
			}
		}
	})
}
