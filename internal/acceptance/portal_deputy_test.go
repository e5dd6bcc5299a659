package acceptance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/doorpost-auth/doorpost/internal/testkit/browser"
)

// timeSince is what goes by in the output of commands.
var timeSince = regexp.MustCompile(`\b\d+[smh]\b`)

// state is all that a hostile app could want to change, as the admin's commands tell it.
func (w *front) state() string {
	w.t.Helper()
	w.comesToRest()
	said := w.succeeds("users", "list") + w.succeeds("users", "show", "ada@example.com") + w.succeeds("requests", "list")
	return strings.Join(strings.Fields(timeSince.ReplaceAllString(said, "")), " ") + fmt.Sprintf(" %d messages", len(w.mail.all()))
}

// deeds are the forms of all pages, with whatever an attacker could know to put into them.
func deeds(request string, own message) map[string]map[string]string {
	return map[string]map[string]string{
		"/account/address": {"email": "mallory@example.com"}, "/account/recovery": {"email": "mallory@example.com"}, "/account/delete": {"confirm": "yes"},
		"/account/confirm": {"code": "AAAA-2222", "new_code": "AAAA-2222"}, "/people": {"request": request, "decision": "always"}, "/ask": {"words": "Let me in", "to": "/"},
		"/decide": {"token": own.token, "decision": "always"}, "/sign-in": {"email": "victim@example.com"}, "/link": {"token": own.token, "confirm": "yes"},
		"/code": {"code": own.code}, "/stop": {"token": own.token}, "/enter": {"ticket": "x"},
	}
}

// An app whose scripts are an attacker's has an admin of the store as a visitor. They send
// each form of each page to the app's own origin and to the portal, frame its pages, and
// open them in windows.
func TestAScriptOfAHostileAppCanOnlySignOut(t *testing.T) {
	t.Parallel()
	w := startFront(t, plan{onLoopback: true, serve: showAsked, setup: setup{global: "admins ada@example.com"}, wiki: "allow ada@example.com\nask boss@example.com"})
	eve, mallory := w.visitor(w.portal), w.visitor(w.portal)
	eve.ask("eve@elsewhere.example", w.wiki+"/").is(t, http.StatusSeeOther)
	eve.submit("/_doorpost/ask", "token", w.mail.await("eve@elsewhere.example").token).says(t, "Your request is on its way")
	var requests []struct{ ID string }
	w.prints(&requests, "requests", "list")
	mallory.ask("mallory@example.com", w.app+"/")
	all := deeds(requests[0].ID, w.mail.await("mallory@example.com"))

	p := w.profile()
	tab, elsewhere := w.tab(p), w.visitor(w.portal)
	w.signIn(elsewhere, "ada@example.com", w.wiki+"/")
	tab.open(w.ask(tab, w.app+"/", "ada@example.com").link)
	tab.arrives(w.app+"/", "ada@example.com")
	before := w.state()

	for _, words := range []string{"404", "403", "401", "405", "CORS", "ERR_FAILED", "ERR_BLOCKED_BY_RESPONSE", "frame-ancestors", "Cross-Origin-Opener-Policy"} {
		tab.expect(words) // all of it fails, and the browser says so
	}
	tab.sendsForms(w, all)
	tab.framesPages(w)
	tab.opensWindows(w)
	for path, fields := range all {
		tab.open(w.app + "/")
		tab.arrives(w.app+"/", "ada@example.com")
		if _, err := evaluate[bool](tab, submits(w.portal+"/_doorpost"+path, fields)); err != nil {
			t.Fatal(err)
		}
		tab.awaitLocation(w.portal + "/_doorpost" + path)
		if path == "/enter" {
			tab.awaitText("This page cannot be used in that way.")
		} else {
			tab.awaitText("This came from another page, not from ours.")
		}
	}
	if after := w.state(); after != before {
		t.Errorf("a hostile app made\n%s\n\nof\n\n%s", after, before)
	}
	tab.open(w.wiki + "/")
	tab.arrives(w.wiki+"/", "ada@example.com")

	// What it can do is to sign the person out, in this browser.
	tab.open(w.app + "/")
	tab.arrives(w.app+"/", "ada@example.com")
	if _, err := evaluate[string](tab, `fetch("/_doorpost/sign-out", { method: "POST", redirect: "manual", body: new URLSearchParams({ scope: "all" }) }).then(r => r.type)`); err != nil {
		t.Fatal(err)
	}
	tab.open(w.portal + "/_doorpost/account")
	tab.awaitText("Type your email address")
	if who := elsewhere.who(); who != "ada@example.com" {
		t.Errorf("signed out in one browser by its app, and in another %q is signed in", who)
	}
}

