package caddymodule

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/passkey"
	"github.com/doorpost-auth/doorpost/internal/token"
)

// addPasskey gives somebody a passkey, in a session that they have, and returns its id.
func (a endpoint) addPasskey(who address.Address, name string) string {
	a.t.Helper()
	store, now := a.backend().store, time.Now()
	sessions, err := store.Sessions(a.t.Context(), who, now)
	if err != nil || len(sessions) == 0 {
		a.t.Fatalf("%s has %d sessions: %v", who, len(sessions), err)
	}
	made := passkey.Addition{
		Change: passkey.Change{Now: now, Session: sessions[0].Key, Person: who, RPID: "example.com"},
		Handle: []byte("handle of alice"), Notice: outbox.Message{ID: "notice of " + name, Kind: outbox.Changed, To: who, Created: now, State: outbox.Queued},
		Passkey: passkey.Passkey{Credential: []byte(name), RPID: "example.com", PublicKey: []byte("key"), Name: name, Made: now, BackupEligible: true},
	}
	made.Challenge.Until = now.Add(time.Minute)
	copy(made.Challenge.Nonce[:], name)
	copy(made.Attempt[:], name)
	if err := store.AddPasskey(a.t.Context(), made); err != nil {
		a.t.Fatal(err)
	}
	return string(passkey.KeyOf([]byte(name)).ID())
}

// addAppPassword gives somebody an app password, made a day ago, and returns its id.
func (a endpoint) addAppPassword(who address.Address, name string, life time.Duration) string {
	a.t.Helper()
	id, made := token.NewID(), time.Now().Add(-24*time.Hour)
	record := token.Record{
		Token: token.Token{ID: id, Owner: who, Name: name, Sites: []string{a.origin()}, Made: made, Expires: made.Add(life)},
		Sum:   token.SumOf(token.NewText(id, true)),
	}
	if err := a.backend().store.MakeToken(a.t.Context(), record, time.Now()); err != nil {
		a.t.Fatal(err)
	}
	return string(id)
}

// Whoever had a passkey may have made app passwords, which no removal of it ends. So each
// removal says which there are, and leaves out those that have ended by themselves.
func TestWhoRemovesPasskeysIsToldOfAppPasswords(t *testing.T) {
	a := newAdmin(t, withGroups, helloBehindGate)
	const who = "alice@example.com"
	a.newPerson(a.origin(), who, "h1")
	calendar := a.addAppPassword(who, "calendar", 48*time.Hour)
	a.addAppPassword(who, "over", time.Hour)
	one := a.addPasskey(who, "one")
	for _, path := range []string{"list", "remove", "reset"} {
		order := map[string]string{"address": who}
		if path == "remove" {
			order["id"] = one
		}
		var report adminapi.Passkeys
		a.must("/doorpost/passkeys/"+path, order, &report)
		if len(report.AppPasswords) != 1 || report.AppPasswords[0].ID != calendar || report.AppPasswords[0].Name != "calendar" {
			t.Errorf("%s reports the app passwords %+v", path, report.AppPasswords)
		}
	}
}

func TestPasskeysAreListedRemovedAndReset(t *testing.T) {
	a := newAdmin(t, withGroups, helloBehindGate)
	const who = "alice@example.com"
	for _, path := range []string{"list", "remove", "reset"} {
		order := map[string]string{"address": who}
		if path == "remove" {
			order["id"] = "4b1f0c62a97d3e58"
		}
		if got := a.tell("/doorpost/passkeys/"+path, order, nil); got.status != http.StatusNotFound || !strings.Contains(got.body, "nobody with that address is known") {
			t.Errorf("%s of somebody unknown is answered with %d %s", path, got.status, got.body)
		}
	}
	a.newPerson(a.origin(), who, "h1")
	var list adminapi.Passkeys
	a.must("/doorpost/passkeys/list", adminapi.UserOrder{Address: who}, &list)
	if list.Passkeys == nil || len(list.Passkeys) != 0 {
		t.Errorf("without passkeys the list is %+v", list)
	}
	one, two, three := a.addPasskey(who, "one"), a.addPasskey(who, "two"), a.addPasskey(who, "three")
	a.must("/doorpost/passkeys/list", adminapi.UserOrder{Address: " Alice@Example.com "}, &list)
	if len(list.Passkeys) != 3 || list.Address != who || list.Passkeys[0].ID != one || list.Passkeys[2].Name != "three" || !list.Passkeys[1].LastUsed.IsZero() ||
		!list.Passkeys[0].Syncable || list.Passkeys[0].Synced || list.Passkeys[0].RPID != "example.com" || time.Since(list.Passkeys[0].Made) > time.Minute {
		t.Errorf("the list is %+v", list)
	}
	for _, id := range []string{"", "4b1f0c62a97d3e58"} { // none is not all
		if got := a.tell("/doorpost/passkeys/remove", adminapi.PasskeyOrder{Address: who, ID: id}, nil); got.status != http.StatusNotFound || !strings.Contains(got.body, "no passkey with that id") {
			t.Errorf("removing %q is answered with %d %s", id, got.status, got.body)
		}
	}
	a.must("/doorpost/passkeys/remove", adminapi.PasskeyOrder{Address: who, ID: two}, &list)
	if len(list.Passkeys) != 1 || list.Passkeys[0].ID != two {
		t.Errorf("removed is %+v", list)
	}
	a.must("/doorpost/passkeys/reset", adminapi.UserOrder{Address: who}, &list)
	if len(list.Passkeys) != 2 || list.Passkeys[0].ID != one || list.Passkeys[1].ID != three {
		t.Errorf("reset are %+v", list)
	}
	a.must("/doorpost/passkeys/list", adminapi.UserOrder{Address: who}, &list)
	if len(list.Passkeys) != 0 {
		t.Errorf("after that the list is %+v", list)
	}
	a.must("/doorpost/passkeys/reset", adminapi.UserOrder{Address: who}, &list) // which ends what former ones made
	if lines := a.events("ended"); len(lines) != 2 || lines[1]["method"] != "passkey" || lines[1]["address"] == nil {
		t.Errorf("of two resets, the second without passkeys, the audit log has %v", lines)
	}
	if lines := a.events("passkey removed"); len(lines) != 3 || lines[0]["passkey"] != two || lines[0]["address"] == nil {
		t.Errorf("the audit log has %v", lines)
	}
	if got := a.tell("/doorpost/passkeys/reset", map[string]string{"address": who, "all": "yes"}, nil); got.status != http.StatusBadRequest {
		t.Errorf("an order with a field that is not known is answered with %d %s", got.status, got.body)
	}
}
