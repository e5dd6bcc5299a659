package storetest

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// linkLife is how long the links of the tests live.
const linkLife = 10 * time.Minute

// The rules of the tests are known by these fingerprints.
const (
	rulesThen = "rules of then"
	rulesNow  = "rules of now"
)

// everybody is admitted by rules that say no more.
var everybody = people.Admission{Ways: []people.Way{{Open: true}}}

// plenty is a limit that no test reaches.
var plenty = limit.Rule{Max: 1_000_000, Window: 15 * time.Minute}

// fixture is a store, a moment and names that no other test uses.
type fixture struct {
	*testing.T
	Store

	now  time.Time
	site string
	name string // unique
}

func newFixture(t *testing.T, store Store) *fixture {
	t.Helper()
	name := "t" + rand.Text()[:12]
	// Stores keep no more than milliseconds.
	return &fixture{T: t, Store: store, now: time.Now().Truncate(time.Second), site: "https://" + name + ".example.com", name: name}
}

// person makes an address that begins with the name given.
func (f *fixture) person(name string) address.Address {
	f.Helper()
	who, err := address.Parse(name + "-" + f.name + "@ex.com")
	f.must(err)
	return who
}

func (f *fixture) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func newBrowser() signin.BrowserKey { return signin.NewBrowser().Key() }

func newLink() (key signin.LinkKey) {
	rand.Read(key[:])
	return key
}

func newCode() (key signin.CodeKey) {
	rand.Read(key[:])
	return key
}

// asking is what an admitted person asks, far from every limit.
func (f *fixture) asking(who address.Address, browser signin.BrowserKey) signin.Asking {
	return signin.Asking{
		Now:     f.now,
		Browser: browser,
		Request: signin.Request{
			Address: who, Typed: "  " + string(who), Origin: f.site, To: "/a?b=c&d=<e>#é\u2028", Asked: f.now, Expires: f.now.Add(linkLife),
			Device: session.Device{Browser: "Firefox", System: "Android", Network: "203.0.113.0/24"},
		},
		Client:    limit.Use{Name: "network of " + f.name, Rule: plenty},
		Mailbox:   limit.Use{Name: who.Fold(), Rule: plenty},
		Total:     limit.Use{Name: "total of " + f.name, Rule: plenty}, // the service has one total, the tests have one each
		Admission: everybody, Link: newLink(), Code: newCode(), Policy: rulesThen, Message: f.message(who),
	}
}

// message is one that waits.
func (f *fixture) message(who address.Address) outbox.Message {
	return outbox.Message{
		ID: strings.ToLower(rand.Text()), Kind: outbox.SignIn, To: who, Origin: f.site, Language: "de", Sealed: []byte("sealed \x00\xff/"),
		Created: f.now, Deadline: f.now.Add(linkLife - time.Minute), State: outbox.Queued, Since: f.now, Due: f.now,
	}
}

// askingAt is asking at another time.
func (f *fixture) askingAt(now time.Time, who address.Address, browser signin.BrowserKey) signin.Asking {
	a := f.asking(who, browser)
	a.Now, a.Request.Asked, a.Request.Expires, a.Message.Created = now, now, now.Add(linkLife), now
	return a
}

// ask asks and returns what became of it.
func (f *fixture) ask(a signin.Asking) signin.Asked {
	f.Helper()
	asked, err := f.Ask(f.Context(), a)
	f.must(err)
	return asked
}

// asked asks for a link that has to be sent.
func (f *fixture) asked(who address.Address, browser signin.BrowserKey) signin.Asking {
	f.Helper()
	a := f.asking(who, browser)
	f.wantSent(f.ask(a))
	return a
}

func (f *fixture) wantSent(asked signin.Asked) {
	f.Helper()
	if !asked.Send || asked.Silent != signin.NotSilent || asked.Wait != 0 {
		f.Fatalf("asking made %+v, want a link to be sent", asked)
	}
}

func (f *fixture) wantSilent(asked signin.Asked, want signin.SilentReason) {
	f.Helper()
	if asked.Send || asked.Silent != want || asked.Wait != 0 {
		f.Fatalf("asking made %+v, want silence for %q", asked, want)
	}
}

