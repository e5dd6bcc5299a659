package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/web"
)

// All pairs of what browsers and others say about where a form comes from. The
// origin wins or loses by itself; null, which a page with no-referrer sends, counts
// only with a word that no other origin can send.
func TestAFormIsTakenFromTheSameOriginOnly(t *testing.T) {
	ring, parts, keeper := newParts(t)
	origin, err := gate.ParseOrigin("https://app.example.com")
	if err != nil {
		t.Fatal(err)
	}
	if parts.Origins, err = gate.NewOrigins([]gate.Origin{origin}); err != nil {
		t.Fatal(err)
	}
	door := web.NewDoor(ring, parts)
	site := gate.NewSite(parts.Origins, func(o gate.Origin) *session.Cookie {
		return session.NewCookie(ring, session.CookieOptions{Scope: o.String(), Secure: true})
	}, keeper)

	const ours = "https://app.example.com"
	origins := [][]string{
		nil, {ours}, {"null"}, {""}, {"NULL"}, {"https://app.example.com:443"}, {"http://app.example.com"}, {"https://example.com"}, {"https://sub.app.example.com"},
		{"null", ours}, {ours, ours}, {"null", "null"}, {"null, " + ours},
	}
	sites := [][]string{nil, {"same-origin"}, {"same-site"}, {"cross-site"}, {"none"}, {""}, {"Same-Origin"}, {"same-origin", "same-origin"}, {"same-origin, same-origin"}}
	taken := map[string]bool{ours + "|": true, ours + "|same-origin": true, "null|same-origin": true, "|same-origin": true}
	accepted := 0
	for _, o := range origins {
		for _, s := range sites {
			r := httptest.NewRequest(http.MethodPost, ours+gate.SignInPath, strings.NewReader("email=nobody"))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if o != nil {
				r.Header["Origin"] = o
			}
			if s != nil {
				r.Header["Sec-Fetch-Site"] = s
			}
			w := httptest.NewRecorder()
			door.Serve(w, r, gate.SignInPath, gate.NewEdge(site).Arrive(r), netip.MustParseAddr("192.0.2.1"))
			want := http.StatusForbidden
			if taken[strings.Join(o, ",")+"|"+strings.Join(s, ",")] && len(o) < 2 && len(s) < 2 && (o == nil || o[0] != "") && (s == nil || s[0] != "") {
				want, accepted = http.StatusUnprocessableEntity, accepted+1 // it is no address
			}
			if w.Code != want {
				t.Errorf("a form with Origin %q and Sec-Fetch-Site %q is answered with %d, want %d", o, s, w.Code, want)
			}
		}
	}
	if accepted != len(taken) {
		t.Errorf("%d of the pairs are good, want %d", accepted, len(taken))
	}
}
