package acceptance

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// bounded are the limits of a test of one of them; the others are not reached.
func bounded(address, total int) string {
	return fmt.Sprintf("limit client 100000 1m\nlimit address %d 1h\nlimit total %d 1h", address, total)
}

// count is how many messages have come to a mailbox when none waits any more.
func count(d doorway, address string) int {
	instance(d).comesToRest()
	return len(d.postbox().received(address))
}

// Strangers ask for all the links that a mailbox may have, use up its limit, and type
// wrong codes. Whoever has signed in before in a browser gets a link there, and the
// links that came stay good.
func TestAttackRL20StrangersSilenceNobody(t *testing.T) {
	eachStore(t, setup{limits: bounded(5, 100000)}, func(t *testing.T, d doorway) {
		const victim = "victim@example.com"
		mine := enter(t, d, victim)
		mine.submit("/_doorpost/sign-out").leadsTo(t, "/_doorpost/sign-out")
		var came []message
		for range 3 {
			stranger := d.visitor()
			stranger.ask(victim, "/")
			came = append(came, d.postbox().await(victim))
			for range 6 {
				stranger.submit("/_doorpost/code", "code", "AAAA-AAAA").setsNoSession(t)
			}
			for range 5 {
				d.visitor().ask(victim, "/") // until nothing more is sent
			}
		}
		before := count(d, victim)
		d.visitor().ask(victim, "/")
		if got := count(d, victim); got != before {
			t.Fatalf("a stranger gets message %d sent", got)
		}
		mine.ask(victim, "/wanted")
		m := d.postbox().await(victim)
		for _, link := range came[1:] {
			d.visitor().submit("/_doorpost/link", "token", link.token).is(t, http.StatusOK).says(t, victim)
		}
		mine.submit("/_doorpost/code", "code", m.code).leadsTo(t, "/wanted")
	})
}

// Strangers type addresses that are known and others until nothing is sent to either.
// Who asks where they have signed in before is sent their link.
func TestAttackRL21StrangersDoNotUseUpTheReserve(t *testing.T) {
	const total, reserve = 30, 6
	eachStore(t, setup{limits: bounded(1000, total)}, func(t *testing.T, d doorway) {
		browsers := make(map[string]*visitor)
		for i := range reserve {
			who := fmt.Sprintf("known%d@example.com", i)
			browsers[who] = enter(t, d, who)
		}
		for i := range total {
			d.visitor().ask(fmt.Sprintf("unknown%d@example.com", i), "/")
			d.visitor().ask(fmt.Sprintf("known%d@example.com", i%reserve), "/")
		}
		instance(d).comesToRest()
		before := make(map[string]int)
		for who := range browsers {
			before[who] = count(d, who)
		}
		for who, v := range browsers {
			v.ask(who, "/")
			if got := count(d, who); got != before[who]+1 {
				t.Errorf("%s has %d messages, want one more than %d", who, got, before[who])
			}
		}
		d.postbox().mu.Lock()
		defer d.postbox().mu.Unlock()
		if got := len(d.postbox().messages); got > total {
			t.Errorf("%d messages were sent in all, want at most %d", got, total)
		}
	})
}

// A member types the address of somebody until nothing more is sent there, and whoever
// stole a session has code after code sent to its person. Both get their links.
func TestAttackRL20WhatSignsNobodyInKeepsNobodyOut(t *testing.T) {
	const limit = 5
	eachStore(t, setup{limits: bounded(limit, 100000)}, func(t *testing.T, d doorway) {
		wantLink := func(v *visitor, address string, before int) {
			t.Helper()
			v.ask(address, "/wanted")
			if got := count(d, address); got != before+1 {
				t.Fatalf("%s has %d messages, want one more than %d", address, got, before)
			}
			v.redeem(d.postbox().received(address)[before], "/wanted")
		}
		const victim, owner = "victim@example.com", "owner@example.com"
		member := enter(t, d, "member@example.com")
		for range limit {
			member.submit("/_doorpost/account/address", "email", victim).leadsTo(t, confirmPath)
		}
		if got := count(d, victim); got != limit {
			t.Fatalf("%s has %d messages, want %d", victim, got, limit)
		}
		wantLink(d.visitor(), victim, limit)

		mine := enter(t, d, owner)
		thief := mine.twin()
		for range limit + 3 {
			thief.submit("/_doorpost/account/delete").leadsTo(t, confirmPath)
		}
		if got := count(d, owner); got != 1+limit {
			t.Fatalf("%s has %d messages, want %d", owner, got, 1+limit)
		}
		wantLink(mine, owner, 1+limit)
		wantLink(d.visitor(), owner, 2+limit)
	})
}

// Whoever stole a session has codes sent until the limit of all messages is met. Its
// person is sent their link where they have signed in before.
func TestAttackRL21CodesOfAnAccountDoNotUseUpTheReserve(t *testing.T) {
	const total, reserve = 10, 2
	eachStore(t, setup{limits: bounded(1000, total)}, func(t *testing.T, d doorway) {
		const owner = "owner@example.com"
		mine := enter(t, d, owner)
		thief := mine.twin()
		for range total {
			thief.submit("/_doorpost/account/delete").leadsTo(t, confirmPath)
		}
		if got := count(d, owner); got != total-reserve {
			t.Fatalf("%s has %d messages, want %d", owner, got, total-reserve)
		}
		mine.ask(owner, "/wanted")
		if got := count(d, owner); got != total-reserve+1 {
			t.Fatalf("%s has %d messages, want their link too", owner, got)
		}
	})
}

