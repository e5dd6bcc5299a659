package ordered

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/steps"
)

func TestANetworkOverItsLimitCostsNoChange(t *testing.T) {
	s, e := newTestStore(t)
	a := signin.Asking{Now: time.Now(), Client: limit.Use{Name: "a", Rule: limit.Rule{Max: 1, Window: time.Hour}}}
	for i, want := range []int{1, 0, 0} {
		e.updates = 0
		asked, err := s.Ask(t.Context(), a)
		must(t, err)
		if e.updates != want || (asked.Wait > 0) != (i > 0) {
			t.Errorf("request %d made %d changes: %+v", i+1, e.updates, asked)
		}
	}
}

// openLink asks for a link and returns an attempt to redeem it.
func openLink(t *testing.T, s *Store) signin.Redemption {
	t.Helper()
	now, plenty := time.Now(), limit.Rule{Max: 100, Window: time.Hour}
	a := signin.Asking{
		Now: now, Browser: signin.NewBrowser().Key(), Admission: people.Admission{Ways: []people.Way{{Open: true}}},
		Request: signin.Request{Address: "a@example.com", Asked: now, Expires: now.Add(linkLife)},
		Client:  limit.Use{Rule: plenty}, Mailbox: limit.Use{Rule: plenty}, Total: limit.Use{Rule: plenty},
	}
	rand.Read(a.Link[:])
	rand.Read(a.Code[:])
	_, err := s.Ask(t.Context(), a)
	must(t, err)
	return signin.Redemption{
		Browser: a.Browser, Link: a.Link, Codes: []signin.CodeKey{a.Code},
		Arrival: signin.Arrival{Now: now, Session: session.Entry{Key: session.NewID().Key(), Record: session.Record{Expires: now.Add(time.Hour)}}},
	}
}

func TestALinkUsedBetweenTheLookAndTheChangeIsUsed(t *testing.T) {
	s, e := newTestStore(t)
	first := openLink(t, s)
	second := first
	second.Session.Key = session.NewID().Key()
	e.beforeUpdate = func() {
		redeemed, err := s.RedeemCode(t.Context(), first)
		must(t, err)
		if redeemed.Outcome != signin.SignedIn {
			t.Fatalf("the first attempt has outcome %d", redeemed.Outcome)
		}
	}
	redeemed, err := s.RedeemLink(t.Context(), second)
	must(t, err)
	if redeemed.Outcome != signin.Used || e.size(steps.Sessions) != 1 {
		t.Errorf("the second attempt has outcome %d, there are %d sessions", redeemed.Outcome, e.size(steps.Sessions))
	}
}

func TestALinkThatIsTriedInVainCostsNoChange(t *testing.T) {
	s, e := newTestStore(t)
	used := openLink(t, s)
	_, err := s.RedeemLink(t.Context(), used)
	must(t, err)
	used.Session.Key = session.NewID().Key() // another attempt
	open := openLink(t, s)
	elsewhere, unknown, wrongRules := open, open, open
	elsewhere.Browser = signin.NewBrowser().Key()
	rand.Read(unknown.Link[:])
	wrongRules.Policy = "others"
	e.updates = 0
	for want, r := range map[signin.Outcome]signin.Redemption{
		signin.Used: used, signin.OtherBrowser: elsewhere, signin.TooOld: unknown, signin.PolicyChanged: wrongRules,
	} {
		redeemed, err := s.RedeemLink(t.Context(), r)
		must(t, err)
		if redeemed.Outcome != want || e.updates != 0 {
			t.Errorf("the outcome is %d, want %d, with %d changes", redeemed.Outcome, want, e.updates)
		}
	}
}
