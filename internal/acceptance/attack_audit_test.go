package acceptance

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// event is one line of the audit log.
type event struct {
	Level, Logger, Msg, Address, Subject, Client, Request, Reason, By string

	Ts any
}

// events are the lines of a gate's audit log.
func (g *stage) events() (found []event) {
	for line := range strings.Lines(g.gate.Output()) {
		var e event
		if json.Unmarshal([]byte(line), &e) == nil && strings.HasSuffix(e.Logger, "doorpost.audit") {
			found = append(found, e)
		}
	}
	return found
}

// Each step that somebody takes is one line, whether or not there is an access
// log: when, who, from where, and why not, and the address only masked.
func TestAttackLG03EachStepIsLoggedOnce(t *testing.T) {
	t.Parallel()
	g := start(t, setup{silent: true, limits: "limit client 3 1h"})
	v := g.visitor()
	v.ask("ada@example.com", "/")
	m := g.mail.await("ada@example.com")
	v.submit("/_doorpost/code", "code", "AAAA-AAAA").is(t, http.StatusUnprocessableEntity)
	g.visitor().submit("/_doorpost/link", "token", m.token).is(t, http.StatusOK)
	v.submit("/_doorpost/link", "token", m.token).leadsTo(t, "/")
	v.submit("/_doorpost/link", "token", m.token).is(t, http.StatusGone)
	v.submit("/_doorpost/sign-out").leadsTo(t, "/_doorpost/sign-out")
	v.ask("eve@example.net", "/")
	v.ask("bob@example.com", "/")
	g.mail.await("bob@example.com")
	v.ask("ada@example.com", "/").is(t, http.StatusTooManyRequests)
	v.open("/app").is(t, http.StatusSeeOther) // no step: nobody claimed anything
	g.gate.stop()
	// What the courier does comes in its own time.
	ofCourier := func(e event) bool { return e.Msg == "sent" || e.Msg == "key rotated" }
	all := g.events()
	steps := slices.DeleteFunc(slices.Clone(all), ofCourier)
	want := []event{
		{Msg: "asked", Address: "a***@example.com"}, {Msg: "refused", Reason: "wrong code"}, {Msg: "opened", Address: "a***@example.com"}, {Msg: "redeemed", Address: "a***@example.com"}, {Msg: "refused", Reason: "used before"},
		{Msg: "signed out", Address: "a***@example.com"}, {Msg: "asked", Address: "e***@example.net"}, {Msg: "asked", Address: "b***@example.com"}, {Msg: "throttled"},
	}
	if len(steps) != len(want) {
		t.Fatalf("%d steps made %d lines: %+v", len(want), len(steps), steps)
	}
	for i, e := range steps {
		if e.Msg != want[i].Msg || e.Reason != want[i].Reason || want[i].Address != "" && e.Address != want[i].Address {
			t.Errorf("step %d is logged as %+v, want %+v", i, e, want[i])
		}
		if e.Ts == nil || e.Client != "127.0.0.1" || e.Request == "" || e.Address != "" && e.Subject == "" {
			t.Errorf("step %d is logged without time, client, request or subject: %+v", i, e)
		}
	}
	if sent := len(slices.DeleteFunc(all, func(e event) bool { return e.Msg != "sent" })); sent != 2 {
		t.Errorf("%d messages were logged as sent, want 2", sent)
	}
	for _, who := range []string{"ada@", "eve@", "bob@"} {
		if strings.Contains(g.gate.Output(), who) {
			t.Errorf("the log has %s in it", who)
		}
	}
}
