package acceptance

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// foreignTargets are values of to that some browser or server takes for another
// site, or that lead back into the gate. Each is a class: it is tried raw,
// encoded, and with the separators that browsers treat alike.
func foreignTargets() (all []string) {
	base := []string{
		"//evil.example", "///evil.example", "////evil.example/%2f..", "https://evil.example", "http://evil.example", "https:evil.example",
		"https:/evil.example", "https:///evil.example", "//evil.example@localhost", "//localhost@evil.example", "//evil%E3%80%82example",
		"/..//evil.example", "/./\\evil.example", "/.//evil.example", "/x/..//evil.example", "/x/../../evil.example",
		"javascript:alert(1)", "data:text/html,x", "evil.example", "@evil.example", "?//evil.example", "#//evil.example", "",
		"/_doorpost/sign-out", "/_doorpost", "/%5fdoorpost/sign-out", "/x/../_doorpost/sign-out", "/%2e%2e//evil.example", "\\\\evil.example",
		"/evil.example\r\nSet-Cookie: a=b", "/\r\nLocation: https://evil.example", "/\x00/evil.example", "/" + strings.Repeat("a", 4096),
		"/%zz", "/%", " /app", "/app ", "/a b", "/\u00a0/\u2028", "/\x7f",
	}
	for _, to := range base {
		all = append(all, to)
		if strings.Contains(to, "//") {
			for _, between := range []string{"/\\", "\\/", "\\\\", "/\t/", "/\n/", "/\r/", "/%09/", "/%0d/", "/%0a/", "/%5c", "/%2f", "%2f%2f", "/%2F", "\t//", " //", "/%00/", "%5c%5c", "/ /"} {
				all = append(all, strings.Replace(to, "//", between, 1))
			}
		}
	}
	return all
}

// isLocal tells whether a browser on the site that reads a Location stays on
// it: by the rules of the URL Standard, which take a backslash for a slash and
// drop tabs and line ends.
func isLocal(location string) bool {
	read := strings.NewReplacer("\t", "", "\n", "", "\r", "", "\\", "/").Replace(strings.Trim(location, " \x00"))
	if !strings.HasPrefix(read, "/") || strings.HasPrefix(read, "//") {
		return false
	}
	base := &url.URL{Scheme: "https", Host: "site.example", Path: "/"}
	parsed, err := base.Parse(read)
	return err == nil && parsed.Host == "site.example" && !strings.HasPrefix(parsed.Path, "//")
}

func TestNoTargetLeadsToAnotherSite(t *testing.T) {
	t.Parallel()
	g := start(t, setup{silent: true})
	targets := foreignTargets()
	var kept []string
	for _, to := range targets {
		v := g.visitor()
		page := v.do(v.navigate("/_doorpost/sign-in?to="+url.QueryEscape(to))).is(t, http.StatusOK)
		fields := page.forms(t)[0].fields
		if fields[0] != "to" || !isLocal(fields[1]) {
			t.Errorf("the form for %q carries %q", to, fields)
		}
		// The form may have been tampered with, so the field itself is tried too.
		location := g.signIn(v, "ada@example.com", to)
		if !isLocal(location) || strings.Contains(location, "_doorpost") {
			t.Errorf("to %q leads to %q", to, location)
		}
		if location != "/" {
			kept = append(kept, to+" → "+location)
		}
		a := v.submit("/_doorpost/sign-out", "to", to)
		if !isLocal(a.location()) || strings.Contains(strings.TrimPrefix(a.location(), "/_doorpost/sign-in"), "evil.example\\") {
			t.Errorf("sign-out with %q leads to %q", to, a.location())
		}
	}
	t.Logf("%d targets, of which are local: %q", len(targets), kept)
	for _, line := range kept {
		if strings.Contains(line, "_doorpost") || strings.HasPrefix(line, "//") || strings.Contains(line, "\\") {
			t.Errorf("kept %s", line)
		}
	}
}

func TestLegitimateTargetsComeBackByteForByte(t *testing.T) {
	t.Parallel()
	g := start(t, setup{silent: true})
	for _, to := range []string{
		"/app?u=https%3A%2F%2Fx.example%2F%3Fa%3D1%26b%3D2&q=%2B+%25", "/caf%C3%A9", "/a;b=c/d,e", "/x?redirect=//evil.example", "/~user/(a)'!*$",
		"/x#section-2", "/x?a=1#/route?b=2", "/?", "/x??a&&b=", "/%7Euser", "/a%2Fb", "/x?a[]=1&b={2}", "/a|b", "/" + strings.Repeat("a", 4000),
	} {
		v := g.visitor()
		if location := g.signIn(v, "ada@example.com", to); location != to {
			t.Errorf("to %q became %q", to, location)
		}
	}
}

func TestTargetInTheFormOfALinkCountsForNothing(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	v := g.visitor()
	v.ask("ada@example.com", "/wanted")
	m := g.mail.await("ada@example.com")
	v.submit("/_doorpost/link?to=/query", "token", m.token, "to", "/field").leadsTo(t, "/wanted")
}
