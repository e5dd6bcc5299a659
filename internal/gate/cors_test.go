package gate

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestAPreflightOfAKnownOriginReachesTheAppAsNobodys(t *testing.T) {
	const known = "https://dashboard.example.com"
	for name, c := range map[string]struct {
		method, host, origin, asks string
		want                       Verdict
	}{
		"of a known origin":                     {http.MethodOptions, "app.example.com", known, "PUT", PassUnnamed},
		"of another":                            {http.MethodOptions, "app.example.com", "https://other.example.com", "PUT", NoSession},
		"of one that begins alike":              {http.MethodOptions, "app.example.com", known + ".evil.example", "PUT", NoSession},
		"of one that is spelt otherwise":        {http.MethodOptions, "app.example.com", "https://Dashboard.example.com", "PUT", NoSession},
		"of an opaque origin":                   {http.MethodOptions, "app.example.com", "null", "PUT", NoSession},
		"of no origin":                          {http.MethodOptions, "app.example.com", "", "PUT", NoSession},
		"OPTIONS that is no preflight":          {http.MethodOptions, "app.example.com", known, "", NoSession},
		"another method that looks so":          {http.MethodPost, "app.example.com", known, "PUT", NoSession},
		"to a host that the site does not have": {http.MethodOptions, "other.example.com", known, "PUT", WrongHost},
	} {
		t.Run(name, func(t *testing.T) {
			g := newLiveGate(t)
			block := &Block{Rules: names{"alice@example.com"}, Headers: DefaultHeaderNames}
			s := g.site(liveOrigin, block)
			s.Cors = []string{known}
			r := httptest.NewRequest(c.method, "/api", nil)
			r.Host = c.host
			r.Header.Set("Remote-User", "mallory")
			if c.origin != "" {
				r.Header.Set("Origin", c.origin)
			}
			if c.asks != "" {
				r.Header.Set("Access-Control-Request-Method", c.asks)
			}
			v := NewEdge(s).Arrive(r).At(s)
			got, err := block.Decide(v, r, r.URL)
			if err != nil || got != c.want {
				t.Errorf("the verdict is %d, %v, want %d", got, err, c.want)
			}
			if told := r.Header.Get("Remote-User"); told != "" {
				t.Errorf("the app is told %q", told)
			}
		})
	}
}

func TestOnlyTheOriginOfAPageMayBeInCors(t *testing.T) {
	for given, want := range map[string]string{
		"https://dashboard.example.com": "https://dashboard.example.com", "https://Dashboard.example.com:443/": "https://dashboard.example.com",
		"https://dashboard.example.com:8443": "https://dashboard.example.com:8443", "http://localhost:5173": "http://localhost:5173",
		"https://dashboard.bücher.example": "https://dashboard.xn--bcher-kva.example",
	} {
		if got, err := ParseCors(given); err != nil || got.String() != want {
			t.Errorf("%q is %s, %v; want %s, as browsers send it", given, got, err, want)
		}
	}
	for _, bad := range []string{
		"", "*", "null", "dashboard.example.com", "https://dashboard.example.com/x",
		"http://dashboard.example.com", "https://*.example.com", "app://x", "https://a@dashboard.example.com",
	} {
		if _, err := ParseCors(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}
