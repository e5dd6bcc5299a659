package acceptance

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// adminSetup makes one person an admin by the configuration, with the page for it.
func adminSetup() setup {
	return setup{global: "group ops admin@example.com\nadmins group:ops", site: "allow *@example.com\nask owner@example.com\npeople"}
}

// confirmed does something on the people page, with the page between that asks.
func confirmed(t *testing.T, admin *visitor, who, action string, more ...string) answer {
	t.Helper()
	fields := append([]string{"who", who, "action", action}, more...)
	ask := admin.submit("/_doorpost/people", fields...).is(t, http.StatusOK).says(t, who)
	return admin.press(ask, "/_doorpost/people").is(t, http.StatusOK)
}

// mayAct has an admin type the code without which nobody acts for others, with a form
// that only asks.
func mayAct(t *testing.T, d doorway, admin *visitor) {
	t.Helper()
	page := admin.submit("/_doorpost/people", "who", "admin@example.com", "action", "end").is(t, http.StatusOK).says(t, "Is it really you?")
	admin.press(page, "/_doorpost/people", "code", awaitCode(t, d, "admin@example.com")).is(t, http.StatusOK)
}

func TestWhoActsForOthersShowsThatTheyReadTheirMail(t *testing.T) {
	eachStore(t, adminSetup(), func(t *testing.T, d doorway) {
		admin, elsewhere, ada := enter(t, d, "admin@example.com"), enter(t, d, "admin@example.com"), enter(t, d, "ada@example.com")
		eve := d.visitor()
		eve.ask("eve@elsewhere.example", "/")
		eve.submit("/_doorpost/ask", "token", d.postbox().await("eve@elsewhere.example").token).is(t, http.StatusOK)
		var request string
		for _, form := range admin.open("/_doorpost/people").forms(t) {
			if at := slices.Index(form.fields, "request"); at >= 0 {
				request = form.fields[at+1]
			}
		}

		// No form does anything without the code, whatever it says. One without any has one
		// sent, which is waited for: messages arrive in no order.
		var code string
		for _, form := range [][]string{
			{"who", "ada@example.com", "action", "disable", "confirm", "yes"}, {"who", "ada@example.com", "action", "end", "confirm", "yes", "code", "AAAA-2222"},
			{"who", "ada@example.com", "action", "remove", "confirm", "yes"}, {"request", request, "decision", "always"},
		} {
			admin.submit("/_doorpost/people", form...).says(t, "Is it really you?")
			if !slices.Contains(form, "code") {
				code = awaitCode(t, d, "admin@example.com")
			}
		}
		ada.isIn("ada@example.com")
		admin.open(confirmPath).is(t, http.StatusGone) // the code goes with the form it is for

		// The code of one session is good there only, once, and the form it came with is done.
		form := []string{"who", "ada@example.com", "action", "end", "confirm", "yes"}
		elsewhere.submit("/_doorpost/people", append(form, "code", code)...).says(t, "Is it really you?")
		page := admin.submit("/_doorpost/people", append(form, "code", "AAAA-2222")...).is(t, http.StatusUnprocessableEntity).says(t, "You have 4 more tries.")
		admin.press(page, "/_doorpost/people", "code", "nonsense").is(t, http.StatusUnprocessableEntity).says(t, "That cannot be the code.")
		ada.isIn("ada@example.com")
		admin.press(page, "/_doorpost/people", "code", code).is(t, http.StatusOK).says(t, "ada@example.com")
		ada.isOut()

		// For ten minutes this session needs no other one.
		admin.submit("/_doorpost/people", "request", request, "decision", "always").is(t, http.StatusOK).says(t, "eve@elsewhere.example")
		eve.redeem(d.postbox().await("eve@elsewhere.example"), "/")
		elsewhere.submit("/_doorpost/people", "who", "eve@elsewhere.example", "action", "end", "confirm", "yes").says(t, "Is it really you?")
		eve.isIn("eve@elsewhere.example")
	})
}

