package redisstore

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/passkey"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// site is where all visits are made.
const site = "https://app.example.com"

// visit is one browser that asks for a link and redeems it, far from every
// limit, under names that no other visit uses.
type visit struct {
	address address.Address
	device  session.Device
	site    string
	now     time.Time
	browser signin.BrowserKey
	link    signin.LinkKey
	code    signin.CodeKey
	session session.ID
	replace session.Key
	cookie  string // of the session, once it is used
}

func newVisit(t testing.TB) *visit {
	t.Helper()
	name := strings.ToLower(rand.Text()[:12])
	v := &visit{address: address.Address(name + "@example.com"), site: site, now: time.Now(), browser: signin.NewBrowser().Key(), session: session.NewID()}
	rand.Read(v.link[:])
	rand.Read(v.code[:])
	return v
}

// fingerprint stands for rules of a site; real ones are as long.
const fingerprint = "abcdef0123456789"

func (v *visit) asking() signin.Asking {
	plenty := limit.Rule{Max: 1_000_000_000, Window: 15 * time.Minute}
	return signin.Asking{
		Now: v.now, Browser: v.browser,
		Request: signin.Request{
			Address: v.address, Typed: string(v.address), Origin: v.site, To: "/", Asked: v.now, Expires: v.now.Add(10 * time.Minute), Device: v.device,
		},
		Client:    limit.Use{Name: "203.0.113.0", Rule: plenty},
		Mailbox:   limit.Use{Name: v.address.Fold(), Rule: plenty},
		Total:     limit.Use{Name: "total", Rule: plenty},
		Admission: people.Admission{Ways: []people.Way{{Open: true}}}, Link: v.link, Code: v.code, Policy: fingerprint,
		Message: outbox.Message{
			ID: strings.ToLower(rand.Text()), Kind: outbox.SignIn, To: v.address, Origin: v.site, Language: "en", Sealed: make([]byte, 250),
			Created: v.now, Deadline: v.now.Add(8 * time.Minute), State: outbox.Queued, Since: v.now, Due: v.now,
		},
	}
}

func (v *visit) redemption() signin.Redemption {
	return signin.Redemption{
		Origin: v.site, Browser: v.browser, Link: v.link, Codes: []signin.CodeKey{v.code}, Policy: fingerprint, Arrival: v.arrival(),
	}
}

func (v *visit) arrival() signin.Arrival {
	return signin.Arrival{
		Now: v.now, Replace: v.replace,
		Session: session.Entry{Key: v.session.Key(), Record: session.Record{
			Scope: v.site, SignedIn: v.now, Seen: v.now, Expires: v.now.Add(7 * 24 * time.Hour), Device: v.device,
		}},
	}
}

// again is a second attempt of the same visit, which makes another session.
func (v *visit) again() *visit {
	other := *v
	other.session = session.NewID()
	return &other
}

func (v *visit) ask(t testing.TB, store signin.Store) {
	t.Helper()
	asked, err := store.Ask(context.Background(), v.asking())
	if err != nil || !asked.Send {
		t.Fatalf("asking made %+v, %v, want a link to be sent", asked, err)
	}
}

// askOwners asks where the address is not admitted and its owners may be asked.
func (v *visit) askOwners(t testing.TB, store signin.Store) {
	t.Helper()
	a := v.asking()
	a.Admission = people.Admission{Ways: []people.Way{{Granted: true, Site: v.site}}, AskAt: v.site}
	a.OfferLink, a.Offer = v.link, a.Message
	a.Offer.Kind = outbox.Offer
	if asked, err := store.Ask(context.Background(), a); err != nil || !asked.Send {
		t.Fatalf("asking made %+v, %v, want an offer to be sent", asked, err)
	}
}

// ask2 asks once more in the same browser, for another link.
func (v *visit) ask2(t testing.TB, store signin.Store) {
	t.Helper()
	again := *v
	rand.Read(again.link[:])
	rand.Read(again.code[:])
	again.ask(t, store)
}

func (v *visit) redeem(t testing.TB, store signin.Store) {
	t.Helper()
	v.wantOutcome(t, store, signin.SignedIn)
}

func (v *visit) wantOutcome(t testing.TB, store signin.Store, want signin.Outcome) {
	t.Helper()
	redeemed, err := store.RedeemLink(context.Background(), v.redemption())
	if err != nil || redeemed.Outcome != want {
		t.Fatalf("redeeming made %+v, %v, want outcome %d", redeemed, err, want)
	}
}

// signIn makes a session.
func signIn(t testing.TB, store signin.Store) *visit {
	t.Helper()
	v := newVisit(t)
	v.ask(t, store)
	v.redeem(t, store)
	return v
}

func (v *visit) wantSession(t testing.TB, store session.Store, want bool) {
	t.Helper()
	_, found, err := store.Session(context.Background(), v.session.Key(), v.now)
	if err != nil || found != want {
		t.Fatalf("the session is found: %v, %v, want %v", found, err, want)
	}
}

// recoveryTime is how soon a store works again after the end of a fault, on a
// busy machine.
const recoveryTime = 20 * time.Second

// awaitSignIn waits until somebody can sign in again.
func awaitSignIn(t testing.TB, store signin.Store) time.Duration {
	t.Helper()
	return redistest.Await(t, recoveryTime, "somebody can sign in", func() bool { return canSignIn(t, store) })
}

func canSignIn(t testing.TB, store signin.Store) bool {
	v := newVisit(t)
	asked, err := store.Ask(context.Background(), v.asking())
	if err != nil || !asked.Send {
		return false
	}
	redeemed, err := store.RedeemLink(context.Background(), v.redemption())
	return err == nil && redeemed.Outcome == signin.SignedIn
}

// newPasskey is one to be added in the session of the visit.
func (v *visit) newPasskey() passkey.Addition {
	credential := []byte(rand.Text())
	a := passkey.Addition{
		Change:    passkey.Change{Now: v.now, Session: v.session.Key(), Person: v.address, RPID: "example.com"},
		Challenge: passkey.Challenge{Until: v.now.Add(10 * time.Minute)}, Handle: []byte("handle"), Notice: v.asking().Message,
		Passkey: passkey.Passkey{Credential: credential, RPID: "example.com", PublicKey: []byte("key"), Made: v.now},
	}
	rand.Read(a.Challenge.Nonce[:])
	a.Notice.ID, a.Notice.Kind = strings.ToLower(rand.Text()), outbox.Changed
	return a
}

// usePasskey signs in with a passkey, in a browser that is new to its person.
func (v *visit) usePasskey(t testing.TB, store *Store, a passkey.Addition, want passkey.Reason) {
	t.Helper()
	u := passkey.Use{
		Arrival: v.again().arrival(), Passkey: passkey.KeyOf(a.Passkey.Credential), RPID: a.Passkey.RPID, Handle: a.Handle,
		Challenge: passkey.Challenge{Until: v.now.Add(10 * time.Minute)}, Check: func(passkey.Candidate) passkey.Reason { return want },
	}
	rand.Read(u.Challenge.Nonce[:])
	u.Replace, u.Mark, u.Mailbox, u.Total = v.session.Key(), signin.NewBrowser().Key(), v.asking().Mailbox.Rule, v.asking().Total
	u.NewBrowser = func(address.Address) outbox.Message {
		m := v.asking().Message
		m.ID, m.Kind = strings.ToLower(rand.Text()), outbox.NewBrowser
		return m
	}
	if used, err := store.UsePasskey(context.Background(), u); err != nil || used.Refused != want {
		t.Fatalf("using a passkey made %+v, %v, want %q", used, err, want)
	}
}
