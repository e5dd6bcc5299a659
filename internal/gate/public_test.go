package gate

import (
	"net/http"
	"net/url"
	"testing"
)

func TestPublicPathsCoverWholeSegmentsOfPlainPaths(t *testing.T) {
	paths, err := ParsePublicPaths([]string{"/health", "/public/*", "/"})
	if err != nil {
		t.Fatal(err)
	}
	b := &Block{Public: paths}
	for uri, want := range map[string]bool{
		"/": true, "/health": true, "/public/": true, "/public/x": true, "/public/x/y?z=/app": true, "/public/%C3%BC": true, "/public/a.b..c": true,
		"/health/": false, "/healthy": false, "/public": false, "/publicity": false, "/PUBLIC/x": false, "/app": false, "/app?x=/public/": false,
		"/public/../app": false, "/public/%2e%2e/app": false, "/public/..%2fapp": false, "/public%2f..%2fapp": false, "/public/..;/app": false,
		"/public/%2e%2e%5capp": false, "/public/%5c..%5capp": false, "//public/x": false, "/./public/x": false, "/public/.%00./app": false, "/public//x": false,
		"/public/%252e%252e/app": false, "/public../app": false, "/app%23/public/x": false, "/app;/public/": false, "/public%2fx": false, "/public/%2Fx": false,
		"/public/x%0a": false, "/public/.": false, "/public/;x": false,
		"/public/%EF%B9%92%EF%B9%92/x": false, "/public/%EF%B8%B0/x": false, "/public/..%E2%81%A0/x": false, "/public/%C2%AD..%C2%AD/x": false, "/public/%D9%85%DB%8C%E2%80%8C%D8%AE": true,
	} {
		u, err := url.ParseRequestURI(uri)
		if err != nil {
			t.Fatalf("%q: %v", uri, err)
		}
		if got := b.IsPublic(&http.Request{URL: u}, u); got != want {
			t.Errorf("%q is public: %v", uri, got)
		}
	}
	plain, sent := &url.URL{Path: "/public/x"}, &url.URL{Path: "/app/../public/x"}
	if b.IsPublic(&http.Request{URL: plain}, sent) {
		t.Error("a path is public that was rewritten from one with two readings")
	}
}

func TestASetOfPublicPathsStandsForAllOfThem(t *testing.T) {
	for name, paths := range map[string][]string{
		":pwa": {
			"/manifest.json", "/manifest.webmanifest", "/site.webmanifest", "/favicon.ico", "/apple-touch-icon.png",
			"/apple-touch-icon-precomposed.png", "/robots.txt",
		},
		":well-known": {"/.well-known/assetlinks.json", "/.well-known/acme-challenge/x"},
	} {
		public, err := ParsePublicPaths([]string{name, "/health"})
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range append(paths, "/health") {
			if !public.contains(path) {
				t.Errorf("%s: %s is not public", name, path)
			}
		}
		for _, path := range []string{"/", "/x", "/.well-known", "/manifest.json/x", "/.well-known/../x", name, "/" + name} {
			if isOpen := public.contains(path) && isPlain(path); isOpen {
				t.Errorf("%s: %s is public", name, path)
			}
		}
	}
}

func TestPublicPathsThatAreMistakesAreRefused(t *testing.T) {
	for _, pattern := range []string{
		"", "x", "/*", "*", "/a*", "/a/*/b", "/a/../b", "/a//b", "/a?b", "/a#b", "/a;b", "/a%20b", `/a\b`, "/{x}", "/_doorpost/x", "/_doorpost/*", "/_doorpost", ":", ":pwas", ":PWA",
	} {
		if _, err := ParsePublicPaths([]string{pattern}); err == nil {
			t.Errorf("%q was accepted", pattern)
		}
	}
}

func TestOnlyOurPrefixIsOurs(t *testing.T) {
	for path, want := range map[string]bool{
		"/_doorpost": true, "/_doorpost/": true, "/_doorpost/x": true, "/_doorpostx": false, "/_Doorpost/x": false, "/x/_doorpost": false, "_doorpost": false, "": false,
	} {
		if got := IsOwnPath(path); got != want {
			t.Errorf("IsOwnPath(%q) = %v", path, got)
		}
	}
}