// redemption is an attempt in the browser that asked, by link and by code.
func (f *fixture) redemption(a signin.Asking) signin.Redemption {
	return signin.Redemption{
		Origin: f.site, Browser: a.Browser, Link: a.Link, Codes: []signin.CodeKey{a.Code}, Policy: rulesThen,
		Arrival: f.arrival(a.Now.Add(time.Second)),
	}
}

// arrival is a sign-in for an hour that is not told to anybody.
func (f *fixture) arrival(now time.Time) signin.Arrival {
	return signin.Arrival{Now: now, Session: session.Entry{Key: session.NewID().Key(), Record: session.Record{
		Scope: f.site, SignedIn: f.now, Seen: f.now, Expires: f.now.Add(time.Hour), Device: session.Device{Browser: "Chrome"},
	}}}
}

func (f *fixture) redeemLink(r signin.Redemption) signin.Redeemed {
	f.Helper()
	redeemed, err := f.RedeemLink(f.Context(), r)
	f.must(err)
	return redeemed
}

func (f *fixture) redeemCode(r signin.Redemption) signin.Redeemed {
	f.Helper()
	redeemed, err := f.RedeemCode(f.Context(), r)
	f.must(err)
	return redeemed
}

func (f *fixture) wantOutcome(got signin.Redeemed, want signin.Outcome) {
	f.Helper()
	if got.Outcome != want {
		f.Fatalf("the outcome is %d, want %d: %+v", got.Outcome, want, got)
	}
}

// linkOutcome tells how a link stands without using it up: another browser
// tries it.
func (f *fixture) linkOutcome(a signin.Asking, now time.Time) signin.Outcome {
	f.Helper()
	r := f.redemption(a)
	r.Now, r.Browser = now, newBrowser()
	return f.redeemLink(r).Outcome
}

// alive is the outcome of a live link in another browser.
const alive = signin.OtherBrowser

func (f *fixture) wantLink(a signin.Asking, now time.Time, want signin.Outcome) {
	f.Helper()
	if got := f.linkOutcome(a, now); got != want {
		f.Fatalf("the link has outcome %d in another browser, want %d", got, want)
	}
}

// tryWrongCode types a wrong code in the browser that asked.
func (f *fixture) tryWrongCode(a signin.Asking, now time.Time) signin.Redeemed {
	f.Helper()
	r := f.redemption(a)
	r.Now, r.Codes = now, []signin.CodeKey{newCode(), newCode()}
	return f.redeemCode(r)
}

// signIn signs a person in, in a browser of its own.
func (f *fixture) signIn(who address.Address) session.Entry {
	f.Helper()
	r := f.redemption(f.asked(who, newBrowser()))
	f.wantOutcome(f.redeemLink(r), signin.SignedIn)
	r.Session.Address = who
	return r.Session
}

// found reports whether there is a session, early in its life.
func (f *fixture) found(key session.Key) bool {
	f.Helper()
	_, found, err := f.Session(f.Context(), key, f.now.Add(time.Second))
	f.must(err)
	return found
}

func (f *fixture) wantFound(key session.Key, want bool) {
	f.Helper()
	if got := f.found(key); got != want {
		f.Fatalf("the session is found: %v, want %v", got, want)
	}
}

// wantSessions holds the sessions of a person to those given.
func (f *fixture) wantSessions(who address.Address, want ...session.Key) {
	f.Helper()
	entries, err := f.Sessions(f.Context(), who, f.now.Add(time.Second))
	f.must(err)
	got := make(map[session.Key]bool)
	for _, entry := range entries {
		got[entry.Key] = true
		if entry.Address != who {
			f.Fatalf("%s has a session of %s", who, entry.Address)
		}
	}
	if len(got) != len(want) || len(entries) != len(want) {
		f.Fatalf("%s has %d sessions, want %d", who, len(entries), len(want))
	}
	for _, key := range want {
		if !got[key] {
			f.Fatalf("a session of %s is not listed", who)
		}
	}
}