func TestPeoplePageIsServedWhereABlockSaysSo(t *testing.T) {
	t.Parallel()
	g := prepare(t, setup{})
	elsewhere := testkit.FreePort()
	g.configure(setup{global: "admins admin@example.com", behind: "reverse_proxy " + g.upstream.address + "\n}\nhttp://localhost:" + elsewhere +
		" {\ndoorpost {\nallow *@example.com\n}\ndoorpost /app/* {\nallow *\npeople\n}\nreverse_proxy " + g.upstream.address})
	g.run()
	const path = "/_doorpost/people"
	form := []string{"who", "ada@example.com", "action", "end", "confirm", "yes"}

	admin := enter(t, g, "admin@example.com")
	page := admin.open(path).is(t, http.StatusNotFound)
	if unknown := admin.open("/_doorpost/nothing").is(t, http.StatusNotFound); page.text() != unknown.text() {
		t.Errorf("where it is not served it is answered with %q, an unknown page with %q", page.text(), unknown.text())
	}
	admin.submit(path, form...).is(t, http.StatusNotFound)
	admin.do(admin.request(http.MethodGet, path, "", "Accept", "application/json")).isProblem(t, http.StatusNotFound)
	g.visitor().open(path).is(t, http.StatusNotFound)

	there := newVisitor(t, "http://localhost:"+elsewhere, "127.0.0.1:"+elsewhere)
	there.ask("admin@example.com", "/").leadsTo(t, "/_doorpost/check-mail")
	there.redeem(g.mail.await("admin@example.com"), "/")
	there.open(path).is(t, http.StatusOK).says(t, "admin@example.com")
	there.submit(path, form...).is(t, http.StatusOK).says(t, "Is it really you?")
}

func TestPeoplePageIsForAdminsOnly(t *testing.T) {
	t.Parallel()
	g := start(t, adminSetup())
	admin, ada, stranger := enter(t, g, "admin@example.com"), enter(t, g, "ada@example.com"), g.visitor()
	admin.open("/_doorpost/people").is(t, http.StatusOK).says(t, "ada@example.com").says(t, "Last seen").says(t, "2 people")
	for _, path := range []string{"/_doorpost/people", "/_doorpost/people?search=ada", "/_doorpost/people?who=ada@example.com"} {
		if said := ada.open(path).is(t, http.StatusForbidden).text(); strings.Contains(said, "admin@example.com") {
			t.Errorf("%s tells who else is there: %s", path, said)
		}
		stranger.open(path).is(t, http.StatusSeeOther)
	}
	ada.submit("/_doorpost/people", "who", "admin@example.com", "action", "remove", "confirm", "yes").is(t, http.StatusForbidden)
	stranger.submit("/_doorpost/people", "who", "ada@example.com", "action", "remove", "confirm", "yes").is(t, http.StatusUnauthorized)
	cross := admin.form("/_doorpost/people", "who", "ada@example.com", "action", "remove", "confirm", "yes")
	cross.Header.Set("Origin", "https://evil.example")
	cross.Header.Set("Sec-Fetch-Site", "cross-site")
	admin.do(cross).is(t, http.StatusForbidden)
	admin.open("/_doorpost/people?who=nobody@example.com").is(t, http.StatusNotFound)
	admin.submit("/_doorpost/people", "who", "ada@example.com", "action", "promote").is(t, http.StatusBadRequest)
	admin.isIn("admin@example.com")
	ada.isIn("ada@example.com")
}

