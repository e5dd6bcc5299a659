package caddymodule

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

const stopSite = "doorpost {\n allow *@example.com\n}\n" + whoami

// ask asks for a link and returns the token of the message.
func (b *browser) ask(address string) (token string) {
	b.t.Helper()
	b.tryAsk(address)
	return b.receiveToken(address)
}

func (b *browser) tryAsk(address string) answer {
	b.t.Helper()
	got := b.post("/_doorpost/sign-in", url.Values{"email": {address}})
	if got.status != http.StatusSeeOther {
		b.t.Fatalf("asking for a link is answered with %d: %s", got.status, got.body)
	}
	return got
}

// stop presses the button of the stop page.
func (b *browser) stop(pasted string) answer {
	b.t.Helper()
	return b.post("/_doorpost/stop", url.Values{"token": {pasted}})
}

var mutedLine = regexp.MustCompile(`"silent": ?"muted"`)

// mutedSoFar is how many requests were answered with silence for that reason.
func (g *gateway) mutedSoFar() int { return len(mutedLine.FindAllString(g.logged(), -1)) }

// markLife is how long the browser is told to keep its mark.
func (a answer) markLife(t *testing.T) time.Duration {
	t.Helper()
	for _, cookie := range (&http.Response{Header: a.header}).Cookies() {
		if strings.HasPrefix(cookie.Name, "doorpost-ask") {
			return time.Duration(cookie.MaxAge) * time.Second
		}
	}
	return 0
}

func TestTheReaderOfAMessageStopsIt(t *testing.T) {
	g := newGateway(t, "", stopSite)
	stranger, reader := g.newBrowser(), g.newBrowser()
	token := stranger.ask("alice@example.com")
	if got := reader.stop(token); got.status != http.StatusOK || !strings.Contains(got.body, "We have stopped these messages") || !strings.Contains(got.body, "24 hours") {
		t.Fatalf("stopping is answered with %d: %s", got.status, got.body)
	} else if len(got.header["Set-Cookie"]) > 0 {
		t.Errorf("it sets %q", got.header["Set-Cookie"])
	}
	if got := stranger.post("/_doorpost/link", url.Values{"token": {token}}); got.status != http.StatusGone {
		t.Errorf("the link is answered with %d afterwards, want 410", got.status)
	}
	if g.mutedSoFar() != 0 {
		t.Fatal("somebody was muted before")
	}
	stranger.tryAsk("alice@example.com")
	g.newBrowser().tryAsk("alice@example.com")
	if n := g.mutedSoFar(); n != 2 {
		t.Errorf("%d of 2 requests of strangers were muted", n)
	}
	stranger.ask("bob@example.com") // nobody else is
	if got := reader.stop(token); got.status != http.StatusOK {
		t.Errorf("pressing the button twice is answered with %d", got.status)
	}
}

func TestLookingAtTheStopPageDoesNothingAndNeedsNothing(t *testing.T) {
	g := newGateway(t, "", stopSite)
	b := g.newBrowser()
	token := b.ask("alice@example.com")
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		got := g.newBrowser().do(method, "/_doorpost/stop?token="+token, nil)
		if got.status != http.StatusOK || len(got.header["Set-Cookie"]) > 0 {
			t.Errorf("%s is answered with %d and sets %q", method, got.status, got.header["Set-Cookie"])
		}
		if strings.Contains(got.body, "data-here") || method == http.MethodGet && !strings.Contains(got.body, `name="token"`) {
			t.Errorf("the page is %s", got.body)
		}
	}
	if got := b.post("/_doorpost/stop?token="+token, nil); got.status != http.StatusUnprocessableEntity {
		t.Errorf("a token in the query is answered with %d, want 422", got.status)
	}
	if got := b.do(http.MethodPost, "/_doorpost/stop", strings.NewReader("token="+token),
		"Content-Type", "application/x-www-form-urlencoded", "Origin", "https://elsewhere.example"); got.status != http.StatusForbidden {
		t.Errorf("a form of another site is answered with %d, want 403", got.status)
	}
	if got := b.post("/_doorpost/link", url.Values{"token": {token}}); got.status != http.StatusSeeOther {
		t.Errorf("the link is answered with %d afterwards, want 303", got.status)
	}
}

func TestAPersonMayPasteTheWholeLink(t *testing.T) {
	g := newGateway(t, "", stopSite)
	for name, pasted := range map[string]func(token string) string{
		"the link that stops":    func(token string) string { return g.origin() + "/_doorpost/stop#" + token },
		"the link that signs in": func(token string) string { return g.origin() + "/_doorpost/link#" + token },
		"the token":              func(token string) string { return token },
		"with spaces around":     func(token string) string { return "  " + g.origin() + "/_doorpost/stop#" + token + " \t" },
	} {
		address := strings.ReplaceAll(name, " ", ".") + "@example.com"
		if got := g.newBrowser().stop(pasted(g.newBrowser().ask(address))); got.status != http.StatusOK {
			t.Errorf("%s is answered with %d: %s", name, got.status, got.body)
		}
	}
}

func TestWhatIsNoLinkStopsNothingAndSaysSo(t *testing.T) {
	g := newGateway(t, "", stopSite)
	b := g.newBrowser()
	token := b.ask("alice@example.com")
	backwards := []byte(token)
	slices.Reverse(backwards)
	for _, pasted := range []string{"", "#", "hello", token[:len(token)-1], token + "a", string(backwards), g.origin() + "/_doorpost/stop#"} {
		got := g.newBrowser().stop(pasted)
		if got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "too old") || !strings.Contains(got.body, `name="token"`) {
			t.Errorf("%q is answered with %d: %s", pasted, got.status, got.body)
		}
	}
	if got := b.post("/_doorpost/link", url.Values{"token": {token}}); got.status != http.StatusSeeOther {
		t.Errorf("the link is answered with %d afterwards, want 303", got.status)
	}
}

