package acceptance

import (
	"net/http"
	"strings"
	"testing"
)

// inGerman has a browser say that its owner reads German.
func inGerman(r *http.Request) *http.Request {
	r.Header.Set("Accept-Language", "de-AT,de;q=0.9,en;q=0.5")
	return r
}

func (m message) isIn(t *testing.T, language, words string) {
	t.Helper()
	if got := m.header.Get("Content-Language"); got != language {
		t.Errorf("the message to %q is in %q, want %q", m.recipients, got, language)
	}
	if !strings.Contains(m.text, words) || !strings.Contains(m.html, words) || !strings.Contains(m.html, `lang="`+language+`"`) {
		t.Errorf("the message does not say %q in %s: %s\n%s", words, language, m.text, m.html)
	}
}

func TestPagesAndMessagesSpeakTheLanguageOfTheVisitor(t *testing.T) {
	t.Parallel()
	const german, english = "Link, um sich bei", "link to sign in"
	g := start(t, setup{global: "brand {\nname \"Die Bücherei\"\n}"})
	v := g.visitor()
	page := v.do(inGerman(v.navigate("/_doorpost/sign-in"))).is(t, http.StatusOK).says(t, "Anmelden bei Die Bücherei")
	if page.header.Get("Content-Language") != "de" || !strings.Contains(page.body, `<html lang="de"`) {
		t.Errorf("the page is in %q", page.header.Get("Content-Language"))
	}
	v.do(inGerman(v.form("/_doorpost/sign-in", "email", "no address"))).is(t, http.StatusUnprocessableEntity).says(t, "Eine E‑Mail-Adresse enthält ein @")
	v.do(inGerman(v.form("/_doorpost/sign-in", "email", "ada@example.com", "to", "/"))).leadsTo(t, "/_doorpost/check-mail")
	v.do(inGerman(v.navigate("/_doorpost/check-mail"))).says(t, "Sehen Sie in Ihrem Postfach nach")
	m := g.mail.await("ada@example.com")
	m.isIn(t, "de", "Willkommen bei Die Bücherei")
	v.do(inGerman(v.form("/_doorpost/link", "token", m.token))).leadsTo(t, "/")
	v.do(inGerman(v.navigate("/_doorpost/account"))).is(t, http.StatusOK).says(t, "Hier abmelden")

	// Later a program that names no language asks for them. It gets English
	// pages, and they get a message that they can read.
	silent := g.visitor()
	silent.ask("ada@example.com", "/")
	silent.open("/_doorpost/check-mail").says(t, "Check your mail")
	g.mail.await("ada@example.com").isIn(t, "de", german)

	// A language that is named counts more, and one that nobody has ever named
	// is English.
	other := g.visitor()
	r := other.form("/_doorpost/sign-in", "email", "ada@example.com", "to", "/")
	r.Header.Set("Accept-Language", "en-GB")
	other.do(r)
	g.mail.await("ada@example.com").isIn(t, "en", english)
	g.visitor().ask("bob@example.com", "/")
	g.mail.await("bob@example.com").isIn(t, "en", "Welcome to Die Bücherei")
}
