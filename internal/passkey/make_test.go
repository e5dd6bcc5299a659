package passkey_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/passkey"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/testkit"
)

func TestANewPasskeyThatIsNotAsItShouldBeIsRefused(t *testing.T) {
	d := newDesk(t)
	m := d.member(alice)
	for _, c := range []struct {
		what   string
		change func(*testkit.Ceremony)
		want   passkey.Reason
	}{
		{"another origin", func(c *testkit.Ceremony) { c.Origin = "https://app.example.org" }, passkey.WrongOrigin},
		{"a frame", func(c *testkit.Ceremony) { c.CrossOrigin = true }, passkey.WrongOrigin},
		{"another RP ID", func(c *testkit.Ceremony) { c.RPID = "app.example.com" }, passkey.WrongRPID},
		{"another ceremony", func(c *testkit.Ceremony) { c.Type = "webauthn.get" }, passkey.WrongCeremony},
		{"another challenge", func(c *testkit.Ceremony) { c.Challenge = "AAAAAAAAAAAAAAAAAAAAAA" }, passkey.WrongChallenge},
		{"no user verification", func(c *testkit.Ceremony) { c.Flags &^= testkit.UserVerified }, passkey.NotVerified},
		{"no user presence", func(c *testkit.Ceremony) { c.Flags &^= testkit.UserPresent }, passkey.NotPresent},
		{"a backup without eligibility", func(c *testkit.Ceremony) { c.Flags |= testkit.BackedUp }, passkey.WrongFlags},
	} {
		t.Log(c.what)
		d.lines.Reset()
		_, err := d.Add(t.Context(), d.site, d.party, m, d.created(m, &testkit.Authenticator{}, c.change))
		d.wantRefused(err, c.want)
		d.wantPasskeys(m, 0)
	}
}

func (d *desk) wantPasskeys(m signin.Member, want int) {
	d.t.Helper()
	ring, err := d.List(d.t.Context(), m)
	d.must(err)
	if len(ring.Passkeys) != want {
		d.t.Fatalf("there are %d passkeys, want %d", len(ring.Passkeys), want)
	}
}

// edited is a body with one thing of its response changed.
func (d *desk) edited(body []byte, edit func(body, response map[string]any)) []byte {
	d.t.Helper()
	var parsed map[string]any
	d.must(json.Unmarshal(body, &parsed))
	edit(parsed, parsed["response"].(map[string]any))
	raw, err := json.Marshal(parsed)
	d.must(err)
	return raw
}

func TestTheIDOfANewPasskeyIsTheOneOfItsAuthenticator(t *testing.T) {
	d := newDesk(t)
	m := d.member(alice)
	d.lines.Reset()
	body := d.edited(d.created(m, &testkit.Authenticator{}), func(body, _ map[string]any) {
		body["id"], body["rawId"] = "AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAA"
	})
	_, err := d.Add(t.Context(), d.site, d.party, m, body)
	d.wantRefused(err, passkey.Malformed)
}

func TestAnAlgorithmThatWasNotOfferedIsRefused(t *testing.T) {
	d := newDesk(t)
	m := d.member(alice)
	for algorithm, want := range map[int]passkey.Reason{-35: passkey.WrongKey, -37: passkey.WrongAlgorithm, -258: passkey.WrongAlgorithm} {
		a := &testkit.Authenticator{Algorithm: testkit.ES256, Claims: algorithm}
		if algorithm != -35 { // ES384 with a key of P-256
			a.Algorithm = testkit.RS256
		}
		d.lines.Reset()
		_, err := d.Add(t.Context(), d.site, d.party, m, d.created(m, a))
		d.wantRefused(err, want)
	}
}

func TestAChallengeToMakeAPasskeyIsGoodInItsSessionOnly(t *testing.T) {
	d := newDesk(t)
	m, elsewhere, bob := d.member(alice), d.member(alice), d.member("bob@corp.example")
	body := d.created(m, &testkit.Authenticator{})
	for _, other := range []signin.Member{elsewhere, bob} {
		d.lines.Reset()
		_, err := d.Add(t.Context(), d.site, d.party, other, body)
		d.wantRefused(err, passkey.WrongChallenge)
	}
	place := d.party
	place.ID = "app.example.com"
	d.lines.Reset()
	_, err := d.Add(t.Context(), d.site, place, m, body)
	d.wantRefused(err, passkey.WrongRPID)

	browser := signin.NewBrowser()
	options, err := d.Options(d.party, browser)
	d.must(err)
	var use struct{ Challenge string }
	d.must(json.Unmarshal(options, &use))
	_, err = d.Add(t.Context(), d.site, d.party, m, d.created(m, &testkit.Authenticator{}, func(c *testkit.Ceremony) { c.Challenge = use.Challenge }))
	d.wantRefused(err, passkey.WrongChallenge) // one to sign in with
	d.wantPasskeys(m, 0)
	if _, err := d.Add(t.Context(), d.site, d.party, m, body); err != nil {
		t.Errorf("in its own session: %v", err)
	}
	d.lines.Reset()
	_, err = d.Add(t.Context(), d.site, d.party, m, body)
	if !errors.Is(err, passkey.ErrRefused) || strings.Count(d.lines.String(), "msg=refused") != 1 {
		t.Errorf("once more: %v, %s", err, d.lines.String())
	}
	d.wantPasskeys(m, 1)
}

