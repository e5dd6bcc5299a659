package registry

import (
	"context"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/people"
)

// maxPage is how many people a page has at most.
const maxPage = 1000

// Person implements people.Store.
func (r Registry) Person(ctx context.Context, who address.Address) (p people.Person, found bool, err error) {
	err = r.engine.Look(ctx, func(tx Tx) error {
		p, err = tx.Person(who)
		return err
	})
	if err != nil {
		return people.Person{}, false, err
	}
	return p, p.IsKnown(), nil
}

// People implements people.Store.
func (r Registry) People(ctx context.Context, q people.Query) (page people.Page, err error) {
	size := min(max(q.Max, 1), maxPage)
	err = r.engine.Look(ctx, func(tx Tx) error {
		page = people.Page{}
		return tx.People(q.After, q.Search, func(p people.Person) bool {
			if len(page.People) == size {
				page.Next = page.People[size-1].Address
				return false
			}
			page.People = append(page.People, p)
			return true
		})
	})
	if err != nil {
		return people.Page{}, err
	}
	return page, nil
}

// ChangePerson implements people.Store.
func (r Registry) ChangePerson(ctx context.Context, who address.Address, now time.Time, change func(*people.Person) error) (changed people.Person, err error) {
	err = r.engine.Change(ctx, func(tx Tx) error {
		before, err := tx.Person(who)
		if err != nil {
			return err
		}
		wanted := before
		wanted.Groups, wanted.Grants = slices.Clone(before.Groups), slices.Clone(before.Grants)
		if err := change(&wanted); err != nil {
			return err
		}
		after := before
		after.Disabled, after.Standing = wanted.Disabled, wanted.Standing
		changed, err = keep(tx, before, after, now)
		return err
	})
	if err != nil {
		return people.Person{}, err
	}
	return changed, nil
}

// keep keeps what was changed of somebody, who becomes known by it, and has
// their sessions follow.
func keep(tx Tx, before, after people.Person, now time.Time) (people.Person, error) {
	after.Standing = tidy(after.Standing, now)
	if before.IsKnown() && before.Disabled == after.Disabled && equal(&before.Standing, &after.Standing) {
		return before, nil
	}
	if !before.IsKnown() {
		after.Added = now.Truncate(time.Millisecond) // as records have it
	}
	after.Revision++
	if err := tx.PutPerson(after); err != nil {
		return people.Person{}, err
	}
	if after.Disabled {
		if _, err := endSessions(tx, after.Address); err != nil {
			return people.Person{}, err
		}
		_, err := endLinks(tx, after.Address, now)
		return after, err
	}
	return after, follow(tx, after)
}

// follow gives the sessions of somebody their standing.
func follow(tx Tx, p people.Person) error {
	sessions, err := tx.Sessions(p.Address)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		if equal(s.Standing, &p.Standing) {
			continue
		}
		if s.Standing = nil; !p.Standing.IsEmpty() {
			s.Standing = &p.Standing
		}
		if err := tx.ChangeSession(p.Address, s); err != nil {
			return err
		}
	}
	return nil
}

// tidy is a standing in its one form: groups in order, of grants for one site
// the last, and none that is over.
func tidy(s people.Standing, now time.Time) people.Standing {
	tidied := people.Standing{Groups: slices.Sorted(slices.Values(s.Groups))}
	tidied.Groups = slices.Compact(tidied.Groups)
	for i, g := range s.Grants {
		replaced := slices.ContainsFunc(s.Grants[i+1:], func(later people.Grant) bool { return later.Site == g.Site })
		g.Until = g.Until.Truncate(time.Millisecond)
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
func (r Registry) RemovePerson(ctx context.Context, who address.Address, now time.Time) error {
	return r.engine.Change(ctx, func(tx Tx) error {
		found, err := forget(tx, who, now)
		if err == nil && !found {
			return people.ErrUnknown
		}
		return err
	})
}

// forget removes all that is kept of somebody, and tells whether there was
// anything.
func forget(tx Tx, who address.Address, now time.Time) (found bool, err error) {
	p, err := tx.Person(who)
	if err != nil {
		return false, err
	}
	sessions, err := endSessions(tx, who)
	if err != nil {
		return false, err
	}
	links, err := endLinks(tx, who, now)
	if err != nil {
		return false, err
	}
	applications, err := applicationsOf(tx, who)
	if err != nil {
		return false, err
	}
	for _, a := range applications {
		if err := useAll(tx, a.Owners); err != nil {
			return false, err
		}
		if err := tx.DeleteApplication(a.ID); err != nil {
			return false, err
		}
	}
	if p.IsKnown() {
		err = forgetRecord(tx, p, now)
	}
	return p.IsKnown() || sessions+links+len(applications) > 0, err
}

// forgetRecord removes the record of somebody and what points at it.
func forgetRecord(tx Tx, p people.Person, now time.Time) error {
	if p.Recovery != "" {
		if err := tx.PutRecovery(p.Recovery, ""); err != nil {
			return err
		}
	}
	// Otherwise they would give away whoever has the address next.
	if _, err := aboutMoves(tx, p.Former, p.Address, now, func(l Link) error { return tx.UseLink(l.Key) }); err != nil {
		return err
	}
	return tx.DeletePerson(p.Address)
}

func endSessions(tx Tx, who address.Address) (ended int, err error) {
	sessions, err := tx.Sessions(who)
	if err != nil {
		return 0, err
	}
	for _, s := range sessions {
		if err := tx.EndSession(who, s.Key); err != nil {
			return 0, err
		}
	}
	return len(sessions), nil
}
