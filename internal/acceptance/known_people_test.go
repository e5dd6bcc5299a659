package acceptance

import (
	"net/http"
	"strings"
	"testing"
)

func TestNobodyIsKnownBeforeTheProofAndNobodyTwice(t *testing.T) {
	eachStore(t, setup{global: "admins admin@example.com", site: "allow *\npeople"}, func(t *testing.T, d doorway) {
		admin := enter(t, d, "admin@example.com")
		ada := d.visitor()
		ada.ask("Ada@New.Example", "/")
		first := d.postbox().await("ada@new.example")
		if subject := first.header.Get("Subject"); !strings.Contains(subject, "Welcome") {
			t.Errorf("the first message has the subject %q", subject)
		}
		admin.open("/_doorpost/people?who=ada@new.example").is(t, http.StatusNotFound)
		if said := admin.open("/_doorpost/people").text(); strings.Contains(said, "ada@new.example") {
			t.Errorf("who has proven nothing is listed: %s", said)
		}
		ada.redeem(first, "/")
		for _, spelling := range []string{"ADA@new.example", "ada@NEW.EXAMPLE", " ada@new.example "} {
			v := d.visitor()
			v.ask(spelling, "/")
			m := d.postbox().await("ada@new.example")
			if subject := m.header.Get("Subject"); strings.Contains(subject, "Welcome") {
				t.Errorf("%q is welcomed as somebody new: %q", spelling, subject)
			}
			v.redeem(m, "/")
			v.isIn("ada@new.example")
		}
		if said := admin.open("/_doorpost/people?search=new.example").text(); strings.Count(said, "ada@new.example") != 1 {
			t.Errorf("one person is listed more than once, or not at all: %s", said)
		}
	})
}

func TestWhateverChangesPeopleIsLogged(t *testing.T) {
	t.Parallel()
	g := start(t, adminSetup())
	admin, ada := enter(t, g, "admin@example.com"), enter(t, g, "ada@example.com")
	mayAct(t, g, admin)
	for _, action := range []string{"end", "disable", "enable", "remove"} {
		confirmed(t, admin, "ada@example.com", action)
	}
	ada.isOut()
	eve := g.visitor()
	for _, decision := range []string{"refuse", "hour"} {
		who := decision + "@elsewhere.example"
		eve.ask(who, "/")
		eve.submit("/_doorpost/ask", "token", g.mail.await(who).token).is(t, http.StatusOK)
		g.visitor().submit("/_doorpost/decide", "token", g.mail.await("owner@example.com").token, "decision", decision).is(t, http.StatusOK)
	}
	bob := enter(t, g, "bob@example.com")
	bob.addsRecovery(t, g, "bob@example.com", "bob@private.example")
	page := bob.proposes("address", "email", "robert@example.com")
	code := awaitCode(t, g, "bob@example.com")
	bob.press(page, confirmPath, "code", code, "new_code", awaitCode(t, g, "robert@example.com")).leadsTo(t, "/_doorpost/account?changed=address")
	page = bob.proposes("delete")
	bob.press(page, confirmPath, "code", awaitCode(t, g, "robert@example.com")).is(t, http.StatusOK).says(t, "is deleted")
	g.gate.stop()
	want := []event{
		{Msg: "proposed", Address: "a***@example.com", By: "a***@example.com"},
		{Msg: "ended", Address: "a***@example.com", By: "a***@example.com"}, {Msg: "disabled", Address: "a***@example.com", By: "a***@example.com"},
		{Msg: "enabled", Address: "a***@example.com", By: "a***@example.com"}, {Msg: "removed", Address: "a***@example.com", By: "a***@example.com"},
		{Msg: "access requested", Address: "r***@elsewhere.example"}, {Msg: "access refused", Address: "r***@elsewhere.example", By: "o***@example.com"},
		{Msg: "access requested", Address: "h***@elsewhere.example"}, {Msg: "access granted", Address: "h***@elsewhere.example", By: "o***@example.com"},
		{Msg: "proposed", Address: "b***@example.com"}, {Msg: "recovery", Address: "b***@example.com"},
		{Msg: "proposed", Address: "b***@example.com"}, {Msg: "moved", Address: "b***@example.com"},
		{Msg: "proposed", Address: "r***@example.com"}, {Msg: "removed", Address: "r***@example.com"},
	}
	changes := make(map[string]bool)
	for _, e := range want {
		changes[e.Msg] = true
	}
	var got []event
	for _, e := range g.events() {
		if changes[e.Msg] {
			got = append(got, e)
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d changes made %d lines: %+v", len(want), len(got), got)
	}
	for i, e := range got {
		if e.Msg != want[i].Msg || e.Address != want[i].Address || e.By != want[i].By || e.Client != "127.0.0.1" || e.Request == "" || e.Subject == "" {
			t.Errorf("change %d is logged as %+v, want %+v", i, e, want[i])
		}
	}
	for _, who := range []string{"ada@example.com", "bob@", "robert@", "elsewhere.example@", "owner@"} {
		if log := g.gate.Stderr.String(); strings.Contains(log, `"address":"`+who) || strings.Contains(log, `"by":"`+who) {
			t.Errorf("the log names %s", who)
		}
	}
}
