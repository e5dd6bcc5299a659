package acceptance

import (
	"net/http"
	"strings"
	"testing"
)

func TestPublicPathsAreOpenAndNothingElseIs(t *testing.T) {
	t.Parallel()
	g := start(t, setup{site: "allow *@example.com\npublic /public/* /health", silent: true})
	v := g.visitor()
	for _, path := range []string{"/public/", "/public/x", "/public/a/b/c.css?q=1", "/health", "/health?x=/app", "/public/caf%C3%A9", "/public/a%20b"} {
		v.open(path).is(t, http.StatusOK).echo(t)
	}
	hits := g.upstream.count()
	for _, target := range bypasses() {
		a, err := g.raw(g.line("GET", target, "") + "Connection: close\n")
		switch {
		case err != nil:
			t.Errorf("%s: %v", target, err)
		case a.isUpstream():
			t.Errorf("%s reached the app", target)
		case a.status != 400 && a.status != 401 && a.status != 303 && a.status != 404:
			t.Errorf("%s was answered %d", target, a.status)
		}
	}
	if n := g.upstream.count() - hits; n != 0 {
		t.Errorf("the app was reached %d times", n)
	}
}

// bypasses are request targets that try to reach what is not public by a path
// that looks public, or the other way round.
func bypasses() []string {
	targets := []string{
		"/app", "/public", "/public%2f", "/public%2fx", "/publicity", "/public../app", "/PUBLIC/x", "/Public/x", "/PUBLIC/../app", "/health/", "/health/x", "/HEALTH",
		"//public/x", "/./public/x", "/x/../public/x", "/app/../public/x", "//app", "/./app", "/app?x=/public/", "/app?/public/x", "/app#/public/x", "/app%23/public/x", "/app%3f/public/x",
		"/app;/public/", "/app;/../public/x", "/;/public/x", "/public;/x", "/%70ublic;x/../app", "/health;x", "/health%00", "/health%20", "/health%2e",
	}
	dots := []string{"..", "%2e%2e", ".%2e", "%2e.", "%2E%2E", "..;", "..;x=y", "..%00", ".%00.", "%252e%252e", "..%20", "%c0%ae%c0%ae", ".", "%2e", ".;"}
	slashes := []string{"/", "%2f", "%2F", "\\", "%5c", "%5C", "//", "/%2f", "%252f", "%c0%af", ";/"}
	for _, dot := range dots {
		for _, slash := range slashes {
			targets = append(targets, "/public"+slash+dot+slash+"app", "/public/x"+slash+dot+slash+dot+slash+"app")
		}
	}
	// Some of these are plain names below the public path to every server there
	// is: they stay on it.
	var unsafe []string
	for _, target := range targets {
		switch {
		case strings.HasPrefix(target, "/public/..%20/"), strings.HasPrefix(target, "/public/x/..%20/"),
			strings.HasPrefix(target, "/public/%c0%ae%c0%ae/"), strings.HasPrefix(target, "/public/x/%c0%ae%c0%ae/"):
		case strings.Contains(target, "%c0%af"):
		default:
			unsafe = append(unsafe, target)
		}
	}
	return unsafe
}

func TestHeadersCannotMoveARequestToAPublicPath(t *testing.T) {
	t.Parallel()
	g := start(t, setup{site: "allow *@example.com\npublic /public/* /", silent: true})
	hits := g.upstream.count()
	host := strings.TrimPrefix(g.origin, "http://")
	for _, name := range []string{
		"X-Forwarded-Uri", "X-Original-Uri", "X-Original-Url", "X-Rewrite-Url", "X-Forwarded-Prefix", "X-Forwarded-Path", "X-Forwarded-Method",
		"X-Http-Method-Override", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "Forwarded", "X-Forwarded-For", "X-Real-Ip", "Referer", "Origin", "Authorization",
	} {
		for _, spelling := range []string{name, strings.ReplaceAll(name, "-", "_")} {
			for _, value := range []string{"/public/x", "/", "OPTIONS", "https", "127.0.0.1", host, "http://" + host + "/public/x", "host=" + host + ";proto=https;for=127.0.0.1", "Basic YTpi"} {
				a := g.mustRaw(g.line("GET", "/app/echo", "") + spelling + ": " + value + "\nConnection: close\n")
				if a.status != http.StatusUnauthorized || a.isUpstream() {
					t.Errorf("%s: %s was answered %d", spelling, value, a.status)
				}
			}
		}
	}
	if g.upstream.count() != hits {
		t.Error("the app was reached")
	}
}

func TestPathThatTheAppActsOnDecides(t *testing.T) {
	t.Parallel()
	g := prepare(t, setup{})
	g.configure(setup{
		site:   "allow *@example.com\npublic /public/*",
		behind: "rewrite /public/old/* /app{uri}\nuri strip_prefix /strip\nreverse_proxy " + g.upstream.address, silent: true,
	})
	g.run()
	for _, path := range []string{"/public/old/x", "/strip/app", "/strip/_doorpost/sign-in", "/strip//app", "/strip/public/../app", "/strip/public/old/../../app"} {
		if a := g.mustRaw(g.line("GET", path, "") + "Connection: close\n"); a.isUpstream() || a.status >= 500 {
			t.Errorf("%s was answered %d, and the app got %s", path, a.status, g.upstream.latest().Line)
		}
	}
	v := g.signedIn("ada@example.com")
	for path, line := range map[string]string{"/strip/app": "GET /app HTTP/1.1", "/public/old/x": "GET /app/public/old/x HTTP/1.1", "/strip/public/x": "GET /public/x HTTP/1.1"} {
		if got := v.open(path).echo(t).Line; got != line {
			t.Errorf("%s reaches the app as %s, want %s", path, got, line)
		}
	}
}
