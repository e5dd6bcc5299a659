package acceptance

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

// openAtOnce has each tab go to a page of its own, all in the same moment.
func (w *front) openAtOnce(tabs []*tab, what string) (urls []string) {
	w.t.Helper()
	moment := time.Now().Add(time.Second).UnixMilli()
	for i, tab := range tabs {
		urls = append(urls, fmt.Sprintf("%s/report?page=%d&what=%s", w.app, i, url.QueryEscape(what)))
		script := fmt.Sprintf("setTimeout(() => { location.href = %q }, %d - Date.now()), true", urls[i], moment)
		if _, err := evaluate[bool](tab, script); err != nil {
			w.t.Fatal(err)
		}
	}
	return urls
}

// A browser that comes back with all its tabs gets to each, whatever hop cookies and
// sessions they take out of one another's hands.
func TestManyTabsAtOnceAllArrive(t *testing.T) {
	t.Parallel()
	w := startFront(t, plan{serve: showAsked})
	p := w.profile()
	tabs := make([]*tab, 10)
	for i := range tabs {
		tabs[i] = w.tab(p)
	}
	urls := w.openAtOnce(tabs, "first")
	for _, tab := range tabs {
		tab.awaitText("Type your email address")
		if steps := tab.steps(); strings.Contains(strings.Join(steps, " "), "ticket=") {
			t.Errorf("without a session at the portal a tab asks for %q", steps)
		}
	}
	// The person signs in in one of them, and loads the others anew.
	tabs[3].typeInto("#email", "ada@example.com")
	tabs[3].click("form button")
	tabs[3].awaitText("Check your mail")
	tabs[3].open(w.mail.await("ada@example.com").link)
	tabs[3].arrives(urls[3], "ada@example.com")
	urls = w.openAtOnce(tabs, "signed in")
	for i, tab := range tabs {
		tab.arrives(urls[i], "ada@example.com")
		tab.steps()
	}

	// The browser has a session at the portal, and none at the app.
	for round := range 3 {
		tabs[0].forget(w.app)
		urls = w.openAtOnce(tabs, fmt.Sprintf("again %d", round))
		for i, tab := range tabs {
			tab.arrives(urls[i], "ada@example.com")
			if steps := tab.steps(); len(steps) > 1+3*4 {
				t.Errorf("tab %d goes round in circles: %q", i, steps)
			}
		}
	}
}
