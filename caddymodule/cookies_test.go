package caddymodule

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/testkit"
	"golang.org/x/net/publicsuffix"
)

// scopedHost is three levels below a public suffix, so that its cookies may have three
// domains.
const scopedHost = "a.app.example.com"

// newScoped starts a gate at scopedHost, behind https as cookie_domain needs it.
func newScoped(t *testing.T, cookieDomain string) *gateway {
	g := bareGateway(t)
	g.base = "https://" + scopedHost + ":" + testkit.FreePort()
	g.site = "respond none\n}\n" + g.base + " {\nbind 127.0.0.1\ntls internal\ndoorpost {\nallow *\n}\nrespond \"user={header.Remote-User}.\"\n"
	g.scope(cookieDomain)
	g.start()
	probe := g.newFarBrowser() // the certificate is made in the background
	if !testkit.HoldsWithin(20*time.Second, func() bool {
		answer, err := probe.client.Get(g.origin())
		if err == nil {
			answer.Body.Close()
		}
		return err == nil
	}) {
		t.Fatalf("the gate does not answer: %s", g.logged())
	}
	return g
}

// scope sets another cookie_domain, for the next load.
func (g *gateway) scope(cookieDomain string) {
	g.options = fmt.Sprintf("skip_install_trust\nauto_https disable_redirects\ndoorpost {\nstore bolt %s/db\nmailer console\nlimit address 10000 1m\nlimit client 100000 1m\nlimit total 100000 1m\nsession {\ncookie_domain %s\n}\n}\n", g.folder, cookieDomain)
}

// newFarBrowser is a browser for which all hosts are this machine, with a jar that knows
// domains.
func (g *gateway) newFarBrowser() *browser {
	jar, err := cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List})
	if err != nil {
		g.t.Fatal(err)
	}
	b := g.newBrowser()
	b.client.Jar = jar
	b.client.Transport = farTransport
	return b
}

// farTransport keeps its connections for all browsers: each costs a handshake of TLS.
var farTransport = &http.Transport{
	TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		_, port, _ := net.SplitHostPort(address)
		return new(net.Dialer).DialContext(ctx, network, "127.0.0.1:"+port)
	},
}

// arrive opens a page and signs in where that is asked for, as often as it is. It
// returns how often that was.
func (b *browser) arrive(path, address string) (signIns int) {
	b.t.Helper()
	next := path
	for range 12 {
		got := b.get(next)
		switch {
		case strings.Contains(got.body, `name="email"`):
			b.signIn(address)
			signIns, next = signIns+1, path
		case got.status == http.StatusSeeOther:
			next = got.header.Get("Location")
		case got.body == "user="+address+".":
			return signIns
		default:
			b.t.Fatalf("%s is answered with %d %q", next, got.status, got.body)
		}
	}
	b.t.Fatalf("%s is not reached after %d sign-ins; the browser has %v", path, signIns, b.client.Jar.Cookies(b.at(path)))
	return signIns
}

func (b *browser) at(path string) *url.URL {
	u, err := url.Parse(b.origin() + path)
	if err != nil {
		b.t.Fatal(err)
	}
	return u
}

// session is the value of the browser's session cookie.
func (b *browser) session() string {
	for _, c := range b.client.Jar.Cookies(b.at("/")) {
		if c.Name == "__Secure-doorpost" {
			return c.Value
		}
	}
	b.t.Fatal("the browser has no session")
	return ""
}

var scopes = []string{"example.com", "app.example.com", scopedHost}

// A cookie_domain that was narrowed, widened or changed to and fro costs one sign-in
// each time, and none after that.
func TestAChangedCookieDomainCostsOneSignIn(t *testing.T) {
	for _, before := range scopes {
		for _, after := range scopes {
			if before == after {
				continue
			}
			t.Run(before+" to "+after, func(t *testing.T) {
				g := newScoped(t, before)
				b := g.newFarBrowser()
				b.arrive("/", "alice@example.com")
				for _, domain := range []string{after, before, after} {
					g.scope(domain)
					g.load()
					if n := b.arrive("/x/y", "alice@example.com"); n > 1 {
						t.Errorf("with %s she signs in %d times", domain, n)
					}
					if n := b.arrive("/", "alice@example.com") + b.arrive("/x/y", "alice@example.com"); n > 0 {
						t.Errorf("with %s she signs in %d times more", domain, n)
					}
				}
			})
		}
	}
}

// A host of the same domain can plant cookies of our name, with any domain and path.
// It locks nobody out, and of two sessions neither counts.
func TestAPlantedCookieLocksNobodyOut(t *testing.T) {
	g := newScoped(t, "app.example.com")
	gone := g.newFarBrowser()
	gone.arrive("/", "alice@example.com")
	ended, people := gone.session(), 0
	gone.post("/_doorpost/sign-out", nil)
	for what, value := range map[string]func() string{
		"nothing":      func() string { return "" },
		"garbage":      func() string { return "x" },
		"a long one":   func() string { return strings.Repeat("A", len(ended)) },
		"an ended one": func() string { return ended },
		"somebody's own": func() string { // a sign-in of hers ends it where she sends it along
			mallory := g.newFarBrowser()
			mallory.signIn("mallory@example.com")
			return mallory.session()
		},
	} {
		for _, domain := range append(scopes, "") {
			for _, path := range []string{"/", "/x", "/x/", "/x/y", "/_doorpost", "/_doorpost/link"} {
				where := fmt.Sprintf("%s at %q and %s", what, domain, path)
				people++
				alice := fmt.Sprintf("alice%d@example.com", people) // each signs in twice: what the store has of somebody is read as a whole
				planted := &http.Cookie{Name: "__Secure-doorpost", Value: value(), Domain: domain, Path: path, Secure: true, MaxAge: 3600}
				early, late := g.newFarBrowser(), g.newFarBrowser()
				early.client.Jar.SetCookies(early.at("/"), []*http.Cookie{planted})
				if got := early.get("/x/y"); got.body != "user=mallory@example.com." { // as if he had signed in there
					if n := early.arrive("/x/y", alice); n != 1 {
						t.Errorf("%s: she signs in %d times", where, n)
					}
					if n := early.arrive("/x/y", alice); n != 0 {
						t.Errorf("%s: she signs in %d times more", where, n)
					}
				}
				if domain == "app.example.com" && path == "/" && what == "somebody's own" {
					continue // it takes the place of hers
				}
				late.arrive("/", alice)
				planted.Value = value()
				late.client.Jar.SetCookies(late.at("/"), []*http.Cookie{planted})
				if n := late.arrive("/x/y", alice); n > 1 {
					t.Errorf("%s, when she is signed in: she signs in %d times", where, n)
				}
				if n := late.arrive("/x/y", alice); n != 0 {
					t.Errorf("%s, when she is signed in: she signs in %d times more", where, n)
				}
			}
		}
	}
}
