package txstore

import (
	"context"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/entry"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/record"
)

func promised(now time.Time, who address.Address, purpose signin.Purpose, key byte) signin.Promised {
	return signin.Promised{
		Now: now, Link: signin.Link{Key: signin.LinkKey{key}, Purpose: purpose, Address: who, Site: "https://a.example.com", Expires: now.Add(entry.Kept)},
		Message: outbox.Message{ID: "m" + string(rune('a'+key)), To: who, Created: now, State: outbox.Queued, Due: now},
	}
}

func TestTheSweepRemovesApplicationsWithTheirLinks(t *testing.T) {
	s, e := newTestStore(t)
	start := time.Unix(1_700_000_000, 0)
	_, _, err := s.Apply(t.Context(), entry.Applying{
		Now: start, Application: entry.Application{ID: "id", Address: "a@example.com", Granted: "https://a.example.com", Asked: start},
		Owners: []signin.Promised{promised(start, "owner@example.com", signin.ToDecide, 1), promised(start, "b@example.com", signin.ToDecide, 2)},
	})
	must(t, err)
	for _, c := range []struct {
		after time.Duration
		want  map[Bucket]int
	}{
		{entry.Kept - time.Millisecond, map[Bucket]int{applications: 1, oldestApplications: 1, links: 2, otherLinks: 2}},
		{entry.Kept, map[Bucket]int{links: 2}},
		{entry.Kept + signin.Remembered, map[Bucket]int{}},
	} {
		_, err := s.SweepAll(t.Context(), start.Add(c.after))
		must(t, err)
		for _, b := range []Bucket{applications, oldestApplications, links, usedLinks, otherLinks, outboxMessages} {
			if got := e.size(b); got != c.want[b] {
				t.Errorf("swept after %v there are %d of %s, want %d", c.after, got, b, c.want[b])
			}
		}
	}
}

func TestALinkForSomethingElseThatIsTriedInVainCostsNoChange(t *testing.T) {
	s, e := newTestStore(t)
	now := time.Now()
	used, open := promised(now, "a@example.com", signin.ToAsk, 1), promised(now, "a@example.com", signin.ToAsk, 2)
	for _, p := range []signin.Promised{used, open} {
		_, err := s.Promise(t.Context(), p)
		must(t, err)
	}
	use := func(p signin.Promised) signin.Use {
		return signin.Use{Now: now, Link: p.Link.Key, Purpose: signin.ToAsk, Site: p.Link.Site}
	}
	_, _, err := s.UseLink(t.Context(), use(used), false)
	must(t, err)
	e.updates = 0
	elsewhere, unknown := use(open), use(open)
	elsewhere.Site, unknown.Link = "https://b.example.com", signin.LinkKey{3}
	for want, u := range map[signin.Outcome]signin.Use{signin.Used: use(used), signin.Unknown: elsewhere, signin.TooOld: unknown} {
		_, outcome, err := s.UseLink(t.Context(), u, false)
		must(t, err)
		if outcome != want || e.updates != 0 {
			t.Errorf("the outcome is %d, want %d, with %d changes", outcome, want, e.updates)
		}
	}
}

func TestALinkOfSomebodyWhoWasChangedCostsNoChange(t *testing.T) {
	s, e := newTestStore(t)
	r := openLink(t, s)
	_, err := s.ChangePerson(t.Context(), "a@example.com", time.Now(), func(p *people.Person) error {
		p.Groups = []string{"staff"}
		return nil
	})
	must(t, err)
	e.updates = 0
	redeemed, err := s.RedeemLink(t.Context(), r)
	must(t, err)
	if redeemed.Outcome != signin.PolicyChanged || e.updates != 0 {
		t.Errorf("the outcome is %d, with %d changes", redeemed.Outcome, e.updates)
	}
}

func TestNobodyDisabledSignsInEvenIfALinkIsLeft(t *testing.T) {
	s, e := newTestStore(t)
	r := openLink(t, s)
	must(t, save(e, persons, []byte("a@example.com"), record.Person{Added: 1, Disabled: true}))
	for _, redeem := range []func(context.Context, signin.Redemption) (signin.Redeemed, error){s.RedeemLink, s.RedeemCode} {
		redeemed, err := redeem(t.Context(), r)
		must(t, err)
		if redeemed.Outcome != signin.NotAdmitted || redeemed.Request.Address != "a@example.com" || e.size(sessions) > 0 {
			t.Errorf("the outcome is %+v, there are %d sessions", redeemed, e.size(sessions))
		}
	}
}

func TestAPersonWithoutStandingTakesNoRoomForIt(t *testing.T) {
	s, e := newTestStore(t)
	signInAt(t, s, "a@example.com", time.Unix(1_700_000_000, 0))
	if got := len(e.state[persons]["a@example.com"]); got > 12 {
		t.Errorf("a person with nothing but an address takes %d bytes", got)
	}
}
