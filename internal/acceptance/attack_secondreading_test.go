package acceptance

import "testing"

// A server that decodes once more, or reads the decoded path as a URL again
// (CVE-2024-38474 and -38475 in Apache's mod_rewrite), and one that takes
// overlong UTF-8 for dots and slashes (CVE-2008-2938), reads all of these as
// /app or /.

func TestAttackBY01WhatASecondReadingCuts(t *testing.T) {
	t.Parallel()
	g := start(t, setup{site: "allow *@example.com\npublic /public/*", silent: true})
	for _, target := range []string{
		"/public/..%3f/x", "/public/..%23/x", "/public/..#/public/x", "/public/x/../..%3fx", "/public/%2e%2e%3f",
		"/public/..%c0%afapp", "/public/%c0%ae%c0%ae/app", "/public/%e0%80%ae%e0%80%ae/app", "/public/..%c1%9capp", "/public/\xc0\xae\xc0\xae/app",
	} {
		a := g.mustRaw(g.line("GET", target, "") + "Connection: close\n")
		if a.isUpstream() {
			t.Errorf("%q reached the app as %s", target, g.upstream.latest().Line)
		}
	}
}
