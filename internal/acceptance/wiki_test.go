package acceptance

import (
	"net/http"
	"net/http/httptest"
	"strconv"
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
	b.awaitScript() // which puts the cursor to the start
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
func TestAnEditOfAWikiThatMeetsAnEndedSessionIsSentAgain(t *testing.T) {
	t.Parallel()
	g := startWiki(t)
	person := g.profile()
	tab := person.newTab()
	g.enter(tab, wikiPage+"&do=edit", "ada@example.com")
	const typed = "===== Grüße =====\n\n  * 1 < 2 && \"3\" > 'x'\n  * 100 % + €, 日本, 😀 &amp; <b>\\\\"
	const editor = `document.querySelector("#wiki__text").value`
	tab.click("#wiki__text") // once it is there
	if _, err := evaluate[string](tab, editor+" = "+strconv.Quote(typed)); err != nil {
		t.Fatal(err)
	}
	g.endSessions("ada@example.com")
	tab.expect("status of 401")
	tab.save()
	tab.awaitText("Sign in, then send it again")
	tab.awaitText("What you typed is kept on this page.")
	tab.picture("wiki-kept")
	tab.click("main .button")
	window := person.window()
	window.signInByCode(g.mail, "ada@example.com")
	tab.awaitText("You are signed in as ada@example.com. Now send it again.")
	window.awaitClosed()
	tab.awaitGone("Sign in\n")
	tab.picture("wiki-kept-signed-in")
	tab.click("form button")
	tab.awaitText("by ada@example.com") // below the page that was saved
	tab.open(wikiPage + "&do=edit")
	tab.awaitScript()
	if saved, err := evaluate[string](tab, editor); err != nil || strings.TrimSpace(saved) != typed {
		t.Errorf("the wiki has %q of %q (%v)", saved, typed, err)
	}
}

// A page that a browser may keep has what was typed, on the way back. That is what is left
// for a form with files.
func TestAFormThatIsNotKeptIsStillFilledInOnTheWayBack(t *testing.T) {
	t.Parallel()
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<!doctype html><link rel=icon href="data:,"><title>form</title><form method=post enctype=multipart/form-data><textarea id=words name=words></textarea><button>Save</button></form>` + r.FormValue("words")))
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
