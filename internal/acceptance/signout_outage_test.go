package acceptance

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/redistest"
)

// Somebody leaves the library, and the store is away: the browser must not stay signed in,
// and the page must not say that all is done.
func TestSigningOutWithoutTheStoreForgetsTheBrowserAndSaysWhatIsLeft(t *testing.T) {
	t.Parallel()
	between := redistest.Between(t, redistest.Single(t))
	g := start(t, setup{store: "redis " + between.URL(), global: "secret " + newSecret(), silent: true})
	scopes := map[string]struct {
		fields []string
		forget bool
	}{
		"here": {nil, true}, "everywhere": {[]string{"scope", "all"}, true},
		"elsewhere": {[]string{"scope", "others"}, false}, "another": {[]string{"session", strings.Repeat("ab", 16)}, false},
	}
	visitors, copies := make(map[string]*visitor), make(map[string]*visitor)
	for name := range scopes {
		visitors[name] = g.signedIn(name + "@example.com")
		visitors[name].open("/").echo(t)
		copies[name] = visitors[name].twin()
	}
	check := func(known bool) {
		t.Helper()
		for name, scope := range scopes {
			v := copies[name].twin()
			page := v.open("/_doorpost/sign-out").is(t, http.StatusOK)
			if strings.Contains(page.text(), name+"@example.com") != known {
				t.Errorf("%s: who is known: %v, and the page says %s", name, known, page.text())
			}
			a, _ := v.try(v.form("/_doorpost/sign-out", scope.fields...)) // the error says that it is a server error
			if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
				t.Errorf("%s: answered %d, Retry-After %q: %s", name, a.status, a.header.Get("Retry-After"), a.text())
			}
			if again := a.loadedAs(t); scope.forget {
				v.open(again).is(t, http.StatusOK).says(t, "may still be signed in elsewhere")
			}
			_, kept := v.sessionCookie()
			if (kept == "") != scope.forget || strings.Contains(a.text(), "may still be signed in elsewhere") != scope.forget || strings.Contains(a.text(), "cannot sign you in") {
				t.Errorf("%s: the cookie is %q, and the page says %s", name, kept, a.text())
			}
		}
	}
	between.Cut()
	check(true)
	g.gate.stop()
	g.run()
	check(false)
	between.Mend(t)
	for name, v := range copies {
		await(t, name+" to be signed in still", func() bool {
			who, err := v.tryWho()
			return err == nil && who == name+"@example.com"
		})
		v.submit("/_doorpost/sign-out", scopes[name].fields...)
		if who, err := v.tryWho(); err == nil && who != "" && scopes[name].forget {
			t.Errorf("%s: with the store signing out leaves %s signed in", name, who)
		}
	}
}

var reloadAs = regexp.MustCompile(`<html[^>]* data-reload-as="([^"]*)"`)

// loadedAs is the path under which the script has a page loaded again that answers a form.
func (a answer) loadedAs(t *testing.T) string {
	t.Helper()
	found := reloadAs.FindStringSubmatch(a.body)
	if found == nil {
		t.Fatalf("loading the page again sends the form again: %s", a.text())
	}
	return found[1]
}

// A site cannot take the cookie of the portal, with which one click would sign in again.
func TestSigningOutAtASiteWithoutTheStoreLeadsToThePortal(t *testing.T) {
	t.Parallel()
	const signOut = "/_doorpost/sign-out"
	between := redistest.Between(t, redistest.Single(t))
	f := startFronts(t, between.URL(), plan{})
	ada := f.traveller()
	ada.signsIn("ada@example.com", appOrigin+"/")
	ada.isIn("ada@example.com", wikiOrigin)
	app, login, script := ada.at(appOrigin), ada.at(loginOrigin), ada.copied().at(appOrigin)
	failed := func(v *visitor, words string, links ...string) {
		t.Helper()
		a, _ := v.try(v.form(signOut)) // the error says that it is a server error
		if a.is(t, http.StatusServiceUnavailable).says(t, words); !slices.Equal(a.links(), links) {
			t.Errorf("the page leads to %q, want %q", a.links(), links)
		}
		if _, kept := v.sessionCookie(); kept != "" {
			t.Error("the browser keeps the cookie")
		}
		if again := v.open(a.loadedAs(t)); again.status == http.StatusSeeOther {
			again.leadsTo(t, loginOrigin+signOut)
		} else {
			again.is(t, http.StatusOK).says(t, words)
		}
	}

	between.Cut()
	failed(app, "still signed in at login.example.com, and so at other sites", loginOrigin+signOut)
	program := script.script(http.MethodPost, signOut)
	program.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	a, _ := script.try(program)
	if detail, _ := a.isProblem(t, http.StatusServiceUnavailable)["detail"].(string); !strings.Contains(detail, "sign out at "+loginOrigin+signOut+", too") {
		t.Errorf("a script is told %q", detail)
	}
	if forms := ada.open(loginOrigin+signOut).is(t, http.StatusOK).forms(t); len(forms) != 1 || forms[0].action != signOut {
		t.Fatalf("without the store the portal shows the forms %+v", forms)
	}
	failed(login, "other sites may still be open, in this browser too", "/_doorpost/sign-in")

	between.Mend(t)
	f.reaches("the store to be reached again")
	ada.isIn("ada@example.com", wikiOrigin) // as the page said
	_, page := ada.goes(appOrigin + "/")
	page.is(t, http.StatusOK).says(t, "Your email address")
	ada.signsIn("ada@example.com", appOrigin+"/")
	login.submit(signOut, "scope", "all").leadsTo(t, signOut)
	ada.isOver(t, time.Now())
}