func TestTheConfirmPageHasAWayToSayThatItWasNotMe(t *testing.T) {
	g := newGateway(t, "", stopSite)
	stranger, reader := g.newBrowser(), g.newBrowser()
	token := stranger.ask("alice@example.com")
	page := reader.post("/_doorpost/link", url.Values{"token": {token}})
	if page.status != http.StatusOK || !strings.Contains(page.body, `formaction="/_doorpost/stop"`) || !strings.Contains(page.body, "It was not me") {
		t.Fatalf("the confirm page is %d: %s", page.status, page.body)
	}
	confirm := regexp.MustCompile(`name="confirm" value="([^"]+)"`).FindStringSubmatch(page.body)[1]
	got := reader.post("/_doorpost/stop", url.Values{"token": {token}, "confirm": {confirm}})
	if got.status != http.StatusOK || len(got.header["Set-Cookie"]) > 0 {
		t.Errorf("it is answered with %d and sets %q", got.status, got.header["Set-Cookie"])
	}
	if got := stranger.post("/_doorpost/link", url.Values{"token": {token}}); got.status != http.StatusGone {
		t.Errorf("the link is answered with %d afterwards, want 410", got.status)
	}
}

func TestABrowserInWhichSomebodySignedInIsNotMutedForThem(t *testing.T) {
	const halfAYear = 180 * 24 * time.Hour
	g := newGateway(t, "", stopSite)
	own, other, stranger := g.newBrowser(), g.newBrowser(), g.newBrowser()
	if life := own.tryAsk("alice@example.com").markLife(t); life == 0 || life > 24*time.Hour {
		t.Errorf("a browser that asks for the first time keeps its mark for %s", life)
	}
	token := own.receiveToken("alice@example.com")
	if life := own.post("/_doorpost/link", url.Values{"token": {token}}).markLife(t); life != halfAYear {
		t.Errorf("a browser in which somebody signed in keeps its mark for %s", life)
	}
	// In another one she confirms a link that her own asked for.
	token = own.ask("alice@example.com")
	page := other.post("/_doorpost/link", url.Values{"token": {token}})
	if len(page.header["Set-Cookie"]) > 0 {
		t.Errorf("before anybody has signed in, the browser is marked: %q", page.header["Set-Cookie"])
	}
	confirm := regexp.MustCompile(`name="confirm" value="([^"]+)"`).FindStringSubmatch(page.body)[1]
	confirmed := other.post("/_doorpost/link", url.Values{"token": {token}, "confirm": {confirm}})
	if confirmed.status != http.StatusSeeOther || confirmed.markLife(t) != halfAYear {
		t.Fatalf("confirming is answered with %d and a mark for %s", confirmed.status, confirmed.markLife(t))
	}

	if got := stranger.stop(stranger.ask("alice@example.com")); got.status != http.StatusOK {
		t.Fatalf("stopping is answered with %d", got.status)
	}
	for name, b := range map[string]*browser{"her own": own, "where she confirmed": other} {
		b.post("/_doorpost/sign-out", url.Values{})
		if life := b.tryAsk("alice@example.com").markLife(t); life != halfAYear {
			t.Errorf("%s: asking again, the browser keeps its mark for %s", name, life)
		}
		token := b.receiveToken("alice@example.com")
		if got := b.post("/_doorpost/link", url.Values{"token": {token}}); got.status != http.StatusSeeOther {
			t.Errorf("%s: the link is answered with %d", name, got.status)
		}
	}
	if g.mutedSoFar() != 0 {
		t.Error("somebody was muted in a browser of their own")
	}
	stranger.tryAsk("alice@example.com")
	// What is familiar with one person is a stranger to another.
	bob := g.newBrowser()
	bob.signIn("bob@example.com")
	bob.tryAsk("alice@example.com")
	if n := g.mutedSoFar(); n != 2 {
		t.Errorf("%d of 2 requests of strangers were muted", n)
	}
}

func TestAFamiliarBrowserSignsNobodyInWithALinkThatItDidNotAskFor(t *testing.T) {
	g := newGateway(t, "", stopSite)
	familiar, asked := g.newBrowser(), g.newBrowser()
	familiar.signIn("alice@example.com")
	token := asked.ask("alice@example.com")
	got := familiar.post("/_doorpost/link", url.Values{"token": {token}})
	if got.status != http.StatusOK || !strings.Contains(got.body, `name="confirm"`) {
		t.Errorf("the link is answered with %d: %s", got.status, got.body)
	}
}

func TestAMarkThatWasTamperedWithIsNone(t *testing.T) {
	g := newGateway(t, "", stopSite)
	b := g.newBrowser()
	b.signIn("alice@example.com")
	site := &url.URL{Scheme: "http", Host: strings.TrimPrefix(g.origin(), "http://"), Path: "/"}
	var mark string
	for _, cookie := range b.client.Jar.Cookies(site) {
		if strings.HasPrefix(cookie.Name, "doorpost-ask") {
			mark = cookie.Value
		}
	}
	if mark == "" {
		t.Fatal("the browser has no mark")
	}
	for _, value := range []string{"x" + mark[1:], mark[:len(mark)-4], strings.ToUpper(mark), "AQ"} {
		thief := g.newBrowser()
		thief.client.Jar.SetCookies(site, []*http.Cookie{{Name: "doorpost-ask-" + g.port, Value: value, Path: "/"}})
		if got := thief.get("/_doorpost/link"); strings.Contains(got.body, "data-here") {
			t.Errorf("the mark %q counts", value)
		}
	}
}
