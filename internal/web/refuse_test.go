package web_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/web"
)

// anonymousURI is the URI of the requests below.
const anonymousURI = "/reports/2024?month=5&view=table"

// anonymous are requests of somebody who is not signed in, with the allocations of the
// door for each refusal.
var anonymous = []struct {
	name    string
	headers map[string]string
	most    float64
	varies  int // values of Vary: one of ours or none
}{
	{"program", map[string]string{"Accept": "application/json", "User-Agent": "curl/8"}, 1, 0}, // the values of the headers
	{"navigation", map[string]string{
		"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Language": "de-AT,de;q=0.9", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document",
	}, 3, 1}, // and Location: escaped, then put together
}

// refuser makes refusals of requests to one door, which has two origins. The visit is the
// same each time, so that only the door is measured.
type refuser func(host string, headers map[string]string) (refuse func(method string, w http.ResponseWriter))

func newRefuser(t testing.TB) refuser {
	t.Helper()
	ring, parts, keeper := newParts(t)
	var list []gate.Origin
	for _, s := range []string{"https://a.example", "https://b.example:8443"} {
		origin, err := gate.ParseOrigin(s)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, origin)
	}
	origins, err := gate.NewOrigins(list)
	if err != nil {
		t.Fatal(err)
	}
	parts.Origins = origins
	door := web.NewDoor(ring, parts)
	site := gate.NewSite(origins, func(o gate.Origin) *session.Cookie {
		return session.NewCookie(ring, session.CookieOptions{Scope: o.String(), Secure: true, Lifetime: time.Hour})
	}, keeper)
	site.Cors = []string{"https://dashboard.example"}
	return func(host string, headers map[string]string) func(string, http.ResponseWriter) {
		r := httptest.NewRequest(http.MethodGet, "https://"+host+anonymousURI, nil)
		for name, value := range headers {
			r.Header.Set(name, value)
		}
		visit := gate.NewEdge(site).Arrive(r)
		return func(method string, w http.ResponseWriter) {
			r.Method = method
			door.Refuse(w, r, anonymousURI, gate.NoSession, visit, netip.Addr{})
		}
	}
}

// written is an answer as it is sent, with the fields in the order of their names.
func written(w *httptest.ResponseRecorder) string {
	var b strings.Builder
	fmt.Fprintln(&b, w.Code)
	_ = w.Header().Write(&b)
	return strings.ReplaceAll(b.String(), "\r\n", "\n") + "\n" + w.Body.String()
}

const programRefused = `401
Cache-Control: no-store
Content-Security-Policy: default-src 'none'; frame-ancestors 'none'; base-uri 'none'
Content-Type: application/problem+json
Cross-Origin-Opener-Policy: same-origin
Cross-Origin-Resource-Policy: same-origin
Referrer-Policy: no-referrer
Www-Authenticate: Doorpost sign_in_url="%[1]s/_doorpost/sign-in"
X-Content-Type-Options: nosniff

{"type":"about:blank","title":"Unauthorized","status":401,"detail":"nobody is signed in; a person signs in at sign_in_url","sign_in_url":"%[1]s/_doorpost/sign-in"}
`

const navigationRefused = `303
Cache-Control: no-store
Content-Security-Policy: default-src 'none'; frame-ancestors 'none'; base-uri 'none'
Cross-Origin-Opener-Policy: same-origin
Cross-Origin-Resource-Policy: same-origin
Location: /_doorpost/sign-in?to=%2Freports%2F2024%3Fmonth%3D5%26view%3Dtable
Referrer-Policy: same-origin
Vary: Cookie, Sec-Fetch-Mode, Sec-Fetch-Dest, Accept
X-Content-Type-Options: nosniff

`