// sendsForms has a script send each form to both origins, and try to read pages.
func (b *tab) sendsForms(w *front, all map[string]map[string]string) {
	b.t.Helper()
	list, err := json.Marshal(all)
	if err != nil {
		b.t.Fatal(err)
	}
	got, err := evaluate[[]string](b, fmt.Sprintf(`(async () => {
		const said = [], deeds = %s, portal = %q;
		const note = async (what, sent) => said.push(what + " " + await sent.then(r => r.type + " " + r.status, () => "unreadable"));
		for (const [path, fields] of Object.entries(deeds)) {
			const own = "/_doorpost" + path, form = () => ({ method: "POST", credentials: "include", body: new URLSearchParams(fields) });
			await note("own POST", fetch(own, { ...form(), redirect: "manual" }));
			await note("portal POST", fetch(portal + own, form()));
			await note("portal blind POST", fetch(portal + own, { ...form(), mode: "no-cors" }));
			await note("portal GET", fetch(portal + own, { credentials: "include" }));
			if (path !== "/enter" && path !== "/sign-in") await note("own GET", fetch(own));
			navigator.sendBeacon(portal + own, new URLSearchParams(fields));
		}
		for (const path of ["/_doorpost/session", "/_doorpost/account"]) {
			await note("portal GET", fetch(portal + path, { credentials: "include" }));
			await note("portal blind GET", fetch(portal + path, { credentials: "include", mode: "no-cors" }));
		}
		return [...new Set(said)].sort();
	})()`, list, w.portal))
	want := []string{"own GET unreadable", "own POST basic 404", "portal GET unreadable", "portal POST unreadable", "portal blind GET unreadable", "portal blind POST unreadable"}
	if err != nil || !slices.Equal(got, want) {
		b.t.Errorf("the scripts of the app got %q, want %q (%v)", got, want, err)
	}
}

// submits is a script that sends a form as a person would, so that the tab shows the answer.
func submits(action string, fields map[string]string) string {
	list, _ := json.Marshal(fields)
	return fmt.Sprintf(`(() => {
		const f = Object.assign(document.createElement("form"), { method: "post", action: %q });
		for (const [name, value] of Object.entries(%s)) f.append(Object.assign(document.createElement("input"), { name, value }));
		document.body.append(f);
		f.submit();
		return true;
	})()`, action, list)
}

// framesPages puts pages of ours into frames. The browser shows none.
func (b *tab) framesPages(w *front) {
	b.t.Helper()
	pages := []string{w.portal + "/_doorpost/account", w.portal + "/_doorpost/people", w.portal + "/_doorpost/sign-out", w.portal + "/_doorpost/link#x", w.app + "/_doorpost/sign-out"}
	for _, page := range pages {
		b.checkConsole()
		if _, err := evaluate[bool](b, fmt.Sprintf(`new Promise(done => {
			const f = Object.assign(document.createElement("iframe"), { src: %q, name: "framed" });
			f.onload = () => done(true);
			document.body.append(f);
		})`, page)); err != nil {
			b.t.Fatal(err)
		}
		await(b.t, "the browser to refuse to frame "+page, func() bool {
			_, complaints := b.Heard()
			return slices.ContainsFunc(complaints, func(c browser.Complaint) bool { return strings.Contains(c.Text, "frame-ancestors 'none'") })
		})
	}
}

// opensWindows opens pages of ours in windows. The person sees them, and the app's hold of
// the window is gone.
func (b *tab) opensWindows(w *front) {
	b.t.Helper()
	for _, page := range []string{w.portal + "/_doorpost/account", w.portal + "/_doorpost/people", w.app + "/_doorpost/sign-out"} {
		if open, err := evaluate[bool](b, fmt.Sprintf("!!(window.opened = window.open(%q))", page)); err != nil || !open {
			b.t.Fatalf("opening a window: %v, %v", open, err)
		}
		await(b.t, "the window of "+page+" to be closed for the app", func() bool {
			closed, err := evaluate[bool](b, "opened.closed")
			return err == nil && closed
		})
		var id target.ID
		await(b.t, "the window of "+page, func() bool {
			targets, err := chromedp.Targets(b.Context)
			for _, info := range targets {
				if info.Type == "page" && info.URL == page {
					id = info.TargetID
				}
			}
			return err == nil && id != ""
		})
		ctx, cancel := chromedp.NewContext(b.Context, chromedp.WithTargetID(id))
		window := &tab{t: b.t, Tab: &browser.Tab{Context: ctx}}
		said := ""
		await(b.t, "the window of "+page+" to say whose it is", func() bool {
			said, _ = evaluate[string](window, `(window.opener ? "opened by a page " : "") + document.body.innerText`)
			return strings.Contains(said, "ada@example.com")
		})
		if strings.HasPrefix(said, "opened by a page") {
			b.t.Errorf("the window of %s has an opener", page)
		}
		cancel() // closes it
	}
}
