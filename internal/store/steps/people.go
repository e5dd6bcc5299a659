package steps

import (
	"context"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

// Person implements people.Store.
func (s Steps) Person(ctx context.Context, who address.Address) (people.Person, bool, error) {
	return results(ctx, s.look("person"), []Key{personKey(who), mailboxKey(who)}, func(t *tx) (people.Person, bool) {
		stored := person(t, who)
		p := stored.Unpack(who)
		p.Barred = barredBy(t, who, stored)
		return p, p.IsKnown()
	})
}

// People implements people.Store. It looks for the words in the addresses, so
// that a record that is not asked for is not read.
func (s Steps) People(ctx context.Context, q people.Query) (people.Page, error) {
	size := pageOf(q.Max)
	return result(ctx, s.look("people"), nil, func(t *tx) (page people.Page) {
		ids, next := findIDs(t, People, q.Search, string(q.After), size)
		page.Next = address.Address(next)
		fetchAll(t, People, ids)
		for _, id := range ids {
			who := address.Address(id)
			if p := person(t, who); p.IsKnown() {
				page.People = append(page.People, p.Unpack(who))
			}
		}
		return page
	})
}

// ChangePerson implements people.Store.
func (s Steps) ChangePerson(ctx context.Context, who address.Address, now time.Time, how func(*people.Person) error) (people.Person, error) {
	return result(ctx, s.change("change_person"), ofAddress(who), func(t *tx) people.Person {
		before := person(t, who)
		wanted := before.Unpack(who)
		wanted.Groups, wanted.Grants = slices.Clone(wanted.Groups), slices.Clone(wanted.Grants)
		if t.err == nil {
			t.fail(how(&wanted))
		}
		after := before
		after.Disabled, after.Standing = wanted.Disabled, codec.PackStanding(&wanted.Standing)
		return keepPerson(t, who, before, after, now).Unpack(who)
	})
}

// keepPerson keeps what was changed of somebody, who becomes known by it, and
// has their sessions follow.
func keepPerson(t *tx, who address.Address, before, after codec.Person, now time.Time) codec.Person {
	standing := people.Standing{}
	if s := after.Standing.Unpack(); s != nil {
		standing = tidy(*s, now)
	}
	after.Standing = codec.PackStanding(&standing)
	if before.IsKnown() && before.Disabled == after.Disabled && equal(before.Standing.Unpack(), &standing) {
		return before
	}
	if before.IsKnown() {
		after.Changes++
	} else {
		after.Become(now)
	}
	if after.Disabled && !before.Disabled {
		after = bar(t, who, after, now)
	} else if before.Disabled && !after.Disabled {
		after = lift(t, who, after)
	}
	savePerson(t, who, after)
	if after.Disabled {
		endSessions(t, who, session.Key{})
		endTokens(t, who)
		endLinks(t, who, now)
	} else {
		follow(t, who, after, now)
	}
	return after
}

// follow gives the sessions of somebody their standing.
func follow(t *tx, who address.Address, p codec.Person, now time.Time) {
	for _, open := range openSessions(t, who) {
		stored, alive := liveSession(t, open.Key, now)
		if alive && !equal(stored.Standing.Unpack(), p.Standing.Unpack()) {
			stored.Standing = p.Standing
			saveSession(t, open.Key, stored)
			t.changed(open.Keys()...)
		}
	}
	followTokens(t, who)
}

// tidy is a standing in its one form: groups in order, of grants for one site
// the last, and none that is over.
func tidy(s people.Standing, now time.Time) people.Standing {
	tidied := people.Standing{Groups: slices.Compact(slices.Sorted(slices.Values(s.Groups)))}
	for i, g := range s.Grants {
		replaced := slices.ContainsFunc(s.Grants[i+1:], func(later people.Grant) bool { return later.Origin == g.Origin })
		g.Until = g.Until.Truncate(time.Millisecond) // as records have it
		if !replaced && (g.Until.IsZero() || g.Until.After(now)) {
			tidied.Grants = append(tidied.Grants, g)
		}
	}
	return tidied
}

func equal(a, b *people.Standing) bool {
	if a.IsEmpty() || b.IsEmpty() {
		return a.IsEmpty() && b.IsEmpty()
	}
	return slices.Equal(a.Groups, b.Groups) &&
		slices.EqualFunc(a.Grants, b.Grants, func(g, h people.Grant) bool { return g.Origin == h.Origin && g.Until.Equal(h.Until) })
}

// RemovePerson implements people.Store.
func (s Steps) RemovePerson(ctx context.Context, who address.Address, now time.Time) error {
	return run(ctx, s.change("remove_person"), append(ofAddress(who), keyringKey(who)), func(t *tx) {
		if !forget(t, who, now) {
			t.fail(people.ErrUnknown)
		}
	})
}

// forget removes all that is kept of somebody, and reports whether there was
// anything.
func forget(t *tx, who address.Address, now time.Time) (found bool) {
	p := person(t, who)
	things := endSessions(t, who, session.Key{}) + endTokens(t, who) + endLinks(t, who, now) + forgetAccessRequests(t, who)
	if p.Recovery != "" {
		t.delete(recoveryKey(p.Recovery))
	}
	t.delete(trailKey(who))
	forgetKeyring(t, who)
	lift(t, who, p)
	if p.IsKnown() {
		deletePerson(t, who)
	}
	return p.IsKnown() || things > 0
}