func TestAdminShowsPeopleOutAtOnceAndEverywhere(t *testing.T) {
	eachStore(t, adminSetup(), func(t *testing.T, d doorway) {
		admin := enter(t, d, "admin@example.com")
		ada, adaElsewhere, bob := enter(t, d, "ada@example.com"), enter(t, d, "ada@example.com"), enter(t, d, "bob@example.com")
		mayAct(t, d, admin)
		open := d.visitor() // with a link on its way
		open.ask("ada@example.com", "/")
		link := d.postbox().await("ada@example.com")

		// One session, then all.
		page := admin.open("/_doorpost/people?who=ada@example.com").is(t, http.StatusOK)
		var ids []string
		for _, form := range page.forms(t) {
			if at := slices.Index(form.fields, "session"); at >= 0 && !slices.Contains(ids, form.fields[at+1]) {
				ids = append(ids, form.fields[at+1])
			}
		}
		if len(ids) != 2 {
			t.Fatalf("the page lists %d sessions, want 2: %s", len(ids), page.text())
		}
		confirmed(t, admin, "ada@example.com", "end", "session", ids[0])
		if !testkit.HoldsWithin(revocationTime, func() bool { return (ada.who() == "") != (adaElsewhere.who() == "") }) {
			t.Errorf("of two sessions %q and %q are left when one was ended", ada.who(), adaElsewhere.who())
		}
		confirmed(t, admin, "ada@example.com", "end")
		ada.isOut()
		adaElsewhere.isOut()

		// Disabled: out, and not in again; the open link does not work any more.
		ada = d.visitor()
		ada.ask("ada@example.com", "/")
		ada.redeem(d.postbox().await("ada@example.com"), "/")
		confirmed(t, admin, "ada@example.com", "disable")
		ada.isOut()
		if got := open.submit("/_doorpost/link", "token", link.token); got.status == http.StatusSeeOther {
			t.Error("a link of somebody who was disabled signs in")
		}
		ada.ask("ada@example.com", "/").leadsTo(t, "/_doorpost/check-mail")
		admin.open("/_doorpost/people").says(t, "ada@example.com")
		confirmed(t, admin, "ada@example.com", "enable")
		ada.ask("ada@example.com", "/")
		m := d.postbox().await("ada@example.com") // the first since: none was sent meanwhile
		ada.redeem(m, "/")
		ada.isIn("ada@example.com")

		// Removed: all is gone; the rules admit her, so she may come anew.
		other := d.visitor()
		other.ask("ada@example.com", "/")
		link = d.postbox().await("ada@example.com")
		confirmed(t, admin, "ada@example.com", "remove")
		ada.isOut()
		if got := other.submit("/_doorpost/link", "token", link.token); got.status == http.StatusSeeOther {
			t.Error("a link of somebody who was removed signs in")
		}
		admin.open("/_doorpost/people?who=ada@example.com").is(t, http.StatusNotFound)
		bob.isIn("bob@example.com")
		admin.isIn("admin@example.com")
	})
}

func TestPeoplePageFindsAndPages(t *testing.T) {
	t.Parallel()
	g := start(t, adminSetup())
	admin := enter(t, g, "admin@example.com")
	for i := range 60 {
		enter(t, g, fmt.Sprintf("person%02d@example.com", i))
	}
	seen := 0
	for path := "/_doorpost/people?search=PERSON"; path != ""; {
		page := admin.open(path).is(t, http.StatusOK)
		for i := range 60 {
			if strings.Contains(page.text(), fmt.Sprintf("person%02d@example.com", i)) {
				seen++
			}
		}
		if strings.Contains(page.text(), "admin@example.com") {
			t.Error("the search finds whom it does not look for")
		}
		path = ""
		for _, link := range page.links() {
			if strings.Contains(link, "after=") {
				path = link
			}
		}
	}
	if seen != 60 {
		t.Errorf("the pages list %d people of 60", seen)
	}
	admin.open("/_doorpost/people?search="+url.QueryEscape(`"><script>alert(1)</script>`)).is(t, http.StatusOK)
}

func TestAdminDecidesAboutRequestsInABrowser(t *testing.T) {
	eachStore(t, adminSetup(), func(t *testing.T, d doorway) {
		eve := d.visitor()
		eve.ask("eve@elsewhere.example", "/")
		eve.submit("/_doorpost/ask", "token", d.postbox().await("eve@elsewhere.example").token, "words", "Let me in, please").is(t, http.StatusOK)

		admin := newProfile(t).newTab()
		admin.signInAs(d, "admin@example.com")
		admin.open(eve.origin + "/_doorpost/people")
		admin.awaitText("Let me in, please")
		admin.picture("people")
		admin.click("button[name=decision][value=day]")
		admin.awaitText("Is it really you?")
		admin.picture("confirm-change-administer")
		admin.typeInto("input[name=code]", awaitCode(t, d, "admin@example.com"))
		admin.click("form:has(input[name=code]) button")
		admin.awaitText("eve@elsewhere.example")
		eve.redeem(d.postbox().await("eve@elsewhere.example"), "/")
		eve.isIn("eve@elsewhere.example")

		admin.open(eve.origin + "/_doorpost/people?who=eve@elsewhere.example")
		admin.picture("person")
		admin.click("form:has(input[value=disable]) button, button[value=disable]")
		admin.awaitText("eve@elsewhere.example")
		admin.picture("confirm-person")
		began := time.Now()
		admin.click("form:has(input[name=confirm]) button")
		eve.endsSoon(began, revocationTime+time.Second) // the click and its answer included
	})
}
