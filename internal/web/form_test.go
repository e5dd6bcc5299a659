package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/web"
)

const ours = "https://app.example.com"

// poster makes what posts to a door at ours and returns the status of the answer.
func poster(t *testing.T) func(path string, header http.Header, body string) int {
	t.Helper()
	ring, parts, keeper := newParts(t)
	origin, err := gate.ParseOrigin(ours)
	if err != nil {
		t.Fatal(err)
	}
	if parts.Origins, err = gate.NewOrigins([]gate.Origin{origin}); err != nil {
		t.Fatal(err)
	}
	parts.Hooks = map[string]web.Hook{"/hooks/mailgun": func(context.Context, []byte, time.Time) error { return nil }}
	door := web.NewDoor(ring, parts)
	site := gate.NewSite(parts.Origins, func(o gate.Origin) *session.Cookie {
		return session.NewCookie(ring, session.CookieOptions{Scope: o.String(), Secure: true})
	}, keeper)
	return func(path string, header http.Header, body string) int {
		r := httptest.NewRequest(http.MethodPost, ours+path, strings.NewReader(body))
		r.TLS.HandshakeComplete = true
		r.Header = header
		w := httptest.NewRecorder()
		door.Serve(w, r, path, gate.NewEdge(site).Arrive(r), netip.MustParseAddr("192.0.2.1"))
		return w.Code
	}
}

// All pairs of what browsers and others say about where a form comes from. The
// origin wins or loses by itself; null, which a page with no-referrer sends, counts
// only with a word that no other origin can send.
func TestAFormIsTakenFromTheSameOriginOnly(t *testing.T) {
	post := poster(t)
	origins := [][]string{
		nil, {ours}, {"null"}, {""}, {"NULL"}, {"https://app.example.com:443"}, {"http://app.example.com"}, {"https://example.com"}, {"https://sub.app.example.com"},
		{"null", ours}, {ours, ours}, {"null", "null"}, {"null, " + ours},
	}
	sites := [][]string{nil, {"same-origin"}, {"same-site"}, {"cross-site"}, {"none"}, {""}, {"Same-Origin"}, {"same-origin", "same-origin"}, {"same-origin, same-origin"}}
	taken := map[string]bool{ours + "|": true, ours + "|same-origin": true, "null|same-origin": true, "|same-origin": true}
	accepted := 0
	for _, o := range origins {
		for _, s := range sites {
			header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
			if o != nil {
				header["Origin"] = o
			}
			if s != nil {
				header["Sec-Fetch-Site"] = s
			}
			got := post(gate.SignInPath, header, "email=nobody")
			want := http.StatusForbidden
			if taken[strings.Join(o, ",")+"|"+strings.Join(s, ",")] && len(o) < 2 && len(s) < 2 && (o == nil || o[0] != "") && (s == nil || s[0] != "") {
				want, accepted = http.StatusUnprocessableEntity, accepted+1 // it is no address
			}
			if got != want {
				t.Errorf("a form with Origin %q and Sec-Fetch-Site %q is answered with %d, want %d", o, s, got, want)
			}
		}
	}
	if accepted != len(taken) {
		t.Errorf("%d of the pairs are good, want %d", accepted, len(taken))
	}
}

// Whatever reads a body reads one of one type, in UTF-8, that is not coded and cannot be a replay.
func TestABodyIsReadAsWhatItSaysItIs(t *testing.T) {
	post := poster(t)
	for _, door := range []struct {
		path, mediaType, body string
		taken                 int
	}{
		{gate.SignInPath, "application/x-www-form-urlencoded", "email=nobody", http.StatusUnprocessableEntity}, // it is no address
		{hookPath, "application/json", "{}", http.StatusOK},
	} {
		good := [][]string{{door.mediaType}, {door.mediaType + "; charset=utf-8"}, {door.mediaType + "; charset=UTF8"}, {door.mediaType + `;charset="Utf-8"`}}
		bad := [][]string{nil, {""}, {"text/plain"}, {door.mediaType, "text/plain"}, {"text/plain", door.mediaType}, {door.mediaType, door.mediaType}, {door.mediaType, ""}}
		for _, parameters := range []string{
			"charset=utf-16", "charset=", `charset=""`, "version=1", "charset=utf-8; version=1",
			"charset*=utf-8''utf-8", "charset*=utf-8''utf-16", "charset=utf-8; charset*=utf-8''utf-16", "charset*0=utf; charset*1=-8", // RFC 2231
		} {
			bad = append(bad, []string{door.mediaType + "; " + parameters})
		}
		for i, types := range slices.Concat(good, bad) {
			typed := i < len(good)
			for _, codings := range [][]string{nil, {"identity"}, {"Identity"}, {"gzip"}, {"identity, gzip"}, {"identity", "gzip"}, {"identity", "identity"}, {"x"}} {
				plain := len(codings) == 0 || len(codings) == 1 && strings.EqualFold(codings[0], "identity")
				for _, early := range [][]string{nil, {"1"}, {"0"}, {""}, {"1", "1"}} {
					header := http.Header{"Origin": {ours}, "Accept": {"text/html"}}
					for name, values := range map[string][]string{"Content-Type": types, "Content-Encoding": codings, "Early-Data": early} {
						if values != nil {
							header[name] = values
						}
					}
					want := door.taken
					if early != nil {
						want = http.StatusTooEarly
					} else if !typed || !plain {
						want = http.StatusUnsupportedMediaType
					}
					if got := post(door.path, header, door.body); got != want {
						t.Errorf("%s with Content-Type %q, Content-Encoding %q and Early-Data %q is answered with %d, want %d", door.path, types, codings, early, got, want)
					}
				}
			}
		}
	}
}
