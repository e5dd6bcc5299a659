package ordered

import (
	"context"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/access"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
	"github.com/doorpost-auth/doorpost/internal/store/steps"
	"github.com/doorpost-auth/doorpost/internal/token"
)

func promised(now time.Time, who address.Address, purpose signin.Purpose, key byte) signin.Promised {
	return signin.Promised{
		Now: now, Link: signin.Link{Key: signin.LinkKey{key}, Purpose: purpose, Address: who, Origin: "https://a.example.com", Expires: now.Add(access.Kept)},
		Message: outbox.Message{ID: "m" + string(rune('a'+key)), To: who, Created: now, State: outbox.Queued, Due: now},
	}
}

func TestTheSweepRemovesAccessRequestsWithTheirLinks(t *testing.T) {
	s, e := newTestStore(t)
	start := time.Unix(1_700_000_000, 0)
	_, _, err := s.Submit(t.Context(), access.Submission{
		Now: start, Request: access.Request{ID: "id", Address: "a@example.com", GrantOrigin: "https://a.example.com", Asked: start},
		Owners: []signin.Promised{promised(start, "owner@example.com", signin.ToDecide, 1), promised(start, "b@example.com", signin.ToDecide, 2)},
	})
	must(t, err)
	for _, c := range []struct {
		after time.Duration
		want  map[steps.Table]int
	}{
		{access.Kept - time.Millisecond, map[steps.Table]int{steps.AccessRequests: 1, steps.Lists: 1, steps.Links: 2, steps.Addresses: 2}},
		{access.Kept, map[steps.Table]int{steps.Links: 2, steps.Addresses: 2}},
		{access.Kept + signin.Remembered, map[steps.Table]int{}},
	} {
		_, err := s.SweepAll(t.Context(), start.Add(c.after))
		must(t, err)
		for _, table := range []steps.Table{steps.AccessRequests, steps.Lists, steps.Links, steps.Addresses, steps.Messages} {
			if got := e.size(table); got != c.want[table] {
				t.Errorf("swept after %v there are %d of %s, want %d", c.after, got, table, c.want[table])
			}
		}
	}
}

func TestTheNameOfAServiceIsKeptForAsLongAsItsToken(t *testing.T) {
	s, e := newTestStore(t)
	start := time.Unix(1_700_000_000, 0)
	made := func(name string, expires time.Time) token.ID {
		r := token.Record{Token: token.Token{ID: token.NewID(), Name: name, Sites: []string{"https://a.example.com"}, Made: start, Expires: expires}, Sum: token.Sum{1}}
		must(t, s.MakeToken(t.Context(), r, start))
		return r.ID
	}
	first, second := start.Add(time.Hour), start.Add(2*time.Hour)
	ended, rotated := made("ended", time.Time{}), made("rotated", first)
	made("short", first)
	_, err := s.EndToken(t.Context(), ended, "", start)
	must(t, err)
	_, err = s.RotateToken(t.Context(), rotated, token.Sum{2}, second, start, start)
	must(t, err)
	for i, now := range []time.Time{start, first.Add(token.KeptFor), second.Add(token.KeptFor)} {
		want := 2 - i
		_, err := s.SweepAll(t.Context(), now)
		must(t, err)
		if names, tokens := e.size("token_names"), e.size(steps.Tokens); names != want || tokens != want {
			t.Errorf("swept after %v there are %d names of %d tokens, want %d", now.Sub(start), names, tokens, want)
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
	disabled, err := codec.Encode(codec.Person{Added: 1, Disabled: true})
	must(t, err)
	must(t, e.Put(Bucket(steps.People), []byte("a@example.com"), append(encodeEnd(time.Time{}), disabled...)))
	for _, redeem := range []func(context.Context, signin.Redemption) (signin.Redeemed, error){s.RedeemLink, s.RedeemCode} {
		redeemed, err := redeem(t.Context(), r)
		must(t, err)
		if redeemed.Outcome != signin.NotAdmitted || redeemed.Request.Address != "a@example.com" || e.size(steps.Sessions) > 0 {
			t.Errorf("the outcome is %+v, there are %d sessions", redeemed, e.size(steps.Sessions))
		}
	}
}

func TestAPersonWithoutStandingTakesNoRoomForIt(t *testing.T) {
	s, e := newTestStore(t)
	signInAt(t, s, "a@example.com", time.Unix(1_700_000_000, 0))
	if got := len(e.state[Bucket(steps.People)]["a@example.com"]); got > endLength+12+len(people.Subject{})+2 {
		t.Errorf("a person with nothing but an address takes %d bytes", got)
	}
}