func TestTheSameAuthenticatorIsAskedForOneOnly(t *testing.T) {
	d := newDesk(t)
	m := d.member(alice)
	a := &testkit.Authenticator{}
	d.add(m, a)
	options, err := d.CreationOptions(t.Context(), d.party, m)
	d.must(err)
	if _, err := a.Create(d.party.Origin, options); err == nil || !strings.Contains(err.Error(), "InvalidStateError") {
		t.Errorf("it makes another one: %v", err)
	}
	d.add(m, &testkit.Authenticator{}) // another one is welcome
	ring, err := d.List(t.Context(), m)
	d.must(err)
	if string(ring.Handle) != string(a.Credentials[0].Handle) || strings.Contains(string(options), "alice") != true {
		t.Errorf("the handle is %x, the authenticator has %x", ring.Handle, a.Credentials[0].Handle)
	}
}

func TestWhatAnAuthenticatorSaysUnaskedOfItsMakerIsNotLookedAt(t *testing.T) {
	d := newDesk(t)
	m := d.member(alice)
	a := &testkit.Authenticator{Format: "packed", Statement: map[string]any{"alg": testkit.ES256, "sig": []byte("not one")}}
	d.add(m, a)
	browser := signin.NewBrowser()
	_, err := d.signIn(browser, d.signed(browser, a))
	d.must(err)
}

func TestAPasskeyIsRenamedAndRemoved(t *testing.T) {
	d := newDesk(t)
	a := &testkit.Authenticator{}
	m := d.member(alice)
	made := d.add(m, a)
	for typed, want := range map[string]string{
		"  my\u0000 key\u202e \n ": "my key", strings.Repeat("鍵", 100): strings.Repeat("鍵", passkey.MaxName), "\xff\xfeé": "é",
	} {
		d.must(d.Rename(t.Context(), d.site, m, made.ID, typed))
		if ring, err := d.List(t.Context(), m); err != nil || ring.Passkeys[0].Name != want {
			t.Errorf("%q became %q, %v", typed, ring.Passkeys[0].Name, err)
		}
	}
	if err := d.Rename(t.Context(), d.site, m, made.ID, " \t\u200b"); !errors.Is(err, passkey.ErrNoName) {
		t.Errorf("without a name: %v", err)
	}
	if err := d.Remove(t.Context(), d.site, m, made.ID); !errors.Is(err, passkey.ErrNeedsCode) {
		t.Errorf("removing it, signed in by mail: %v", err)
	}
	browser := signin.NewBrowser()
	result, err := d.signIn(browser, d.signed(browser, a))
	d.must(err)
	m.Session = result.SessionID.Key()
	d.lines.Reset()
	d.must(d.Remove(t.Context(), d.site, m, made.ID))
	if log := d.lines.String(); !strings.Contains(log, `msg="passkey removed"`) || !strings.Contains(log, "passkey="+string(made.ID)) {
		t.Errorf("the audit log is %s", log)
	}
	d.wantPasskeys(m, 0)
	var told []string
	messages, _, err := d.store.Messages(t.Context(), "", 100)
	d.must(err)
	for _, message := range messages {
		if message.Kind == outbox.Changed {
			p, err := signin.OpenPromise(d.sealer, message)
			d.must(err)
			told = append(told, p.Change)
		}
	}
	if len(told) != 2 || !strings.Contains(strings.Join(told, " "), passkey.Added) || !strings.Contains(strings.Join(told, " "), passkey.Removed) {
		t.Errorf("told of %q", told)
	}
}

func TestTheNameComesFromTheDevice(t *testing.T) {
	for want, device := range map[string]session.Device{
		"Firefox, Linux": {Browser: "Firefox", System: "Linux"}, "Firefox": {Browser: "Firefox"}, "iPhone": {System: "iPhone"}, "": {},
	} {
		d := newDesk(t)
		m := d.member(alice)
		m.Device = device
		if made := d.add(m, &testkit.Authenticator{}); made.Name != want {
			t.Errorf("%+v made %q, want %q", device, made.Name, want)
		}
	}
}

// Whoever makes up the id of a credential does not learn that somebody else has it.
func TestAPasskeyOfSomebodyElseIsRefusedLikeAnyWrongOne(t *testing.T) {
	d := newDesk(t)
	hers := &testkit.Authenticator{}
	d.add(d.member(alice), hers)
	m := d.member("mallory@corp.example")
	for name, change := range map[string]func(*testkit.Ceremony){
		"there is such a passkey already": func(c *testkit.Ceremony) { c.Credential = hers.Credentials[0].ID },
		"another origin":                  func(c *testkit.Ceremony) { c.Origin = "https://evil.example" },
	} {
		d.lines.Reset()
		_, err := d.Add(t.Context(), d.site, d.party, m, d.created(m, &testkit.Authenticator{}, change))
		if err != passkey.ErrRefused { // not even wrapped: its words are shown
			t.Errorf("%s: %v", name, err)
		}
		if log := d.lines.String(); !strings.Contains(log, name) {
			t.Errorf("%s: the audit log is %s", name, log)
		}
	}
}
