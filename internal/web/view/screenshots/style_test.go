package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/doorpost-auth/doorpost/internal/color"
	"github.com/doorpost-auth/doorpost/internal/text"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

func TestABrowserAppliesAStylesheetOfTheOperators(t *testing.T) {
	t.Parallel()
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
	b, closing, err := openBrowser(t.Context())
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

// In the colours that a reader chose, a browser makes all buttons alike unless it is
// told otherwise.
func TestTheButtonToPressStandsOutInForcedColours(t *testing.T) {
	t.Parallel()
	b, origin := openSamples(t, text.Default)
	if err := visit(b, origin+"/confirm", "light", 390, 844); err != nil {
		t.Fatal(err)
	}
	force := func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}},
		})
		return err
	}
	if err := chromedp.Do(b.Context, chromedp.Func(force)); err != nil {
		t.Fatal(err)
	}
	const colors = `['button:not(.second)', 'button.second'].flatMap((s) => {
		const style = (e) => getComputedStyle(e);
		let behind = document.querySelector(s);
		const words = style(behind).color;
		while (style(behind).backgroundColor.startsWith('rgba')) behind = behind.parentElement;
		return [words, style(behind).backgroundColor];
	})`
	got, err := chromedp.Run(b.Context, chromedp.Evaluate[[]string](colors))
	if err != nil {
		t.Fatal(err)
	}
	first, second := got[:2], got[2:]
	if c := contrast(t, first[1], second[1]); c < color.Readable {
		t.Errorf("the grounds of the buttons, %s and %s, have a contrast of %.1f:1", first[1], second[1], c)
	}
	for _, button := range [][]string{first, second} {
		if c := contrast(t, button[0], button[1]); c < color.Readable {
			t.Errorf("words of %s on %s have a contrast of %.1f:1", button[0], button[1], c)
		}
	}
}
