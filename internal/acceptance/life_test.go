package acceptance

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestLinkWorksOnce(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	v := g.visitor()
	v.ask("ada@example.com", "/")
	m := g.mail.await("ada@example.com")
	v.submit("/_doorpost/link", "token", m.token).leadsTo(t, "/")
	again := v.submit("/_doorpost/link", "token", m.token).is(t, http.StatusGone).setsNoSession(t)
	again.says(t, "This link has been used").says(t, "You are signed in already")
	v.submit("/_doorpost/code", "code", m.code).setsNoSession(t).says(t, "This code has been used.")

	// Whoever holds no request cookie learns nothing more than that.
	stranger := g.visitor().submit("/_doorpost/link", "token", m.token).is(t, http.StatusGone).setsNoSession(t)
	stranger.says(t, "This link has been used")
	if strings.Contains(stranger.body, "ada@example.com") {
		t.Error("a stranger learns whose link it was")
	}
}

func TestLinkThatWasNeverMadeIsUnknown(t *testing.T) {
	t.Parallel()
	g, elsewhere := start(t, setup{}), start(t, setup{})
	v := g.visitor()
	v.ask("ada@example.com", "/")
	m := g.mail.await("ada@example.com")
	elsewhere.visitor().ask("ada@example.com", "/")
	foreign := elsewhere.mail.await("ada@example.com").token
	garbage := []string{
		"", " ", "x", foreign, strings.Repeat("a", 40), strings.ToUpper(m.token), m.token + "a", m.token[1:], m.token[:39], m.token + m.token,
		"../" + m.token, "%00", "\x00", m.token[:25] + strings.Repeat("\n", 15), strings.Repeat("\r\n", 20), "null", "{}", strings.Repeat("a", 15000), "ﬀﬀ", m.code,
	}
	// Every character counts.
	for i := range m.token {
		other := byte('a')
		if m.token[i] == other {
			other = 'b'
		}
		garbage = append(garbage, m.token[:i]+string(other)+m.token[i+1:])
	}
	for _, token := range garbage {
		a := v.submit("/_doorpost/link", "token", token).is(t, http.StatusUnprocessableEntity).setsNoSession(t)
		a.says(t, "This link does not work")
	}
	v.submit("/_doorpost/link", "token", m.token).leadsTo(t, "/")
}

func TestFiveWrongCodesEndTheCodesAndNotTheLink(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	v := g.visitor()
	v.ask("ada@example.com", "/")
	m := g.mail.await("ada@example.com")
	for _, garbage := range []string{"", "' OR 1=1 --", strings.Repeat("A", 9000)} {
		v.submit("/_doorpost/code", "code", garbage).is(t, http.StatusUnprocessableEntity).says(t, "That cannot be the code.")
	}
	wrong := []string{"AAAA-AAAA", "bbbb cccc", "Code: DDDD-EEEE.", "22223333", "ZZZZ-ZZZZ"}
	for i, code := range wrong[:4] {
		a := v.submit("/_doorpost/code", "code", code).is(t, http.StatusUnprocessableEntity).setsNoSession(t)
		left := []string{"You have 4 more tries.", "You have 3 more tries.", "You have 2 more tries.", "You have one more try."}
		a.says(t, left[i])
	}
	v.submit("/_doorpost/code", "code", wrong[4]).is(t, http.StatusUnprocessableEntity).says(t, "Too many wrong codes")
	v.submit("/_doorpost/code", "code", m.code).is(t, http.StatusUnprocessableEntity).setsNoSession(t)
	if who := v.who(); who != "" {
		t.Errorf("%q is signed in after five wrong codes", who)
	}
	v.submit("/_doorpost/link", "token", m.token).leadsTo(t, "/") // whoever types codes does not end what is in the mailbox
}

func TestAskingAgainDoesNotBringBackTries(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	v := g.visitor()
	v.ask("ada@example.com", "/")
	g.mail.await("ada@example.com")
	for range 4 {
		v.submit("/_doorpost/code", "code", "AAAA-AAAA").is(t, http.StatusUnprocessableEntity)
	}
	v.ask("ada@example.com", "/")
	second := g.mail.await("ada@example.com")
	v.submit("/_doorpost/code", "code", "AAAA-AAAA").says(t, "Too many wrong codes")
	v.submit("/_doorpost/code", "code", second.code).is(t, http.StatusUnprocessableEntity).setsNoSession(t)
}

func TestFirstLinkThatIsRedeemedKillsTheOthers(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	v, other := g.visitor(), g.visitor()
	var messages []message
	for _, browser := range []*visitor{v, v, other} {
		browser.ask("ada@example.com", "/")
		messages = append(messages, g.mail.await("ada@example.com"))
	}
	v.submit("/_doorpost/link", "token", messages[1].token).leadsTo(t, "/")
	v.submit("/_doorpost/link", "token", messages[0].token).is(t, http.StatusGone).setsNoSession(t)
	other.submit("/_doorpost/link", "token", messages[2].token).is(t, http.StatusGone).setsNoSession(t)
	other.submit("/_doorpost/code", "code", messages[2].code).is(t, http.StatusUnprocessableEntity).setsNoSession(t)
}

func TestFourthRequestWhileThreeLinksLiveSendsNothing(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	var answers []string
	for range 5 {
		answers = append(answers, comparableAnswer(g.visitor().ask("ada@example.com", "/")))
	}
	if len(slices.Compact(answers)) != 1 {
		t.Errorf("the answers differ: %q", answers)
	}
	// Stopping sends what was promised, so that what is not there then never comes.
	g.gate.stop()
	if sent := g.mail.received("ada@example.com"); len(sent) != 3 {
		t.Errorf("%d messages were sent, want 3", len(sent))
	}
}

func TestLinkOfSomebodyWhomTheRulesNoLongerAdmitIsRefused(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	leaver, stayer, member := g.visitor(), g.visitor(), g.signedIn("old@example.com")
	leaver.ask("leaver@example.com", "/")
	stayer.ask("stayer@example.com", "/secret")
	link, kept := g.mail.await("leaver@example.com"), g.mail.await("stayer@example.com")
	member.open("/").echo(t)

	narrower := g.setup
	narrower.site = "allow stayer@example.com"
	g.configure(narrower)
	g.restart()
	hits := g.upstream.count()
	leaver.submit("/_doorpost/link", "token", link.token).is(t, http.StatusForbidden).setsNoSession(t).says(t, "cannot open")
	leaver.submit("/_doorpost/code", "code", link.code).is(t, http.StatusForbidden).setsNoSession(t)
	if who := leaver.who(); who != "" {
		t.Errorf("%s is signed in", who)
	}
	stayer.submit("/_doorpost/link", "token", kept.token).leadsTo(t, "/secret")

	// A session that was made under wider rules does not let in either.
	member.open("/").is(t, http.StatusForbidden).says(t, "old@example.com cannot open")
	member.do(member.script(http.MethodGet, "/")).isProblem(t, http.StatusForbidden)
	if g.upstream.count() != hits {
		t.Error("the app was reached")
	}
}
