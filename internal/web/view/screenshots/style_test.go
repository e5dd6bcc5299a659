package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/doorpost-auth/doorpost/internal/text"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

func TestABrowserAppliesAStylesheetOfTheOperators(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	views, err := view.New(view.Brand{Accent: "#c2185b"}, fstest.MapFS{
		"style.css": {Data: []byte("\ufeffh1{color:rgb(1, 2, 3)}\r\n/* é <b> */\r\nmain{color:var(--accent)}\r\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := text.Load()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, script := view.Script()
		w.Header().Set("Content-Security-Policy", views.ContentSecurityPolicy())
		if r.URL.Path == path {
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = w.Write(script)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if err := views.Render(w, catalogue.Languages()[0], view.SignedOut{}, false); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	b, closing, err := openBrowser(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer closing()
	if err := visit(b, server.URL, "light", 390, 844); err != nil {
		t.Fatal(err)
	}
	colors, err := chromedp.Run(b.Context, chromedp.Evaluate[[]string](
		`['h1', 'main'].map((s) => getComputedStyle(document.querySelector(s)).color)`))
	if err != nil {
		t.Fatal(err)
	}
	if colors[0] != "rgb(1, 2, 3)" || colors[1] != "rgb(194, 24, 91)" {
		t.Errorf("the colours are %q", colors)
	}
	if _, complaints := b.Heard(); len(complaints) > 0 {
		t.Errorf("the browser complained: %q", complaints)
	}
}
