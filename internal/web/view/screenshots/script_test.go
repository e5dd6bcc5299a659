package main

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/doorpost-auth/doorpost/internal/text"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// goingOn is what the page that waits says before it goes on, and the time on it.
const goingOn = `new Promise((said) => {
	const status = document.querySelector('[data-going-on]');
	new MutationObserver(() => said([status.textContent, document.querySelector('time').textContent])).observe(status, {childList: true});
})`

func TestThePageThatWaitsSaysThatItGoesOn(t *testing.T) {
	t.Parallel()
	samples, err := handler(text.Default)
	if err != nil {
		t.Fatal(err)
	}
	views, err := view.New(view.Brand{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := text.Load()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			if err := views.Render(w, catalogue.Languages()[0], view.CheckMail{Typed: "ada@example.com", To: "/there", Until: time.Now()}, false); err != nil {
				t.Error(err)
			}
		case "/_doorpost/session": // somebody has signed in, in another tab
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte("{}"))
		default:
			samples.ServeHTTP(w, r)
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
	said, err := chromedp.Run(b.Context, chromedp.Evaluate[[]string](goingOn, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	if said[0] != "You are signed in. Going on…" {
		t.Errorf("it says %q", said[0])
	}
	if today := said[1]; !strings.Contains(today, ":") || strings.Contains(today, strconv.Itoa(time.Now().Year())) {
		t.Errorf("a time of today is shown as %q", today)
	}
}
