package gate

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/address"
)

const alice, mallory = address.Address("alice@example.com"), address.Address("mallory@example.com")

func noMatch(*http.Request) (bool, error) { return false, nil }

func TestNoNameOfAnySiteArrives(t *testing.T) {
	g := newLiveGate(t)
	other := HeaderNames{User: "X-Auth-User", Groups: "X-Auth-Groups"}
	here := g.site("https://here.example.com", &Block{Rules: names{alice}, Headers: DefaultHeaderNames})
	there := g.site("https://there.example.com", &Block{Rules: names{alice}, Headers: other}, &Block{Rules: names{alice}, Headers: HeaderNames{Email: "Mail-Of"}})
	edge := NewEdge(here, there)
	for _, host := range []string{"here.example.com", "there.example.com", "elsewhere.example.com", ""} {
		for _, name := range []string{"Remote-User", "Remote-Email", "Remote-Groups", "Remote-Name", "X-Auth-User", "X-Auth-Groups", "Mail-Of"} {
			for _, spelling := range []string{name, strings.ToLower(name), strings.ReplaceAll(name, "-", "_"), strings.ReplaceAll(name, "-", ".")} {
				r := httptest.NewRequest(http.MethodGet, "/", nil)
				r.Host = host
				r.Header[spelling] = []string{"admin@example.com"}
				r.Header.Set("Connection", "close, "+spelling)
				edge.Arrive(r)
				if len(r.Header[spelling]) > 0 || r.Header.Get("Connection") != "close" {
					t.Errorf("at %q %s arrives: %v", host, spelling, r.Header)
				}
			}
		}
	}
}

func TestOurCookiesArriveNowhere(t *testing.T) {
	g := newLiveGate(t)
	edge := NewEdge(g.site("https://here.example.com"))
	for _, host := range []string{"here.example.com", "elsewhere.example.com"} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = host
		r.Header.Set("Cookie", "a=1; __Host-doorpost=x; __Secure-doorpost=y; doorpost-8080=z; __Host-doorpost-ask-8443=w")
		edge.Arrive(r)
		if got := r.Header.Get("Cookie"); got != "a=1" {
			t.Errorf("at %q arrives %q", host, got)
		}
	}
}

func TestOnlyAnUpgradeThatTheSiteAllowsArrives(t *testing.T) {
	g := newLiveGate(t)
	plain, more := g.site("https://plain.example.com"), g.site("https://more.example.com")
	more.Upgrades = []string{"websocket", "SPDY/3.1"}
	edge := NewEdge(plain, more)
	for _, c := range []struct {
		upgrade, settings string
		plain, more       bool
	}{
		{"websocket", "", true, true}, {"WebSocket", "", true, true}, {"h2c", "AAMA", false, false}, {"h2c", "", false, false},
		{"SPDY/3.1", "", false, true}, {"websocket, h2c", "", false, false}, {"h2c, websocket", "", false, false}, {"websocket", "AAMA", false, false},
		{"TLS/1.0", "", false, false}, {"", "AAMA", false, false},
	} {
		for host, want := range map[string]bool{"plain.example.com": c.plain, "more.example.com": c.more, "ungated.example.com": true} {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Host = host
			r.Header.Set("Connection", "Upgrade, HTTP2-Settings, keep-alive")
			if c.upgrade != "" {
				r.Header.Set("Upgrade", c.upgrade)
			}
			if c.settings != "" {
				r.Header.Set("HTTP2-Settings", c.settings)
			}
			edge.Arrive(r)
			connection := strings.ToLower(r.Header.Get("Connection"))
			if arrives := r.Header.Get("Upgrade") == c.upgrade && r.Header.Get("HTTP2-Settings") == c.settings; arrives != want {
				t.Errorf("at %s %q with settings %q arrives: %v", host, c.upgrade, c.settings, r.Header)
			} else if !want && (connection != "keep-alive") {
				t.Errorf("at %s Connection is %q", host, connection)
			}
		}
	}
}

func TestEachSiteThatARequestMeetsDecidesForItself(t *testing.T) {
	g := newLiveGate(t)
	outer := &Block{Rules: names{alice, mallory}, Headers: DefaultHeaderNames}
	inner := &Block{Rules: names{alice}, Headers: HeaderNames{User: "X-Auth-User"}}
	first, second := g.site(liveOrigin, outer), g.site(liveOrigin, inner)
	edge := NewEdge(first, second)
	for who, want := range map[address.Address]Verdict{alice: Pass, mallory: NotAdmitted} {
		_, line := g.signIn(first, who)
		r := httptest.NewRequest(http.MethodGet, liveOrigin+"/", nil)
		r.Header.Set("Cookie", line)
		visit := edge.Arrive(r)
		if got, err := outer.Decide(visit.At(first), r, r.URL); got != Pass || err != nil {
			t.Fatalf("the outer block says %d to %s, %v", got, who, err)
		}
		if got, err := inner.Decide(visit.At(second), r, r.URL); got != want || err != nil {
			t.Errorf("the inner block says %d to %s, %v, want %d", got, who, err, want)
		}
		if once, again := visit.At(second), visit.At(second); once != again || visit.At(first) != visit {
			t.Error("a site has two visits of one request")
		}
	}
}

// A path that an app may read in another way than the matcher does needs a session
// in any block that looks at paths.
func TestNoPathWithTwoReadingsEscapesAMatcher(t *testing.T) {
	odd := []string{";a=b", "/..;/", "%5c", "%2f", "%2e%2e", "%252e", "%252f", "%00", "//", "/./", "/../", "%ff", "%c0%ae", "\\"}
	for _, o := range odd {
		for _, path := range []string{"/x" + o + "admin/x", "/" + o + "admin", "/admin" + o, "/x/" + o + "/admin"} {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			sent, err := url.ParseRequestURI(path)
			if err != nil {
				continue
			}
			r.URL = sent
			for current := range 2 {
				rewritten := *r
				if current == 1 { // a rewrite made it plain
					rewritten.URL = &url.URL{Path: "/plain"}
				}
				b := Block{Matches: noMatch, ByPath: true}
				if needed, err := b.NeedsSession(&rewritten, sent); err != nil || !needed && !IsPlainURL(sent) {
					t.Errorf("%s needs a session: %v, %v", path, needed, err)
				}
				b.ByPath = false
				if needed, _ := b.NeedsSession(&rewritten, sent); needed {
					t.Errorf("%s needs a session where no path is looked at", path)
				}
			}
		}
	}
	plain := &url.URL{Path: "/x/admin"}
	b := Block{Matches: noMatch, ByPath: true}
	if needed, _ := b.NeedsSession(&http.Request{URL: plain}, plain); needed {
		t.Error("a plain path that is not matched needs a session")
	}
}

func TestTheNamesOfCookiesTellPortsApart(t *testing.T) {
	var seen []string
	for _, s := range []string{"https://h.example.com", "https://h.example.com:8443", "https://h.example.com:9443", "http://localhost", "http://localhost:8080"} {
		origin, err := ParseOrigin(s)
		if err != nil {
			t.Fatal(err)
		}
		name := RequestCookieName(origin)
		if slices.Contains(seen, name) || !isOurCookie(name) {
			t.Errorf("%s has the cookie %s, others have %v", s, name, seen)
		}
		seen = append(seen, name)
	}
	if want := fmt.Sprint([]string{"__Host-doorpost-ask", "__Host-doorpost-ask-8443", "__Host-doorpost-ask-9443", "doorpost-ask", "doorpost-ask-8080"}); fmt.Sprint(seen) != want {
		t.Errorf("the names are %v", seen)
	}
}
