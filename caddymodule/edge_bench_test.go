package caddymodule

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// BenchmarkTheRoutesOfASite is what becomes of a request to a public path, by how many
// routes the site has.
func BenchmarkTheRoutesOfASite(b *testing.B) {
	for _, routes := range []int{2, 10, 50} {
		b.Run(fmt.Sprint(routes), func(b *testing.B) {
			g := newGateway(b, "", "doorpost {\nallow *@example.com\npublic /pub/*\n}\n"+strings.Repeat("header /x/* X-A b\n", routes)+"respond ok\n")
			site := findSite(b)
			r, rewind := arriving(g.origin(), "", "Accept", "text/html")
			r.URL.Path = "/pub/x"
			w := httptest.NewRecorder()
			next := caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error { return nil })
			b.ReportAllocs()
			for b.Loop() {
				rewind()
				if err := site.ServeHTTP(w, r, next); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// findSite is what stands before the routes of the site that runs.
func findSite(t testing.TB) *caddyhttp.Subroute {
	t.Helper()
	app, err := caddy.ActiveContext().App("http")
	if err != nil {
		t.Fatal(err)
	}
	for _, server := range app.(*caddyhttp.App).Servers {
		for _, route := range server.Routes {
			for _, handler := range route.Handlers {
				if site, ok := handler.(*caddyhttp.Subroute); ok {
					return site
				}
			}
		}
	}
	t.Fatal("there is no site")
	return nil
}
