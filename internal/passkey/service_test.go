package passkey_test

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/passkey"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/memstore"
	"github.com/doorpost-auth/doorpost/internal/store/storetest"
	"github.com/doorpost-auth/doorpost/internal/testkit"
)

const alice address.Address = "alice@corp.example"

// desk is a service on a memory store, and a site.
type desk struct {
	*passkey.Service
	t      testing.TB
	store  storetest.Store
	asked  atomic.Int32 // how often the store was asked to use or to add one
	sealer outbox.Sealer
	site   signin.Site
	party  passkey.Party
	lines  bytes.Buffer // of the audit log
}

// counted counts how often the store is asked for what a browser answers.
type counted struct {
	passkey.Store
	asked *atomic.Int32
}

func (c counted) UsePasskey(ctx context.Context, u passkey.Use) (passkey.Used, error) {
	c.asked.Add(1)
	return c.Store.UsePasskey(ctx, u)
}

func (c counted) AddPasskey(ctx context.Context, a passkey.Addition) error {
	c.asked.Add(1)
	return c.Store.AddPasskey(ctx, a)
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	store, err := memstore.New()
	if err != nil {
		t.Fatal(err)
	}
	return newDeskOn(t, store)
}

// newDeskOn is a desk with a store, which the caller closes.
func newDeskOn(t testing.TB, store storetest.Store) *desk {
	t.Helper()
	ring, err := keys.NewRing(keys.Generate())
	if err != nil {
		t.Fatal(err)
	}
	rules, err := people.NewRules([]string{"*@corp.example"}, nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{
		t: t, store: store, sealer: outbox.NewSealer(ring),
		site:  signin.Site{Origin: "https://app.example.com", Rules: rules},
		party: passkey.Party{ID: "example.com", Origin: "https://app.example.com", Name: "App"},
	}
	log := audit.NewLog(ring, slog.New(slog.NewTextHandler(&d.lines, nil)), nil)
	many := limit.Rule{Max: 100_000, Window: time.Hour}
	links := signin.NewService(ring, signin.Service{
		Store: store, LinkLife: 10 * time.Minute, Limits: signin.Limits{Mailbox: many, Client: many, Total: many},
		Sessions: session.Limits{Idle: time.Hour, Absolute: 24 * time.Hour}, NotifyNewBrowser: true,
	})
	d.Service = passkey.NewService(ring, passkey.Service{Store: counted{store, &d.asked}, SignIns: links, Audit: log})
	return d
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// member signs somebody in by mail.
func (d *desk) member(who address.Address) signin.Member {
	d.t.Helper()
	browser := signin.NewBrowser()
	_, err := d.SignIns.Ask(d.t.Context(), d.site, signin.Ask{Browser: browser, Address: who, Network: "192.0.2.1"})
	d.must(err)
	messages, _, err := d.store.Messages(d.t.Context(), "", 1000)
	d.must(err)
	for _, m := range messages {
		if m.To != who || m.Kind != outbox.SignIn {
			continue
		}
		p, err := signin.OpenPromise(d.sealer, m)
		d.must(err)
		result, err := d.SignIns.RedeemLink(d.t.Context(), d.site, signin.Attempt{Browser: browser, Token: p.Token, Scope: d.site.Origin})
		d.must(err)
		if result.Outcome == signin.SignedIn {
			return signin.Member{
				Session: result.SessionID.Key(), Address: who, SignedIn: time.Now(), Network: "192.0.2.1",
				Device: session.Device{Browser: "Firefox", System: "Linux"},
			}
		}
	}
	d.t.Fatalf("%s got no link that is good", who)
	return signin.Member{}
}

// created is what a browser posts that has made a passkey.
func (d *desk) created(m signin.Member, a *testkit.Authenticator, changes ...func(*testkit.Ceremony)) []byte {
	d.t.Helper()
	options, err := d.CreationOptions(d.t.Context(), d.party, m)
	d.must(err)
	body, err := a.Create(d.party.Origin, options, changes...)
	d.must(err)
	return body
}

// add adds a passkey.
func (d *desk) add(m signin.Member, a *testkit.Authenticator) passkey.Passkey {
	d.t.Helper()
	made, err := d.Add(d.t.Context(), d.site, d.party, m, d.created(m, a))
	d.must(err)
	return made
}

// signed is what a browser posts that signs in.
func (d *desk) signed(browser signin.Browser, a *testkit.Authenticator, changes ...func(*testkit.Ceremony)) []byte {
	d.t.Helper()
	options, err := d.Options(d.party, browser)
	d.must(err)
	body, err := a.Get(d.party.Origin, options, changes...)
	d.must(err)
	return body
}

func (d *desk) attempt(browser signin.Browser) signin.Attempt {
	return signin.Attempt{Browser: browser, Scope: d.site.Origin, Mark: browser, Device: session.Device{Browser: "Chrome"}}
}

// signIn signs in with a passkey.
func (d *desk) signIn(browser signin.Browser, body []byte) (signin.Result, error) {
	return d.SignIn(d.t.Context(), d.site, d.party, d.attempt(browser), body)
}

// wantRefused wants an error that says why in the audit log alone, in one line.
func (d *desk) wantRefused(err error, why passkey.Reason) {
	d.t.Helper()
	want := passkey.ErrRefused
	if why == passkey.Malformed {
		want = passkey.ErrMalformed
	}
	if err != want {
		d.t.Errorf("the error is %v, want %v", err, want)
	}
	lines := strings.Split(strings.TrimSpace(d.lines.String()), "\n")
	if len(lines) != 1 || !strings.Contains(lines[0], "msg=refused") || !strings.Contains(lines[0], "proof=passkey") ||
		!strings.Contains(strings.ReplaceAll(lines[0], `"`, ""), "reason="+string(why)) {
		d.t.Errorf("the audit log has %q, want one line with the reason %q", lines, why)
	}
	d.lines.Reset()
}

func TestAPasskeyThatWasMadeSignsIn(t *testing.T) {
	for _, algorithm := range []int{testkit.ES256, testkit.EdDSA, testkit.RS256} {
		d := newDesk(t)
		a := &testkit.Authenticator{Algorithm: algorithm, Extra: testkit.BackupEligible | testkit.BackedUp, Counts: true}
		made := d.add(d.member(alice), a)
		if made.Name != "Firefox, Linux" || !made.BackedUp || !made.BackupEligible || !slices.Equal(made.Transports, []string{"internal", "hybrid"}) {
			t.Errorf("the passkey is %+v", made)
		}
		browser := signin.NewBrowser()
		for range 3 {
			result, err := d.signIn(browser, d.signed(browser, a))
			if err != nil || result.Outcome != signin.SignedIn || result.Request.Address != alice {
				t.Fatalf("with algorithm %d signing in made %+v, %v", algorithm, result, err)
			}
			record, found, err := d.store.Session(t.Context(), result.SessionID.Key(), time.Now())
			if err != nil || !found || record.Address != alice || record.Method != session.ByPasskey || record.Scope != d.site.Origin {
				t.Errorf("the session is %+v, %v, %v", record, found, err)
			}
		}
		ring, err := d.List(t.Context(), signin.Member{Address: alice})
		d.must(err)
		if len(ring.Passkeys) != 1 || ring.Passkeys[0].Counter != 3 || ring.Passkeys[0].Used.IsZero() || ring.Passkeys[0].ID != made.ID {
			t.Errorf("the keyring is %+v", ring)
		}
		if log := d.lines.String(); strings.Count(log, "msg=redeemed") != 3 || !strings.Contains(log, `msg="passkey added"`) || !strings.Contains(log, "proof=passkey") {
			t.Errorf("the audit log is %s", log)
		}
	}
}

func TestAChallengeIsGoodForItsPlaceItsBrowserAndOnce(t *testing.T) {
	d := newDesk(t)
	a := &testkit.Authenticator{}
	d.add(d.member(alice), a)
	d.lines.Reset()
	browser := signin.NewBrowser()
	body := d.signed(browser, a)
	_, err := d.signIn(signin.NewBrowser(), body)
	d.wantRefused(err, passkey.WrongChallenge)
	_, err = d.signIn(signin.Browser{}, d.signed(signin.Browser{}, a))
	d.wantRefused(err, passkey.WrongChallenge)
	elsewhere := d.party
	elsewhere.Origin = "https://other.example.com"
	_, err = d.SignIn(t.Context(), d.site, elsewhere, d.attempt(browser), body)
	d.wantRefused(err, passkey.WrongOrigin)
	_, err = d.signIn(browser, body)
	d.must(err)
	d.lines.Reset()
	_, err = d.signIn(browser, body)
	d.wantRefused(err, passkey.UsedBefore)
}

func TestWhatIsNotAsItShouldBeIsRefused(t *testing.T) {
	d := newDesk(t)
	a := &testkit.Authenticator{}
	d.add(d.member(alice), a)
	browser := signin.NewBrowser()
	for _, c := range []struct {
		what   string
		change func(*testkit.Ceremony)
		want   passkey.Reason
	}{
		{"another origin", func(c *testkit.Ceremony) { c.Origin = "https://app.example.org" }, passkey.WrongOrigin},
		{"an origin with a port", func(c *testkit.Ceremony) { c.Origin += ":8443" }, passkey.WrongOrigin},
		{"an origin with a path", func(c *testkit.Ceremony) { c.Origin += "/" }, passkey.WrongOrigin},
		{"an origin with http", func(c *testkit.Ceremony) { c.Origin = "http://app.example.com" }, passkey.WrongOrigin},
		{"a frame", func(c *testkit.Ceremony) { c.CrossOrigin = true }, passkey.WrongOrigin},
		{"a frame of itself", func(c *testkit.Ceremony) { c.CrossOrigin, c.TopOrigin = true, c.Origin }, passkey.WrongOrigin},
		{"a top origin without a frame", func(c *testkit.Ceremony) { c.TopOrigin = c.Origin }, passkey.WrongOrigin},
		{"another RP ID", func(c *testkit.Ceremony) { c.RPID = "app.example.com" }, passkey.WrongRPID},
		{"another ceremony", func(c *testkit.Ceremony) { c.Type = "webauthn.create" }, passkey.WrongCeremony},
		{"another challenge", func(c *testkit.Ceremony) { c.Challenge = "AAAAAAAAAAAAAAAAAAAAAA" }, passkey.WrongChallenge},
		{"no challenge", func(c *testkit.Ceremony) { c.Challenge = "" }, passkey.WrongChallenge},
		{"no user verification", func(c *testkit.Ceremony) { c.Flags &^= testkit.UserVerified }, passkey.NotVerified},
		{"no user presence", func(c *testkit.Ceremony) { c.Flags &^= testkit.UserPresent }, passkey.NotPresent},
		{"a backup without eligibility", func(c *testkit.Ceremony) { c.Flags |= testkit.BackedUp }, passkey.WrongFlags},
		{"eligibility that was not there", func(c *testkit.Ceremony) { c.Flags |= testkit.BackupEligible }, passkey.EligibilityChanged},
		{"no handle", func(c *testkit.Ceremony) { c.Handle = nil }, passkey.WrongHandle},
		{"another handle", func(c *testkit.Ceremony) { c.Handle = make([]byte, 32) }, passkey.WrongHandle},
		{"an unknown passkey", func(c *testkit.Ceremony) { c.Credential = make([]byte, 32) }, passkey.UnknownCredential},
		{"another signature", func(c *testkit.Ceremony) {
			sign := c.Sign
			c.Sign = func(data []byte) []byte { return sign(append(data, 0)) }
		}, passkey.WrongSignature},
		{"no signature", func(c *testkit.Ceremony) { c.Sign = func([]byte) []byte { return nil } }, passkey.WrongSignature},
	} {
		d.lines.Reset()
		before := len(d.sessions(alice))
		result, err := d.signIn(browser, d.signed(browser, a, c.change))
		t.Log(c.what)
		d.wantRefused(err, c.want)
		if result.Outcome != signin.Unknown || result.SessionID != (session.ID{}) || len(d.sessions(alice)) != before {
			t.Errorf("%s: the result is %+v", c.what, result)
		}
	}
	if _, err := d.signIn(browser, d.signed(browser, a)); err != nil {
		t.Errorf("after all that the passkey does not sign in: %v", err)
	}
}

func (d *desk) sessions(who address.Address) []session.Entry {
	d.t.Helper()
	list, err := d.store.Sessions(d.t.Context(), who, time.Now())
	d.must(err)
	return list
}

func TestNobodySignsInWithThePasskeyOfAnother(t *testing.T) {
	d := newDesk(t)
	hers, his := &testkit.Authenticator{}, &testkit.Authenticator{}
	d.add(d.member(alice), hers)
	d.add(d.member("bob@corp.example"), his)
	d.lines.Reset()
	browser := signin.NewBrowser()
	_, err := d.signIn(browser, d.signed(browser, his, func(c *testkit.Ceremony) { c.Handle = hers.Credentials[0].Handle }))
	d.wantRefused(err, passkey.WrongHandle)
	_, err = d.signIn(browser, d.signed(browser, his, func(c *testkit.Ceremony) {
		c.Credential, c.Handle = hers.Credentials[0].ID, hers.Credentials[0].Handle
	}))
	d.wantRefused(err, passkey.WrongSignature)
}

func TestWhomTheRulesDoNotAdmitOrWhoIsDisabledIsRefusedLikeAnybody(t *testing.T) {
	d := newDesk(t)
	a := &testkit.Authenticator{}
	d.add(d.member(alice), a)
	browser := signin.NewBrowser()
	nobody, err := people.NewRules([]string{"carol@corp.example"}, nil, nil, nil)
	d.must(err)
	d.lines.Reset()
	_, err = d.SignIn(t.Context(), signin.Site{Origin: d.site.Origin, Rules: nobody}, d.party, d.attempt(browser), d.signed(browser, a))
	d.wantRefused(err, passkey.NotAdmitted)
	_, err = d.store.ChangePerson(t.Context(), alice, time.Now(), func(p *people.Person) error { p.Disabled = true; return nil })
	d.must(err)
	_, err = d.signIn(browser, d.signed(browser, a))
	d.wantRefused(err, passkey.Disabled)
	_, err = d.store.ChangePerson(t.Context(), alice, time.Now(), func(p *people.Person) error { p.Disabled = false; return nil })
	d.must(err)
	if _, err = d.signIn(browser, d.signed(browser, a)); err != nil {
		t.Errorf("enabled again: %v", err)
	}
}

func TestACounterThatDoesNotGoOnIsRefused(t *testing.T) {
	d := newDesk(t)
	a := &testkit.Authenticator{Counts: true}
	d.add(d.member(alice), a)
	browser := signin.NewBrowser()
	for range 3 {
		_, err := d.signIn(browser, d.signed(browser, a))
		d.must(err)
	}
	for _, counter := range []uint32{0, 1, 3} {
		d.lines.Reset()
		_, err := d.signIn(browser, d.signed(browser, a, func(c *testkit.Ceremony) { c.Counter = counter }))
		d.wantRefused(err, passkey.CounterWentBack)
	}
	if _, err := d.signIn(browser, d.signed(browser, a, func(c *testkit.Ceremony) { c.Counter = 1 << 31 })); err != nil {
		t.Errorf("a counter that jumps ahead: %v", err)
	}
}
