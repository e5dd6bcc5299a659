package main

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/doorpost-auth/doorpost/internal/testkit/browser"
	"github.com/doorpost-auth/doorpost/internal/text"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// small lists what is to be hit and is too small for a finger: less than 44 px.
// Links within a sentence are as high as its lines.
const small = `[...document.querySelectorAll('main button, main input, main textarea, main a')].filter((e) => {
	const box = e.getBoundingClientRect();
	const inSentence = e.matches('a:not(.button)') && e.parentElement.textContent.trim() !== e.textContent.trim();
	return !inSentence && box.height > 0 && (box.height < 44 || box.width < 44);
}).map((e) => e.outerHTML + ' is ' + e.getBoundingClientRect().height + ' px high')`

// openSamples starts a browser and serves all pages and messages. What is bounded is
// how long one of them takes: see visit.
func openSamples(t *testing.T, language string) (b *browser.Tab, origin string) {
	t.Helper()
	samples, err := handler(language)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(samples)
	t.Cleanup(server.Close)
	b, closing, err := openBrowser(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(closing)
	return b, server.URL
}

func TestEveryPageFitsAPhoneAndAFinger(t *testing.T) {
	t.Parallel()
	b, origin := openSamples(t, text.Default)
	for _, sample := range view.Samples() {
		t.Run(sample.Name, func(t *testing.T) {
			// It fails if the page is wider than the screen.
			if err := visit(b, origin+"/"+sample.Name, "light", 320, 700); err != nil {
				t.Fatal(err)
			}
			found, err := chromedp.Run(b.Context, chromedp.Evaluate[[]string](small))
			if err != nil {
				t.Fatal(err)
			}
			for _, what := range found {
				t.Error(what)
			}
			if _, complaints := b.Heard(); len(complaints) > 0 {
				t.Errorf("the browser complained: %q", complaints)
			}
		})
	}
}

func TestTheFragmentOfALinkEndsUpInItsForm(t *testing.T) {
	t.Parallel()
	b, origin := openSamples(t, text.Default)
	const pasted = `document.querySelector('[name=token]').value + location.hash + document.querySelector('[data-paste]').checkVisibility()`
	for name, tc := range map[string]struct{ read, want string }{
		"ask":            {pasted, "the-linkfalse"},
		"decide-landing": {pasted, "the-linkfalse"},
		"sign-in-again":  {`[...document.querySelectorAll('[name=to]')].map((to) => to.value).join()`, "/reports?year=2026#the-link,/reports?year=2026#the-link"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := visit(b, origin+"/"+name+"#the-link", "light", 390, 844); err != nil {
				t.Fatal(err)
			}
			got, err := chromedp.Run(b.Context, chromedp.Evaluate[string](tc.read))
			if err != nil {
				t.Fatal(err)
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