// Somebody asks the owners, is forgotten, and asks again, under other tags too; and
// many of one domain ask. The owners get one message of the one, and whoever is of
// another domain may ask.
func TestAttackRL22NobodyAsksTheOwnersOverAndOver(t *testing.T) {
	eachStore(t, setup{site: "allow *@example.com\nask owner@example.com"}, func(t *testing.T, d doorway) {
		asks := func(who string) {
			t.Helper()
			v := d.visitor()
			v.ask(who, "/")
			v.submit("/_doorpost/ask", "token", d.postbox().await(who).token).is(t, http.StatusOK)
		}
		asks("eve@elsewhere.example")
		for i := range 4 {
			instance(d).succeeds("users", "add", "eve@elsewhere.example")
			instance(d).succeeds("users", "remove", "eve@elsewhere.example")
			asks("eve@elsewhere.example")
			asks(fmt.Sprintf("eve+%d@elsewhere.example", i))
		}
		if got := count(d, "owner@example.com"); got != 1 {
			t.Errorf("the owner has %d messages of one mailbox, want 1", got)
		}
		asks("honest@other.example")
		for i := range 25 {
			asks(fmt.Sprintf("many%d@many.example", i))
		}
		asks("late@late.example")
		var open []struct{ Address string }
		instance(d).prints(&open, "requests", "list")
		domains := make(map[string]int)
		for _, r := range open {
			_, domain, _ := strings.Cut(r.Address, "@")
			domains[domain]++
		}
		if domains["many.example"] > 20 || domains["many.example"] == 0 {
			t.Errorf("%d of one domain wait", domains["many.example"])
		}
		if got := count(d, "owner@example.com"); got > 20 {
			t.Errorf("the owner has %d messages in a day", got)
		}
	})
}

// Who is denied or disabled asks under other tags, and has sessions and links under
// some.
func TestAttackRL23NoTagGetsAroundDenyAndDisable(t *testing.T) {
	eachStore(t, setup{site: "allow *@example.com\ndeny fired@example.com"}, func(t *testing.T, d doorway) {
		g := instance(d)
		tagged := enter(t, d, "bad+old@example.com")
		v := d.visitor()
		v.ask("bad+link@example.com", "/")
		link := d.postbox().await("bad+link@example.com")
		g.succeeds("users", "add", "bad@example.com")
		g.succeeds("users", "disable", "bad@example.com")
		soon(t, "who has a tag of a mailbox that is out is signed out", func() bool { return tagged.open("/").status == http.StatusSeeOther })
		v.submit("/_doorpost/link", "token", link.token).setsNoSession(t)
		out := []string{"fired@example.com", "fired+1@example.com", "bad@example.com", "bad+1@example.com", "bad+a+b@example.com", "BAD+2@Example.com"}
		for _, who := range out {
			d.visitor().ask(who, "/").leadsTo(t, "/_doorpost/check-mail")
		}
		for _, who := range out {
			if got := count(d, strings.ToLower(who)); got != 0 {
				t.Errorf("%s gets %d messages", who, got)
			}
			if code, out, said := g.command("why", who, d.visitor().origin+"/", "--address", g.admin); code != 1 || !strings.Contains(out+said, "not let in") {
				t.Errorf("why %s ends with %d: %s%s", who, code, out, said)
			}
		}
		g.succeeds("users", "enable", "bad@example.com")
		enter(t, d, "bad+1@example.com")
	})
}

// A mail service reports that a message was refused for what the sender is or said,
// in each way that there is. The mailbox gets the next one.
func TestAttackRL24ARefusalByPolicyLocksNobodyOut(t *testing.T) {
	t.Parallel()
	g, service := startWithWebhook(t)
	for i, c := range []struct{ reason, said string }{
		{"espblock", "550 5.7.1 blocked: IP reputation"}, {"generic", "554 5.7.26 not authenticated"}, {"bounce", "550 5.7.1 [CS01] rejected"},
		{"bounce", "552 5.2.2 over quota"}, {"blacklisted", "550 5.1.1 listed"}, {"suppress-complaint", "605 complained before"}, {"old", "602 too old"},
	} {
		who := fmt.Sprintf("p%d@example.com", i)
		g.visitor().ask(who, "/")
		service.await(t, who)
		g.becomes(who, "sent")
		event := fmt.Sprintf(`"event":"failed","severity":"permanent","reason":%q,"delivery-status":{"code":550,"message":%q}`, c.reason, c.said)
		g.report(newNotice(service.at(who)[0].id, event).body()).is(t, http.StatusOK)
		g.becomes(who, "failed")
		g.visitor().ask(who, "/")
		g.becomes(who, "sent")
		if got := len(service.at(who)); got != 2 {
			t.Errorf("after %s (%s) the mailbox has %d messages, want 2", c.reason, c.said, got)
		}
	}
}

// Somebody signs in at one app after another: what they used does not count.
func TestManySignInsOfOneMorningAllGetTheirMessage(t *testing.T) {
	eachStore(t, setup{limits: bounded(2, 100000)}, func(t *testing.T, d doorway) {
		for range 7 {
			enter(t, d, "ada@example.com").isIn("ada@example.com")
		}
	})
}
