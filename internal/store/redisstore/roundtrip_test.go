package redisstore

import (
	"maps"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/passkey"
	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// clientCommands counts what clients sent, without what scripts did and what
// connections are made and kept with.
func clientCommands(t *testing.T, server *redistest.Server) map[string]int {
	t.Helper()
	calls := make(map[string]int)
	for name, n := range server.Calls(t) {
		switch name {
		case "evalsha", "eval", "mget", "zrangebylex", "script", "multi", "exec", "wait":
			calls[name] = n
		}
	}
	return calls
}

// roundTrips are how often do asks the server.
func roundTrips(t *testing.T, server *redistest.Server, do func()) map[string]int {
	t.Helper()
	server.Do(t, "CONFIG", "RESETSTAT")
	do()
	return clientCommands(t, server)
}

func TestAStepThatChangesSomethingIsTwoRoundTripsAndALookIsOne(t *testing.T) {
	server := redistest.Single(t)
	store := open(t, Options{URLs: []string{server.URL()}})
	signIn(t, store)         // from here on the server knows the scripts, and a connection is there
	awaitListening(t, store) // when it begins to listen, it looks every session up anew
	v := newVisit(t)
	if err := store.End(t.Context(), v.address, v.session.Key()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := store.Request(t.Context(), v.browser, v.now); err != nil {
		t.Fatal(err)
	}
	twoScripts := func(calls map[string]int) bool { return maps.Equal(calls, map[string]int{"evalsha": 2}) }
	check := func(what string, do func(), want func(map[string]int) bool) {
		t.Helper()
		if calls := roundTrips(t, server, do); !want(calls) {
			t.Errorf("%s asks the server %v", what, calls)
		}
	}
	check("asking", func() { v.ask(t, store) }, twoScripts)
	check("redeeming", func() { v.redeem(t, store) }, twoScripts)
	stranger := newVisit(t)
	check("asking to ask the owners", func() { stranger.askOwners(t, store) }, twoScripts)
	other := newVisit(t)
	other.ask(t, store)
	other.ask2(t, store) // and once more in the same browser
	check("redeeming a code", func() {
		if redeemed, err := store.RedeemCode(t.Context(), other.redemption()); err != nil || redeemed.Outcome != signin.SignedIn {
			t.Fatal(redeemed, err)
		}
	}, twoScripts)
	again := newVisit(t)
	again.address, again.replace = v.address, other.session.Key()
	again.ask(t, store)
	known := newVisit(t)
	known.address = other.address
	known.ask(t, store)
	check("redeeming in a browser that is new to somebody", func() {
		r := known.redemption()
		asking := known.asking()
		r.Mark, r.Mailbox, r.Total = known.browser, asking.Mailbox.Rule, asking.Total
		notice := asking.Message
		notice.ID, notice.Kind = "notice", outbox.NewBrowser
		r.NewBrowser = func(address.Address) outbox.Message { return notice }
		if redeemed, err := store.RedeemLink(t.Context(), r); err != nil || redeemed.Outcome != signin.SignedIn {
			t.Fatal(redeemed, err)
		}
		if _, told, err := store.Message(t.Context(), "notice"); err != nil || !told {
			t.Fatal("nobody is told", err)
		}
	}, func(calls map[string]int) bool { return maps.Equal(calls, map[string]int{"evalsha": 2, "mget": 1}) }) // with the look at the message
	check("redeeming in place of a session of somebody else", func() { again.redeem(t, store) }, twoScripts)

	person := newVisit(t)
	person.ask(t, store)
	person.redeem(t, store)
	made := person.newPasskey()
	check("adding a passkey", func() {
		if err := store.AddPasskey(t.Context(), made); err != nil {
			t.Fatal(err)
		}
	}, twoScripts)
	check("signing in with a passkey, in place of a session and in a new browser", func() { person.usePasskey(t, store, made, passkey.Fine) }, twoScripts)
	oneLook := func(calls map[string]int) bool { return maps.Equal(calls, map[string]int{"evalsha": 1}) }
	check("a passkey that is refused", func() { person.usePasskey(t, store, made, passkey.WrongSignature) }, oneLook)
	check("a passkey that is not known", func() { person.usePasskey(t, store, person.newPasskey(), passkey.UnknownCredential) }, oneLook)

	k := newInstance(t, store)
	none := func(calls map[string]int) bool { return len(calls) == 0 }
	oneGet := func(calls map[string]int) bool { return maps.Equal(calls, map[string]int{"mget": 1}) }
	check("the first check of a session", func() { k.wantFound(t, v, true) }, oneGet)
	check("later checks of a session", func() {
		for range 100 {
			k.wantFound(t, v, true)
		}
	}, none)
	check("signing out", func() {
		if err := store.End(t.Context(), v.address, v.session.Key()); err != nil {
			t.Fatal(err)
		}
	}, twoScripts)
	check("looking at a request", func() {
		if _, found, err := store.Request(t.Context(), v.browser, v.now); !found || err != nil {
			t.Fatal(found, err)
		}
	}, oneGet)
	k.wantFound(t, v, false)
}
