package acceptance

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

const (
	wiki      = "https://wiki.example.com"
	wikiPage  = wiki + "/doku.php?id=start"
	wikiTyped = "What nobody wants to type twice"
)

// startWiki starts DokuWiki behind the gate, as the recipe has it.
func startWiki(t testing.TB) *recipe {
	t.Helper()
	app := testkit.StartDokuWiki(t)
	return startRecipe(t, "php-apps.md", "", "/usr/share/dokuwiki", app.Files,
		"unix//run/php/php8.2-fpm.sock", app.Address+" {\nroot "+app.Root+"\n}")
}

// write types into the editor of the wiki.
func (b *tab) write(words string) {
	b.t.Helper()
	b.typeInto("#wiki__text", words)
}

// save presses the button of the editor.
func (b *tab) save() {
	b.t.Helper()
	b.click("#edbtn__save")
}

func TestAWikiKnowsWhoWrites(t *testing.T) {
	t.Parallel()
	g := startWiki(t)
	tab := g.profile().newTab()
	g.enter(tab, wikiPage+"&do=edit", "ada@example.com")
	tab.write(wikiTyped)
	tab.save()
	tab.awaitText("by ada@example.com") // below the page that was saved
	tab.awaitText(wikiTyped)
	if location := tab.location(); !strings.HasPrefix(location, wikiPage) {
		t.Errorf("the page that was saved is at %s", location)
	}
}

// Somebody writes, their session ends, they save.
func TestFormOfAWikiThatMeetsAnEndedSessionIsNotTakenForSaved(t *testing.T) {
	t.Parallel()
	g := startWiki(t)
	tab := g.profile().newTab()
	g.enter(tab, wikiPage+"&do=edit", "ada@example.com")
	tab.write(wikiTyped)
	g.endSessions("ada@example.com")
	tab.expect("status of 401")
	tab.save()
	tab.awaitText("Nothing was sent")
	tab.awaitText("Sign in")
	tab.picture("wiki-not-sent")

	// The page of the editor is one that no browser may keep: the way back asks the
	// wiki for it anew.
	tab.back()
	tab.awaitText("Type your email address")

	// Who signs in comes to the editor, which works.
	tab.typeInto("#email", "ada@example.com")
	tab.click("form button")
	tab.awaitText("Check your mail")
	tab.open(g.mail.await("ada@example.com").link)
	tab.awaitLocation(wikiPage + "&do=edit")
	if text, err := evaluate[string](tab, `document.querySelector("#wiki__text").value`); err != nil || strings.Contains(text, wikiTyped) {
		t.Errorf("the wiki has %q of what was not sent (%v)", text, err)
	}
	tab.write("typed again")
	tab.save()
	tab.awaitText("typed again")
	tab.awaitText("by ada@example.com")
}

// A page that a browser may keep has what was typed, on the way back.
func TestFormThatMeetsAnEndedSessionIsStillFilledInOnTheWayBack(t *testing.T) {
	t.Parallel()
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<!doctype html><link rel=icon href="data:,"><title>form</title><form method=post><textarea id=words name=words></textarea><button>Save</button></form>` + r.FormValue("words")))
	}))
	t.Cleanup(app.Close)
	g := start(t, setup{behind: "reverse_proxy " + app.Listener.Addr().String()})
	tab := newProfile(t).newTab()
	tab.signInAs(g, "ada@example.com")
	tab.typeInto("#words", wikiTyped)
	g.endSessions("ada@example.com")
	tab.expect("status of 401")
	tab.click("form button")
	tab.awaitText("Nothing was sent")
	tab.back()
	tab.awaitLocation(g.origin + "/")
	await(t, "the form as it was filled in", func() bool {
		text, err := evaluate[string](tab, `document.querySelector("#words").value`)
		return err == nil && text == wikiTyped
	})
}
