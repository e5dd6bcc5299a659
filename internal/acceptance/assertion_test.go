package acceptance

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

const assertionHeader = "Doorpost-Assertion"

// asserted is what an assertion says; nothing is checked.
type asserted struct {
	Header struct{ Alg, Typ, Kid string }
	Iss    string
	Aud    string
	Sub    string
	Email  string
	Groups []string
	Amr    []string
	Auth   int64 `json:"auth_time"`
	Iat    int64
	Exp    int64
	Jti    string

	token string
}

// assertion is the one that an app got; ok is false if it got none.
func (a arrived) assertion(t *testing.T) (read asserted, ok bool) {
	t.Helper()
	values := a.values(assertionHeader)
	if len(values) == 0 {
		return read, false
	}
	parts := strings.Split(values[0], ".")
	if len(values) != 1 || len(parts) != 3 {
		t.Fatalf("the app got %q", values)
	}
	for i, into := range []any{&read.Header, &read} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err == nil {
			err = json.Unmarshal(raw, into)
		}
		if err != nil {
			t.Fatalf("%q: %v", values, err)
		}
	}
	read.token = values[0]
	return read, true
}

// mustAssert is the assertion that the app gets of somebody.
func (v *visitor) mustAssert(path string) asserted {
	t := v.t.(*testing.T)
	t.Helper()
	read, ok := v.open(path).echo(t).assertion(t)
	if !ok {
		t.Fatalf("at %s the app got no assertion", path)
	}
	return read
}

// kids are the IDs of the keys that a site has published.
func (v *visitor) kids() (all []string) {
	v.t.Helper()
	a := v.do(v.request(http.MethodGet, "/_doorpost/keys", ""))
	var set struct {
		Keys []struct{ Kid, Kty, Crv, Alg, Use, D string }
	}
	if err := json.Unmarshal([]byte(a.body), &set); a.status != http.StatusOK || err != nil {
		v.t.Fatalf("the keys are answered %d, %v: %s", a.status, err, a.body)
	}
	for _, key := range set.Keys {
		if key.Kty != "EC" || key.Crv != "P-256" || key.Alg != "ES256" || key.Use != "sig" || key.D != "" {
			v.t.Errorf("a key is %+v", key)
		}
		all = append(all, key.Kid)
	}
	return all
}

func TestTheAppGetsAWordThatItCanCheck(t *testing.T) {
	t.Parallel()
	g := start(t, setup{global: stageGroups, site: "allow *@example.com\npublic /public/*\nassertion"})
	began := time.Now().Add(-time.Second)
	ada := g.signedIn("ada@example.com")
	first := ada.mustAssert("/app")
	now := time.Now()
	if first.Header.Alg != "ES256" || first.Header.Typ != "doorpost+jwt" || first.Iss != g.origin || first.Aud != g.origin || first.Email != "ada@example.com" ||
		!slices.Equal(first.Groups, []string{"readers", "staff"}) || !slices.Equal(first.Amr, []string{"mail", "otp"}) || len(first.Sub) != 24 || len(first.Jti) < 20 {
		t.Errorf("the app is told %+v", first)
	}
	for what, at := range map[string]int64{"auth_time": first.Auth, "iat": first.Iat, "exp": first.Exp - 120} {
		if said := time.Unix(at, 0); said.Before(began.Truncate(time.Second)) || said.After(now) {
			t.Errorf("%s is %v, want %v", what, said, now)
		}
	}
	if kids := ada.kids(); !slices.Equal(kids, []string{first.Header.Kid}) {
		t.Errorf("it is signed by %s, published are %q", first.Header.Kid, kids)
	}
	if again := ada.mustAssert("/public/x"); again.token != first.token {
		t.Error("a moment later it was signed again")
	}
	other := g.signedIn("ada@example.com")
	if second := other.mustAssert("/app"); second.Sub != first.Sub || second.Jti == first.Jti {
		t.Errorf("in another session the app is told %+v, in the first %+v", second, first)
	}
	if bob := g.signedIn("bob@example.com").mustAssert("/app"); bob.Sub == first.Sub || bob.Email != "bob@example.com" {
		t.Errorf("of somebody else the app is told %+v", bob)
	}
	if _, ok := g.visitor().open("/public/x").echo(t).assertion(t); ok {
		t.Error("of nobody the app got an assertion")
	}
	// The next one is signed by the same key, and somebody who comes back is the same.
	g.restart()
	if after := ada.mustAssert("/app"); after.Sub != first.Sub || after.Header.Kid != first.Header.Kid || after.Jti == first.Jti {
		t.Errorf("after a restart the app is told %+v, before %+v", after, first)
	}
	g.known = append(g.known, first.token)
}