// A handler between the door and the visitor may change an answer in place, as Caddy's
// header directive does when it replaces text.
func TestRefusalsAreTheSameWhateverBecameOfOthers(t *testing.T) {
	refuser := newRefuser(t)
	var all sync.WaitGroup
	for host, programRefused := range map[string]string{
		"a.example": fmt.Sprintf(programRefused, "https://a.example"), "B.example:8443": fmt.Sprintf(programRefused, "https://b.example:8443"),
	} {
		want := []string{programRefused, navigationRefused}
		for i, a := range anonymous {
			for range 3 { // at the same time
				refuse := refuser(host, a.headers)
				all.Go(func() {
					for range 20 {
						w := httptest.NewRecorder()
						refuse(http.MethodGet, w)
						if got := written(w); got != want[i] {
							t.Errorf("%s at %s is answered\n%s\nwant\n%s", a.name, host, got, want[i])
						}
						for name, values := range w.Header() {
							w.Header()[name] = append(values, "appended")
							values[0] = "replaced"
						}
					}
				})
			}
		}
	}
	all.Wait()
}

func TestAPageOfAKnownOriginMayReadARefusal(t *testing.T) {
	refuser := newRefuser(t)
	for origin, may := range map[string]bool{"https://dashboard.example": true, "https://other.example": false, "null": false, "": false} {
		w := httptest.NewRecorder()
		refuser("a.example", map[string]string{"Origin": origin, "Sec-Fetch-Mode": "cors"})(http.MethodGet, w)
		header := w.Header()
		allowed, credentials := header.Get("Access-Control-Allow-Origin"), header.Get("Access-Control-Allow-Credentials")
		if w.Code != http.StatusUnauthorized || (allowed == origin && credentials == "true") != may || may != slices.Contains(header["Vary"], "Origin") {
			t.Errorf("a page of %q gets %d and %v", origin, w.Code, header)
		}
	}
}

// What the browser says of a request decides what a person reads, and where they can go.
func TestAPersonWhoIsRefusedReadsWhatHelps(t *testing.T) {
	refuser := newRefuser(t)
	const page = "text/html,*/*;q=0.8"
	for name, c := range map[string]struct {
		method, site, origin, cookie string
		mode, dest                   string
		link, says                   string
	}{
		"a page that a service worker fetches": {
			method: http.MethodGet, mode: "same-origin", dest: "empty", site: "same-origin",
			link: "/_doorpost/sign-in?to=%2freports%2f2024%3fmonth%3d5%26view%3dtable", says: "once you are signed in",
		},
		"a form of ours":                                 {method: http.MethodPost, mode: "navigate", dest: "document", site: "same-origin", link: "/_doorpost/sign-in?to=%2f", says: "You have to sign in again"},
		"a form that a service worker submits":           {method: http.MethodPost, mode: "same-origin", dest: "empty", site: "same-origin", link: "/_doorpost/sign-in?to=%2f", says: "You have to sign in again"},
		"a form of a sibling host, which brings cookies": {method: http.MethodPost, mode: "navigate", dest: "document", site: "same-site", link: "/_doorpost/sign-in?to=%2f", says: "You have to sign in again"},
		"a form of another site":                         {method: http.MethodPost, mode: "navigate", dest: "document", site: "cross-site", link: "/", says: "came from another site"},
		"a form of another site, with our cookie":        {method: http.MethodPost, mode: "navigate", dest: "document", site: "cross-site", cookie: "__Host-doorpost=x", link: "/_doorpost/sign-in?to=%2f", says: "You have to sign in again"},
		"a form of another site, in an old browser":      {method: http.MethodPost, origin: "https://idp.example", link: "/", says: "came from another site"},
		"a form of ours, in an old browser":              {method: http.MethodPost, origin: "https://a.example", link: "/_doorpost/sign-in?to=%2f", says: "You have to sign in again"},
		"a form that hides its origin":                   {method: http.MethodPost, origin: "null", link: "/_doorpost/sign-in?to=%2f", says: "You have to sign in again"},
	} {
		headers := map[string]string{"Accept": page}
		for field, value := range map[string]string{"Sec-Fetch-Site": c.site, "Sec-Fetch-Mode": c.mode, "Sec-Fetch-Dest": c.dest, "Origin": c.origin, "Cookie": c.cookie} {
			if value != "" {
				headers[field] = value
			}
		}
		w := httptest.NewRecorder()
		refuser("a.example", headers)(c.method, w)
		body := w.Body.String()
		if w.Code != http.StatusUnauthorized || w.Header().Get("WWW-Authenticate") == "" || !strings.Contains(body, `class="button" href="`+c.link+`"`) || !strings.Contains(body, c.says) {
			t.Errorf("%s is answered with %d %s", name, w.Code, body[strings.Index(body, "<main>"):])
		}
	}
}

