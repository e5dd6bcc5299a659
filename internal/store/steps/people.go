package steps

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

// maxPage is how many people a page has at most.
const maxPage = 1000

// Person implements people.Store.
func (s Steps) Person(ctx context.Context, who address.Address) (p people.Person, found bool, err error) {
	p, err = look(ctx, s, []Key{personKey(who), mailboxKey(who)}, func(tx Tx) (people.Person, error) {
		stored, err := person(tx, who)
		if err != nil {
			return people.Person{}, err
		}
		p := stored.Unpack(who)
		p.Barred, err = barredBy(tx, who, stored)
		return p, err
	})
	return p, p.IsKnown(), err
}

// idsAtOnce is how many addresses are looked through in one go.
const idsAtOnce = 10_000

// People implements people.Store. It looks for the words in the addresses, so
// that a record that is not asked for is not read.
func (s Steps) People(ctx context.Context, q people.Query) (people.Page, error) {
	size := min(max(q.Max, 1), maxPage)
	return look(ctx, s, nil, func(tx Tx) (page people.Page, err error) {
		found, err := findAddresses(tx, q, size+1)
		if err != nil {
			return page, err
		}
		if len(found) > size {
			found = found[:size]
			page.Next = found[size-1]
		}
		records := make([]Key, len(found))
		for i, who := range found {
			records[i] = personKey(who)
		}
		if err := tx.Fetch(records...); err != nil {
			return page, err
		}
		for _, who := range found {
			p, err := person(tx, who)
			if err != nil {
				return page, err
			}
			if p.IsKnown() {
				page.People = append(page.People, p.Unpack(who))
			}
		}
		return page, nil
	})
}

func findAddresses(tx Tx, q people.Query, n int) (found []address.Address, err error) {
	for after := string(q.After); ; {
		ids, err := tx.IDs(People, after, idsAtOnce)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			if after = id; !strings.Contains(id, q.Search) {
				continue
			}
			if found = append(found, address.Address(id)); len(found) == n {
				return found, nil
			}
		}
		if len(ids) < idsAtOnce {
			return found, nil
		}
	}
}

// ChangePerson implements people.Store.
func (s Steps) ChangePerson(ctx context.Context, who address.Address, now time.Time, how func(*people.Person) error) (people.Person, error) {
	return change(ctx, s, ofAddress(who), func(tx Tx) (people.Person, error) {
		before, err := person(tx, who)
		if err != nil {
			return people.Person{}, err
		}
		wanted := before.Unpack(who)
		wanted.Groups, wanted.Grants = slices.Clone(wanted.Groups), slices.Clone(wanted.Grants)
		if err := how(&wanted); err != nil {
			return people.Person{}, err
		}
		after := before
		after.Disabled, after.Standing = wanted.Disabled, codec.PackStanding(&wanted.Standing)
		after, err = keepPerson(tx, who, before, after, now)
		return after.Unpack(who), err
	})
}

// keepPerson keeps what was changed of somebody, who becomes known by it, and
// has their sessions follow.
func keepPerson(tx Tx, who address.Address, before, after codec.Person, now time.Time) (codec.Person, error) {
	standing := people.Standing{}
	if s := after.Standing.Unpack(); s != nil {
		standing = tidy(*s, now)
	}
	after.Standing = codec.PackStanding(&standing)
	if before.IsKnown() && before.Disabled == after.Disabled && equal(before.Standing.Unpack(), &standing) {
		return before, nil
	}
	if before.IsKnown() {
		after.Changes++
	} else {
		after.Become(now)
	}
	var err error
	if after.Disabled && !before.Disabled {
		after, err = bar(tx, who, after, now)
	} else if before.Disabled && !after.Disabled {
		after, err = lift(tx, who, after)
	}
	if err != nil {
		return codec.Person{}, err
	}
	if err := savePerson(tx, who, after); err != nil {
		return codec.Person{}, err
	}
	if !after.Disabled {
		return after, follow(tx, who, after, now)
	}
	if _, err := endSessions(tx, who, session.Key{}); err != nil {
		return codec.Person{}, err
	}
	_, err = endLinks(tx, who, now)
	return after, err
}

// follow gives the sessions of somebody their standing.
func follow(tx Tx, who address.Address, p codec.Person, now time.Time) error {
	keys, err := sessionKeys(tx, who)
	if err != nil {
		return err
	}
	for _, key := range keys {
		stored, found, err := load[codec.Session](tx, sessionKey(key))
		switch {
		case err != nil:
			return err
		case !found || stored.Expires <= codec.Millis(now) || equal(stored.Standing.Unpack(), p.Standing.Unpack()):
			continue
		}
		stored.Standing = p.Standing
		if err := saveSession(tx, key, stored); err != nil {
			return err
		}
		tx.Changed(key)
	}
	return nil
}

// tidy is a standing in its one form: groups in order, of grants for one site
// the last, and none that is over.
func tidy(s people.Standing, now time.Time) people.Standing {
	tidied := people.Standing{Groups: slices.Compact(slices.Sorted(slices.Values(s.Groups)))}
	for i, g := range s.Grants {
		replaced := slices.ContainsFunc(s.Grants[i+1:], func(later people.Grant) bool { return later.Site == g.Site })
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
		slices.EqualFunc(a.Grants, b.Grants, func(g, h people.Grant) bool { return g.Site == h.Site && g.Until.Equal(h.Until) })
}

// RemovePerson implements people.Store.
func (s Steps) RemovePerson(ctx context.Context, who address.Address, now time.Time) error {
	return s.backend.Change(ctx, ofAddress(who), func(tx Tx) error {
		found, err := forget(tx, who, now)
		if err == nil && !found {
			return people.ErrUnknown
		}
		return err
	})
}

// forget removes all that is kept of somebody, and reports whether there was
// anything.
func forget(tx Tx, who address.Address, now time.Time) (found bool, err error) {
	p, err := person(tx, who)
	if err != nil {
		return false, err
	}
	sessions, err := endSessions(tx, who, session.Key{})
	if err != nil {
		return false, err
	}
	links, err := endLinks(tx, who, now)
	if err != nil {
		return false, err
	}
	requests, err := forgetAccessRequests(tx, who)
	if err != nil {
		return false, err
	}
	if p.Recovery != "" {
		if err := tx.Delete(recoveryKey(p.Recovery)); err != nil {
			return false, err
		}
	}
	if err := tx.Delete(trailKey(who)); err != nil {
		return false, err
	}
	if _, err := lift(tx, who, p); err != nil {
		return false, err
	}
	if p.IsKnown() {
		err = deletePerson(tx, who)
	}
	return p.IsKnown() || sessions+links+requests > 0, err
}
