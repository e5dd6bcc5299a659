package caddymodule

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// BenchmarkAGatedRequest is what the gate adds to a request whose session was
// checked a moment ago.
func BenchmarkAGatedRequest(b *testing.B) { benchmarkGated(b, "") }

// BenchmarkAGatedRequestWithAnAssertion is the same where the app gets one.
func BenchmarkAGatedRequestWithAnAssertion(b *testing.B) { benchmarkGated(b, "assertion") }

func benchmarkGated(b *testing.B, option string) {
	holdCountingStore(b)
	g := newGateway(b, "doorpost {\n store memory\n mailer console\n}\n", "doorpost {\n allow *@example.com\n "+option+"\n}\n respond ok\n")
	visitor := g.newBrowser()
	visitor.signIn("alice@example.com")
	visitor.get("/")
	h := findHandler(b)
	r, rewind := gatedRequest(b, visitor)
	w := httptest.NewRecorder()
	next := caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error { return nil })
	b.ReportAllocs()
	for b.Loop() {
		rewind()
		if err := h.ServeHTTP(w, r, next); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkARefusal is what the gate does for a request of nobody.
func BenchmarkARefusal(b *testing.B) {
	holdCountingStore(b)
	g := newGateway(b, "doorpost {\n store memory\n mailer console\n}\n", "doorpost {\n allow *@example.com\n}\n respond ok\n")
	h := findHandler(b)
	next := caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error { return nil })
	for _, refused := range refusedRequests(b, g) {
		b.Run("of "+refused.who, func(b *testing.B) {
			r, rewind := arriving(g.origin(), refused.cookies, refused.headers...)
			w := &headerOnly{header: make(http.Header)}
			b.ReportAllocs()
			for b.Loop() {
				rewind()
				clear(w.header)
				if err := h.ServeHTTP(w, r, next); err != nil {
					b.Fatal(err)
				}
			}
			if w.status != refused.status {
				b.Fatalf("the answer is %d, want %d", w.status, refused.status)
			}
		})
	}
}
