package acceptance

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func TestWhoIsInvitedSignsInAsAMemberOfTheGroup(t *testing.T) {
	s := setup{global: "group staff", site: "allow group:staff *@example.com\ndeny mallory@example.com"}
	eachStore(t, s, func(t *testing.T, d doorway) {
		g := instance(d)
		if out := g.succeeds("invite", "New@Elsewhere.example", "--group", "staff", "--for", "2h"); !strings.Contains(out, "on its way to new@elsewhere.example") {
			t.Errorf("inviting prints %s", out)
		}
		m := d.postbox().await("new@elsewhere.example")
		m.check(t, "new@elsewhere.example")
		if m.code != "" || !strings.Contains(m.text, "2 hours") {
			t.Errorf("the invitation has the code %q, and says %s", m.code, m.text)
		}
		v := d.visitor()
		page := v.submit("/_doorpost/link", "token", m.token).is(t, http.StatusOK).says(t, "You are invited to").says(t, "new@elsewhere.example").setsNoSession(t)
		v.press(page, "/_doorpost/link").leadsTo(t, "/")
		v.isIn("new@elsewhere.example")
		if got := v.groups(); got != "staff" {
			t.Errorf("the app is told the groups %q", got)
		}
		d.visitor().submit("/_doorpost/link", "token", m.token).is(t, http.StatusGone).says(t, "This invitation has been used")
	})
}

func TestAnInvitationThatIsNotSentSaysWhy(t *testing.T) {
	t.Parallel()
	server := startFussyServer(t)
	g := start(t, setup{mailer: server.mailer(), global: "group staff", site: "allow group:staff *@example.com\ndeny mallory@example.com"})
	g.fails("nothing in allow covers them: allow group:staff *@example.com; invite with --group", "invite", "new@elsewhere.example")
	g.fails("deny mallory@example.com covers them", "invite", "mallory@example.com")
	g.misuses("an invitation lives for 1 hour to 30 days", "invite", "ada@example.com", "--for", "59m")
	g.fails("no site has that origin; there are: "+g.origin, "invite", "ada@example.com", "--site", "https://elsewhere.example")
	g.misuses("there is no group", "invite", "ada@example.com", "--group", "stuff")
	for range 4 { // what strangers cause is bounded, not what an operator does
		g.succeeds("invite", "ada@example.com", "--site", g.origin)
	}
	g.succeeds("users", "disable", "ada@example.com")
	g.fails("doorpost users enable ada@example.com", "invite", "ada@example.com")
	g.fails("ada+1@example.com is kept out with ada@example.com", "invite", "ada+1@example.com")

	g.succeeds("invite", "gone@example.com")
	g.awaitState("bounced")
	g.fails("doorpost outbox unblock gone@example.com", "invite", "gone@example.com")
	code, out, _ := g.command("invite", "gone@example.com", "--json", "--address", g.admin)
	var said struct {
		Sent   bool
		Reason string
	}
	if err := json.Unmarshal([]byte(out), &said); err != nil || code != 1 || said.Sent || said.Reason != "mailbox blocked" {
		t.Errorf("as JSON it ended with %d: %s", code, out)
	}
}

func TestARequestIsDecidedByCommand(t *testing.T) {
	eachStore(t, setup{site: askingSite}, func(t *testing.T, d doorway) {
		g := instance(d)
		if out := g.succeeds("requests", "list"); out != "Nobody asks to be let in.\n" {
			t.Errorf("the list of no requests is %q", out)
		}
		for _, who := range []string{"eve@elsewhere.example", "carl@elsewhere.example"} {
			v := d.visitor()
			v.ask(who, "/")
			v.submit("/_doorpost/ask", "token", d.postbox().await(who).token, "words", "it is "+who).is(t, http.StatusOK)
		}
		var list []struct{ ID, Address, Words, Decision string }
		g.prints(&list, "requests", "list")
		if len(list) != 2 || list[0].Address != "eve@elsewhere.example" || list[0].Words != "it is eve@elsewhere.example" || list[1].Decision != "open" {
			t.Fatalf("listed are %+v", list)
		}
		if out := g.succeeds("requests", "approve", list[0].ID, "--for", "1h"); !strings.Contains(out, "eve@elsewhere.example is let in at ") {
			t.Errorf("approving prints %s", out)
		}
		eve := d.visitor()
		eve.redeem(d.postbox().await("eve@elsewhere.example"), "/")
		eve.isIn("eve@elsewhere.example")
		if out := g.succeeds("users", "show", "eve@elsewhere.example"); !strings.Contains(out, "Let in by an owner: at "+eve.origin+", for another 59m") {
			t.Errorf("shown is %s", out)
		}
		if out := g.succeeds("why", "eve@elsewhere.example", eve.origin+"/x"); !strings.Contains(out, "an owner lets them in, for another 59m") {
			t.Errorf("why says %s", out)
		}
		if out := g.succeeds("requests", "refuse", list[0].ID); !strings.Contains(out, "decided before, and stays so: eve@elsewhere.example is granted") {
			t.Errorf("deciding again prints %s", out)
		}
		g.succeeds("requests", "refuse", list[1].ID)
		if out := g.succeeds("requests", "list"); out != "Nobody asks to be let in.\n" {
			t.Errorf("the list is %q", out)
		}
		g.fails("there is no such access request", "requests", "approve", strings.Repeat("a", 26))
		g.misuses("is not an id", "requests", "approve", "nonsense")
		g.misuses("for must be a duration", "requests", "approve", list[1].ID, "--for", "ever")
	})
}
