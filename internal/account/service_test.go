package account_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/memstore"
	"github.com/doorpost-auth/doorpost/internal/store/ordered"
)

// desk is a service on a memory store, and a site.
type desk struct {
	*account.Service
	t      *testing.T
	store  *ordered.Store
	sealer outbox.Sealer
	site   signin.Site
	read   map[string]bool // messages by their id
}

func newDesk(t *testing.T, allow ...string) *desk {
	t.Helper()
	store, err := memstore.New()
	if err != nil {
		t.Fatal(err)
	}
	ring, err := keys.NewRing(keys.Generate())
	if err != nil {
		t.Fatal(err)
	}
	rules, err := people.NewRules(allow, nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	many := limit.Rule{Max: 1000, Window: time.Hour}
	service := signin.NewService(ring, signin.Service{
		Store: store, LinkLife: 10 * time.Minute, Limits: signin.Limits{Mailbox: many, Client: many, Total: many},
		Sessions: session.Limits{Idle: time.Hour, Absolute: 24 * time.Hour},
	})
	return &desk{
		Service: &account.Service{Store: store, People: store, SignIn: service}, t: t, store: store,
		sealer: outbox.NewSealer(ring), site: signin.Site{Origin: "https://app.example.com", Rules: rules},
		read: make(map[string]bool),
	}
}

// letter is the last message of a kind that was not read before, with what it says.
// The times of two may be equal.
func (d *desk) letter(kind outbox.Kind) (outbox.Message, signin.Promise) {
	d.t.Helper()
	messages, _, err := d.store.Messages(d.t.Context(), "", 100)
	i := slices.IndexFunc(messages, func(m outbox.Message) bool { return m.Kind == kind && !d.read[m.ID] })
	if err != nil || i < 0 {
		d.t.Fatalf("there is no message of the kind %s: %v", kind, err)
	}
	p, err := signin.OpenPromise(d.sealer, messages[i])
	if err != nil {
		d.t.Fatal(err)
	}
	d.read[messages[i].ID] = true
	return messages[i], p
}

// member signs somebody in.
func (d *desk) member(who address.Address) signin.Member {
	d.t.Helper()
	browser := signin.NewBrowser()
	if _, err := d.SignIn.Ask(d.t.Context(), d.site, signin.Ask{Browser: browser, Address: who, Network: "192.0.2.1"}); err != nil {
		d.t.Fatal(err)
	}
	_, p := d.letter(outbox.SignIn)
	result, err := d.SignIn.RedeemLink(d.t.Context(), d.site, signin.Attempt{Browser: browser, Token: p.Token, Scope: d.site.Origin})
	if err != nil || result.Outcome != signin.SignedIn {
		d.t.Fatalf("signing in made %+v, %v", result, err)
	}
	return signin.Member{Session: result.SessionID.Key(), Address: who, SignedIn: time.Now(), Network: "192.0.2.1"}
}

func (d *desk) propose(m signin.Member, kind account.Kind, to address.Address) account.Change {
	d.t.Helper()
	c, wait, err := d.Propose(d.t.Context(), d.site, m, kind, to)
	if err != nil || wait != 0 {
		d.t.Fatalf("proposing: wait %v, %v", wait, err)
	}
	return c
}

func TestTheCodesOfBothMailboxesMoveAnAccount(t *testing.T) {
	d := newDesk(t, "*@corp.example")
	alice := d.member("alice@corp.example")
	d.propose(alice, account.Move, "al@corp.example")
	toPresent, present := d.letter(outbox.Confirm)
	toNew, fresh := d.letter(outbox.Proof)
	if toPresent.To != "alice@corp.example" || toNew.To != "al@corp.example" || present.Code == fresh.Code || present.Code == "" {
		t.Fatalf("codes %q and %q go to %s and %s", present.Code, fresh.Code, toPresent.To, toNew.To)
	}
	if got, err := d.Confirm(t.Context(), d.site, alice, fresh.Code, present.Code); err != nil || got.Outcome != account.WrongCode || got.TriesLeft != signin.MaxCodeTries-1 {
		t.Fatalf("the codes in the wrong places made %+v, %v", got, err)
	}
	got, err := d.Confirm(t.Context(), d.site, alice, " "+present.Code+" ", fresh.Code)
	if err != nil || got.Outcome != account.Made || got.Change.Address != "al@corp.example" {
		t.Fatalf("the right codes made %+v, %v", got, err)
	}
	record, found, err := d.store.Session(t.Context(), got.Renewed.Key(), time.Now())
	if err != nil || !found || record.Address != "al@corp.example" {
		t.Errorf("the session that took its place is %+v, %v, %v", record, found, err)
	}
	if _, found, _ := d.store.Session(t.Context(), alice.Session, time.Now()); found {
		t.Error("the session before goes on")
	}
	notice, said := d.letter(outbox.Changed)
	if notice.To != "alice@corp.example" || said.New != "al@corp.example" || said.Change != string(account.Move) || said.Code != "" {
		t.Errorf("the notice to %s says %+v", notice.To, said)
	}
}

func TestACodeIsGoodForItsSessionOnly(t *testing.T) {
	d := newDesk(t, "*@corp.example")
	here, there := d.member("alice@corp.example"), d.member("alice@corp.example")
	d.propose(here, account.Drop, "")
	_, p := d.letter(outbox.Confirm)
	if got, err := d.Confirm(t.Context(), d.site, there, p.Code, ""); err != nil || got.Outcome != account.Nothing {
		t.Errorf("in another session the code made %+v, %v", got, err)
	}
	d.propose(there, account.Drop, "")
	if got, err := d.Confirm(t.Context(), d.site, there, p.Code, ""); err != nil || got.Outcome != account.WrongCode {
		t.Errorf("in another session that proposed the same the code made %+v, %v", got, err)
	}
}

func TestAProofOtherThanMailTakesThePlaceOfACodeForAMoment(t *testing.T) {
	d := newDesk(t, "*@corp.example")
	alice := d.member("alice@corp.example")
	for _, c := range []struct {
		method session.Method
		ago    time.Duration
		want   bool
	}{
		{session.ByMail, 0, true}, {session.ByRecovery, 0, false}, {session.ByRecovery, account.FreshProof - time.Second, false},
		{session.ByRecovery, account.FreshProof + time.Second, true},
	} {
		m := alice
		m.Method, m.SignedIn = c.method, time.Now().Add(-c.ago)
		if got := d.propose(m, account.Drop, ""); got.Present != c.want {
			t.Errorf("signed in by %q %v ago a code is asked for: %v, want %v", c.method, c.ago, got.Present, c.want)
		}
	}
}

func TestNobodyMovesToAnAddressThatTheSiteDoesNotAdmit(t *testing.T) {
	d := newDesk(t, "*@corp.example")
	alice := d.member("alice@corp.example")
	d.propose(alice, account.Move, "alice@elsewhere.example")
	_, present := d.letter(outbox.Confirm)
	_, fresh := d.letter(outbox.Proof)
	if _, err := d.Confirm(t.Context(), d.site, alice, present.Code, fresh.Code); !errors.Is(err, account.ErrNotAdmitted) {
		t.Errorf("moving out of the site: %v", err)
	}
	if _, found, err := d.store.Person(t.Context(), "alice@corp.example"); !found || err != nil {
		t.Errorf("the person is found: %v, %v", found, err)
	}
}

func TestAPersonProposesAFewAddressesADay(t *testing.T) {
	d := newDesk(t, "*@corp.example")
	alice := d.member("alice@corp.example")
	for range account.MaxProposals {
		d.propose(alice, account.Recovery, "alice@home.example")
	}
	if _, _, err := d.Propose(t.Context(), d.site, alice, account.Recovery, "alice@home.example"); !errors.Is(err, account.ErrTooMany) {
		t.Errorf("one more proposal: %v", err)
	}
	d.propose(alice, account.Drop, "") // which writes to no address that was typed
}