func TestTheKeysOfAssertionsAreForAnybody(t *testing.T) {
	t.Parallel()
	g := start(t, setup{site: "allow nobody@example.com\nassertion X-Word"})
	v := g.visitor()
	r := v.request(http.MethodGet, "/_doorpost/keys", "", "Origin", "https://elsewhere.example.com", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty")
	a := v.do(r)
	for name, want := range map[string]string{
		"Content-Type": "application/jwk-set+json", "Cache-Control": "public, max-age=300", "Access-Control-Allow-Origin": "*",
		"Cross-Origin-Resource-Policy": "cross-origin", "X-Content-Type-Options": "nosniff", "Vary": "", "Set-Cookie": "",
	} {
		if got := a.header.Get(name); a.status != http.StatusOK || got != want {
			t.Errorf("%d: %s is %q, want %q", a.status, name, got, want)
		}
	}
	if head := v.do(v.request(http.MethodHead, "/_doorpost/keys", "")); head.status != http.StatusOK || head.body != "" || head.header.Get("Content-Length") != fmt.Sprint(len(a.body)) {
		t.Errorf("HEAD is answered %d with %v: %q", head.status, head.header, head.body)
	}
	v.submit("/_doorpost/keys", "a", "b").is(t, http.StatusMethodNotAllowed)
	without := start(t, setup{})
	without.visitor().open("/_doorpost/keys").is(t, http.StatusNotFound)
	if _, ok := without.signedIn("ada@example.com").open("/app").echo(t).assertion(t); ok {
		t.Error("an app that did not ask for an assertion got one")
	}
}

// Two sites share the keys. An assertion for one is good for nothing at the other.
func TestAVerifierTakesTheAssertionsOfItsOwnSiteOnly(t *testing.T) {
	t.Parallel()
	g, other := prepare(t, setup{}), prepare(t, setup{})
	g.configure(setup{global: stageGroups, site: "allow *@example.com\nassertion", behind: "reverse_proxy " + g.upstream.address +
		"\n}\n" + other.origin + " {\ndoorpost {\nallow *@example.com\nassertion\n}\nreverse_proxy " + g.upstream.address})
	g.run()
	said := g.signedIn("ada@example.com").mustAssert("/app")
	want := said.Sub + " ada@example.com readers,staff"
	for name, run := range verifiers(t) {
		if got, ok := checks(t, run(g.origin, said.token)); !ok || got != want {
			t.Errorf("%s says %q, want %q", name, got, want)
		}
		if got, ok := checks(t, run(other.origin, said.token)); ok {
			t.Errorf("%s takes the assertion for another site: %s", name, got)
		}
	}
}

// Of a stream that breaks off Caddy logs what the app was sent.
func TestALogThatShowsAssertionsIsToldOfUntilItHasAFilter(t *testing.T) {
	t.Parallel()
	for options, shown := range map[string]bool{"": true, "log {\nformat filter {\nrequest>headers>Doorpost-Assertion delete\n}\n}\n": false} {
		g := start(t, setup{options: options, site: "allow *@example.com\nassertion", behind: "reverse_proxy " + startChat(t).address})
		ada := g.signedIn("ada@example.com")
		ctx, leave := context.WithCancel(t.Context())
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, g.origin+socketPath, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Cookie", ada.cookie())
		stream, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		stream.Body.Close()
		leave()
		await(t, "the end of the stream in the log", func() bool { return strings.Contains(g.gate.Output(), "aborting with incomplete response") })
		_, line, _ := strings.Cut(g.gate.Output(), "aborting with incomplete response")
		line, _, _ = strings.Cut(line, "\n")
		if shows, told := strings.Contains(line, "Doorpost-Assertion"), strings.Contains(g.gate.Output(), "the log of Caddy shows assertions"); shows != shown || told != shown {
			t.Errorf("with %q the assertion is shown: %v, and the operator told: %v", options, shows, told)
		}
	}
}

func TestInstancesSignWithOneKey(t *testing.T) {
	t.Parallel()
	p := startPair(t, setup{site: "allow *@example.com\nassertion"})
	v := p.visitor()
	p.a.signIn(v.at(p.a), "ada@example.com", "/")
	first, second := v.at(p.a).mustAssert("/app"), v.at(p.b).mustAssert("/app")
	if first.Header.Kid != second.Header.Kid || first.Sub != second.Sub || first.Iss != p.balancer.origin {
		t.Errorf("the app is told %+v by one instance, %+v by the other", first, second)
	}
	for _, g := range p.instances() {
		if kids := v.at(g).kids(); !slices.Equal(kids, []string{first.Header.Kid}) {
			t.Errorf("published are %q, want %s", kids, first.Header.Kid)
		}
	}
	p.checkErrors()
}

func TestBehindAPortalSomebodyIsTheSameAtEachSite(t *testing.T) {
	t.Parallel()
	with := "allow *@example.com\nassertion"
	f := startFront(t, plan{setup: setup{site: with}, wiki: with})
	ada := f.traveller()
	ada.signsIn("ada@example.com", appOrigin+"/")
	ada.isIn("ada@example.com", wikiOrigin)
	app, wiki := ada.at(appOrigin).mustAssert("/a"), ada.at(wikiOrigin).mustAssert("/w")
	if app.Sub != wiki.Sub || app.Aud != appOrigin || wiki.Aud != wikiOrigin || app.Auth != wiki.Auth || app.Header.Kid != wiki.Header.Kid {
		t.Errorf("the one app is told %+v, the other %+v", app, wiki)
	}
	if !slices.Equal(ada.at(appOrigin).kids(), ada.at(wikiOrigin).kids()) {
		t.Error("two sites publish other keys")
	}
	for _, origin := range []string{loginOrigin, clubOrigin} {
		ada.at(origin).open("/_doorpost/keys").is(t, http.StatusNotFound)
	}
}

func TestNoAssertionOfAClientReachesAnAppThatGetsOne(t *testing.T) {
	t.Parallel()
	g := prepare(t, setup{})
	app := "reverse_proxy " + g.upstream.address
	g.configure(setup{site: "allow *@example.com\npublic /public/*\nassertion", behind: "error /fails 418\n" + app + "\nhandle_errors {\n" + app + "\n}", silent: true})
	g.run()
	session := g.signedIn("ada@example.com").cookie()
	for _, visit := range []struct{ path, cookie, who string }{
		{"/app", session, "ada@example.com"}, {"/public/x", session, "ada@example.com"}, {"/public/x", "", ""}, {"/fails", session, "ada@example.com"},
	} {
		for _, spelling := range spellings(assertionHeader) {
			what := visit.path + " " + spelling
			got, reached := g.echoed(g.line("GET", visit.path, visit.cookie) + spelling + ": " + forged + "\n" + spelling + ": " + forged + "\nConnection: close, " + spelling + "\n")
			if !reached {
				t.Errorf("%s was refused", what)
				continue
			}
			if strings.Contains(strings.Join(got.Raw, "\n"), forged) {
				t.Errorf("%s: what the client claims reached the app: %q", what, got.Raw)
			}
			if said, ok := got.assertion(t); ok != (visit.who != "") || said.Email != visit.who {
				t.Errorf("%s: the app is told %+v, want %q", what, said, visit.who)
			}
		}
	}
}