// The server counts the body, which it does not see in an answer to HEAD.
func TestTheLengthOfARefusalIsSaid(t *testing.T) {
	refuser := newRefuser(t)
	for _, a := range anonymous {
		refuse := refuser("a.example", a.headers)
		for major := 1; major <= 2; major++ {
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { refuse(r.Method, w) }))
			server.EnableHTTP2 = major == 2
			server.StartTLS()
			defer server.Close()
			var want int64
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				request, err := http.NewRequestWithContext(t.Context(), method, server.URL, nil)
				if err != nil {
					t.Fatal(err)
				}
				answer, err := server.Client().Transport.RoundTrip(request)
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(answer.Body)
				if err := errors.Join(err, answer.Body.Close()); err != nil {
					t.Fatal(err)
				}
				if method == http.MethodGet {
					want = int64(len(body))
				}
				if answer.ContentLength != want || answer.ProtoMajor != major {
					t.Errorf("%s: %s over HTTP/%d: the length is %d, want %d (%s)", a.name, method, major, answer.ContentLength, want, answer.Proto)
				}
			}
		}
	}
}

func TestARefusalKeepsWhatTheAnswerVariesOnAlready(t *testing.T) {
	refuser := newRefuser(t)
	for _, a := range anonymous {
		w := httptest.NewRecorder()
		w.Header().Set("Vary", "Accept-Encoding")
		w.Header().Set("Cache-Control", "public")
		refuser("a.example", a.headers)(http.MethodGet, w)
		if got := w.Header()["Vary"]; len(got) != 1+a.varies || got[0] != "Accept-Encoding" {
			t.Errorf("%s: Vary is %q", a.name, got)
		}
		if got := w.Header()["Cache-Control"]; len(got) != 1 || got[0] != "no-store" {
			t.Errorf("%s: Cache-Control is %q", a.name, got)
		}
	}
}

func TestARefusalHasNoMoreFieldsThanASmallMapKeeps(t *testing.T) {
	refuser := newRefuser(t)
	for _, a := range anonymous {
		w := httptest.NewRecorder()
		w.Header().Set("Server", "Caddy")
		refuser("a.example", a.headers)(http.MethodGet, w)
		if _, tells := w.Header()["Server"]; tells || len(w.Header()) > 8 {
			t.Errorf("%s: the answer has %d fields, want at most 8 and no Server: %v", a.name, len(w.Header()), w.Header())
		}
	}
}

// sink is a writer that keeps the header only, in a map that has room for it.
type sink struct{ header http.Header }

func newSink() *sink                           { return &sink{make(http.Header, 16)} }
func (s *sink) Header() http.Header            { return s.header }
func (s *sink) Write(body []byte) (int, error) { return len(body), nil }
func (s *sink) WriteHeader(int)                {}

func TestARefusalAllocatesLittle(t *testing.T) {
	refuser := newRefuser(t)
	for _, a := range anonymous {
		refuse, w := refuser("a.example", a.headers), newSink()
		allocations := testing.AllocsPerRun(1000, func() {
			clear(w.header)
			refuse(http.MethodGet, w)
		})
		if len(w.header) < 8 {
			t.Fatalf("%s is answered with %v only", a.name, w.header)
		}
		if allocations > a.most {
			t.Errorf("%s: the door allocates %.0f times, want at most %.0f", a.name, allocations, a.most)
		}
	}
}

func BenchmarkRefuse(b *testing.B) {
	refuser := newRefuser(b)
	for _, a := range anonymous {
		b.Run(a.name, func(b *testing.B) {
			refuse, w := refuser("a.example", a.headers), newSink()
			b.ReportAllocs()
			for b.Loop() {
				clear(w.header)
				refuse(http.MethodGet, w)
			}
		})
	}
}
