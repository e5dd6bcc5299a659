package caddymodule

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// newWildcard starts a gate in front of all hosts under localhost, beside a site of one
// of them that has no gate.
func newWildcard(t *testing.T) *gateway {
	g := bareGateway(t)
	g.site = `respond none
}
http://*.localhost:` + g.port + ` {
	bind 127.0.0.1
	doorpost {
		allow *
		public /pub/*
		tokens people
		url http://*.localhost:` + g.port + `
	}
	respond "{host}: user={header.Remote-User} cookie={header.Cookie}."
}
http://www.localhost:` + g.port + ` {
	bind 127.0.0.1
	error /broken 418
	respond "open: user={header.Remote-User}."
	handle_errors {
		respond "its own error page"
	}
`
	return g.start()
}

// at is the same gateway as browsers see it at another host.
func (g *gateway) at(host string) *gateway {
	other := *g
	other.base = "http://" + host + ":" + g.port
	return &other
}

func TestEachHostOfAWildcardSiteIsAnOriginOfItsOwn(t *testing.T) {
	g := newWildcard(t)
	hosts := []string{"a.localhost", "b.localhost", "x-1.localhost", "xn--bcher-kva.localhost"}
	browsers := make(map[string]*browser)
	for _, host := range hosts {
		b := g.at(host).newFarBrowser()
		expectSignIn(t, "nobody at "+host, b.get("/x?y=1"), "/x?y=1")
		if got := b.post("/_doorpost/sign-in", url.Values{"email": {"alice@example.com"}}); got.status != http.StatusSeeOther {
			t.Fatalf("asking at %s is answered with %d", host, got.status)
		}
		message := b.receive("alice@example.com")
		if !strings.Contains(message, b.origin()+"/_doorpost/link#") {
			t.Fatalf("the link does not lead to %s:\n%s", host, message)
		}
		token := linkToken.FindStringSubmatch(message)[1]
		other := g.at("other.localhost").newFarBrowser()
		if got := other.post("/_doorpost/link", url.Values{"token": {token}, "confirm": {"yes"}}); got.status == http.StatusSeeOther {
			t.Errorf("the link of %s is good at another host", host)
		}
		if got := b.post("/_doorpost/link", url.Values{"token": {token}}); got.status != http.StatusSeeOther || strings.Contains(strings.Join(got.header["Set-Cookie"], ";"), "Domain") {
			t.Fatalf("redeeming at %s is answered with %d and cookies %q", host, got.status, got.header["Set-Cookie"])
		}
		expectBody(t, "alice at "+host, b.get("/"), host+": user=alice@example.com cookie=.")
		browsers[host] = b
	}
	for _, from := range hosts { // a cookie that is carried over by hand opens nothing
		for _, to := range hosts {
			if from == to {
				continue
			}
			cookies := browsers[from].client.Jar.Cookies(&url.URL{Scheme: "http", Host: from + ":" + g.port, Path: "/"})
			var line []string
			for _, c := range cookies {
				line = append(line, c.Name+"="+c.Value)
			}
			if got := g.at(to).newFarBrowser().get("/", "Cookie", strings.Join(line, "; ")); got.status != http.StatusSeeOther {
				t.Errorf("the session of %s at %s is answered with %d", from, to, got.status)
			}
		}
	}
	if got := browsers["a.localhost"].post("/_doorpost/sign-out", nil); got.status >= http.StatusBadRequest {
		t.Fatalf("signing out is answered with %d", got.status)
	}
	expectSignIn(t, "alice after signing out at a", browsers["a.localhost"].get("/x"), "/x")
	expectBody(t, "alice at b", browsers["b.localhost"].get("/"), "b.localhost: user=alice@example.com cookie=.")
}

func TestAWildcardSiteTakesNoOtherHost(t *testing.T) {
	g := newWildcard(t)
	for _, host := range []string{"a.b.localhost", "localhost.", "-a.localhost", "a_b.localhost", "a.localhost.evil.example"} {
		for _, path := range []string{"/", "/_doorpost/sign-in", "/_doorpost/link"} {
			if _, body := g.send("GET "+path+" HTTP/1.1", "Host: "+host+":"+g.port, "Accept: text/html"); strings.Contains(body, "user=") || strings.Contains(body, "<form") {
				t.Errorf("%s at %s is answered %q", path, host, body)
			}
		}
	}
	www := g.at("www.localhost").newFarBrowser()
	expectBody(t, "the site without a gate", www.get("/", "Remote-User", "root"), "open: user=.")
	expectBody(t, "its path that is like one of ours", www.get("/_doorpost/sign-in"), "open: user=.")
	if got := www.get("/broken"); got.body != "its own error page" {
		t.Errorf("its error page is %d %q", got.status, got.body)
	}
}

func TestAtAHostOfAWildcardSiteAppPasswordsAreForThatHost(t *testing.T) {
	g := newWildcard(t)
	b := g.at("a.localhost").newFarBrowser()
	b.signIn("alice@example.com")
	if got := b.get("/_doorpost/account"); strings.Count(got.body, "<option value=\"http") != 1 || !strings.Contains(got.body, `<option value="`+b.origin()+`">`) {
		t.Errorf("the account offers other sites than its own, or none: %s", got.body)
	}
	for site, want := range map[string]int{
		b.origin(): http.StatusOK, "http://b.localhost:" + g.port: http.StatusBadRequest, "http://*.localhost:" + g.port: http.StatusBadRequest,
	} {
		if got := b.post("/_doorpost/account/token", url.Values{"name": {"phone"}, "site": {site}, "days": {"30"}}); got.status != want {
			t.Errorf("a password for %s is answered with %d, want %d: %s", site, got.status, want, got.body)
		}
	}
	b.receive("alice@example.com") // the code, or it would be taken for a message of the next test
}
