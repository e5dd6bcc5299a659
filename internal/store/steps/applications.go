package steps

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/entry"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

// messagesWindow is what entry.MaxMessages are counted in.
const messagesWindow = 24 * time.Hour

// applicationList has all applications, the oldest first. They are so few that
// each step that is about all of them reads the list.
var applicationList = Key{Lists, "applications"}

// Apply implements entry.Store.
func (s Steps) Apply(ctx context.Context, a entry.Applying) (kept entry.Application, state signin.LinkState, err error) {
	err = s.backend.Change(ctx, []Key{applicationList}, func(tx Tx) error {
		kept, state, err = apply(tx, a)
		return err
	})
	if err != nil {
		return entry.Application{}, signin.LinkUnknown, err
	}
	return kept, state, nil
}

func apply(tx Tx, a entry.Applying) (entry.Application, signin.LinkState, error) {
	next := codec.PackApplication(a.Application)
	if a.Use != nil {
		link, state, err := use(tx, *a.Use)
		if err != nil || state != signin.LinkGood {
			return entry.Application{}, state, err
		}
		if link.Purpose != signin.ToAsk {
			return entry.Application{}, signin.LinkUnknown, fmt.Errorf("a link to %q does not say who asks to be admitted", link.Purpose)
		}
		next.Address = link.Address
	}
	others, err := countApplications(tx, next, a.Now)
	switch {
	case err != nil:
		return entry.Application{}, signin.LinkUnknown, err
	case others.same != nil:
		return others.same.Unpack(), signin.LinkGood, nil
	case others.open >= entry.MaxOpen:
		return entry.Application{}, signin.LinkUnknown, entry.ErrFull
	case others.told < entry.MaxMessages:
		if next.Owners, err = tellOwners(tx, a.Owners); err != nil {
			return entry.Application{}, signin.LinkUnknown, err
		}
	}
	if err := saveApplication(tx, next); err != nil {
		return entry.Application{}, signin.LinkUnknown, err
	}
	return next.Unpack(), signin.LinkGood, relist(tx, a.Now, next.ID, codec.Listed{Asked: next.Asked, ID: next.ID})
}

// counted is what there is already when somebody asks to be admitted to a site.
type counted struct {
	open int                // of anybody
	told int                // of anybody, to the owners, in messagesWindow
	same *codec.Application // of the same person, that stands
}

func countApplications(tx Tx, next codec.Application, now time.Time) (n counted, err error) {
	p, err := person(tx, next.Address)
	if err != nil {
		return n, err
	}
	standing := p.Standing.Unpack()
	err = eachApplication(tx, now, func(a codec.Application) bool {
		if a.Granted != next.Granted {
			return true
		}
		if a.Address == next.Address && (a.Decision != entry.Approved || standing.IsGranted(a.Granted, now)) {
			n.same = &a
		}
		if a.Decision == entry.Open {
			n.open++
		}
		if len(a.Owners) > 0 && now.Sub(codec.Time(a.Asked)) < messagesWindow {
			n.told++
		}
		return true
	})
	return n, err
}

func tellOwners(tx Tx, promised []signin.Promised) (links [][]byte, err error) {
	for _, p := range promised {
		of, _, err := load[codec.Address](tx, addressKey(p.Link.Address))
		if err != nil {
			return nil, err
		}
		if of.Blocked > codec.Millis(p.Now) {
			continue
		}
		owner, err := person(tx, p.Link.Address)
		if err != nil {
			return nil, err
		}
		if err := sendLink(tx, p, owner); err != nil {
			return nil, err
		}
		links = append(links, bytes.Clone(p.Link.Key[:]))
	}
	return links, nil
}

func saveApplication(tx Tx, a codec.Application) error {
	return save(tx, applicationKey(a.ID), a, codec.Time(a.Expires))
}

// relist has another entry stand in the list instead of an application's own,
// and drops those that are over.
func relist(tx Tx, now time.Time, id string, instead ...codec.Listed) error {
	list, _, err := load[[]codec.Listed](tx, applicationList)
	if err != nil {
		return err
	}
	over := codec.Millis(now.Add(-entry.Kept))
	list = slices.DeleteFunc(list, func(l codec.Listed) bool { return l.ID == id || l.Asked <= over })
	list = append(list, instead...)
	slices.SortFunc(list, func(a, b codec.Listed) int { return cmp.Or(cmp.Compare(a.Asked, b.Asked), cmp.Compare(a.ID, b.ID)) })
	if len(list) == 0 {
		return tx.Delete(applicationList)
	}
	return save(tx, applicationList, list, codec.Time(list[len(list)-1].Asked).Add(entry.Kept))
}

// eachApplication calls f with those that are not over, the oldest first, until
// it returns false.
func eachApplication(tx Tx, now time.Time, f func(codec.Application) bool) error {
	list, _, err := load[[]codec.Listed](tx, applicationList)
	if err != nil {
		return err
	}
	keys := make([]Key, len(list))
	for i, l := range list {
		keys[i] = applicationKey(l.ID)
	}
	if err := tx.Fetch(keys...); err != nil {
		return err
	}
	for _, key := range keys {
		a, found, err := load[codec.Application](tx, key)
		if err != nil {
			return err
		}
		if found && a.Expires > codec.Millis(now) && !f(a) {
			return nil
		}
	}
	return nil
}

// Application implements entry.Store.
func (s Steps) Application(ctx context.Context, id string, now time.Time) (found entry.Application, err error) {
	err = s.backend.Look(ctx, []Key{applicationKey(id)}, func(tx Tx) error {
		a, err := application(tx, id, now)
		found = a.Unpack()
		return err
	})
	return found, err
}

func application(tx Tx, id string, now time.Time) (codec.Application, error) {
	a, found, err := load[codec.Application](tx, applicationKey(id))
	if err == nil && (!found || a.Expires <= codec.Millis(now)) {
		return codec.Application{}, entry.ErrUnknown
	}
	return a, err
}

// Applications implements entry.Store.
func (s Steps) Applications(ctx context.Context, after string, max int, now time.Time) (list []entry.Application, next string, err error) {
	err = s.backend.Look(ctx, []Key{applicationList}, func(tx Tx) error {
		list, next = nil, ""
		passed := after == ""
		err := eachApplication(tx, now, func(a codec.Application) bool {
			switch {
			case !passed:
				passed = a.ID == after
			case a.Decision != entry.Open:
			case len(list) == max:
				next = list[max-1].ID
				return false
			default:
				list = append(list, a.Unpack())
			}
			return true
		})
		if err == nil && !passed {
			err = entry.ErrUnknown
		}
		return err
	})
	if err != nil {
		return nil, "", err
	}
	return list, next, nil
}

// forgetApplications forgets those of somebody, and returns how many there were.
func forgetApplications(tx Tx, who address.Address) (forgotten int, err error) {
	now := time.Now()
	var theirs []codec.Application
	err = eachApplication(tx, now, func(a codec.Application) bool {
		if a.Address == who {
			theirs = append(theirs, a)
		}
		return true
	})
	for _, a := range theirs {
		if err == nil {
			err = closeAll(tx, a.Owners, now)
		}
		if err == nil {
			err = tx.Delete(applicationKey(a.ID))
		}
		if err == nil {
			err = relist(tx, now, a.ID)
		}
	}
	return len(theirs), err
}

// moveApplications gives those of somebody another address.
func moveApplications(tx Tx, from, to address.Address, now time.Time) error {
	var failed error
	err := eachApplication(tx, now, func(a codec.Application) bool {
		if a.Address == from {
			a.Address = to
			failed = saveApplication(tx, a)
		}
		return failed == nil
	})
	return cmp.Or(err, failed)
}

func closeAll(tx Tx, links [][]byte, now time.Time) error {
	for _, key := range links {
		if err := closeLink(tx, key, now); err != nil {
			return err
		}
	}
	return nil
}

// Decide implements entry.Store.
func (s Steps) Decide(ctx context.Context, d entry.Deciding) (decided entry.Application, first bool, err error) {
	if d.Application.Decision != entry.Approved && d.Application.Decision != entry.Refused {
		return entry.Application{}, false, fmt.Errorf("deciding about an application: %q is not a decision", d.Application.Decision)
	}
	err = s.backend.Change(ctx, []Key{applicationKey(d.Application.ID)}, func(tx Tx) error {
		decided, first, err = decide(tx, d)
		return err
	})
	if err != nil {
		return entry.Application{}, false, err
	}
	return decided, first, nil
}

func decide(tx Tx, d entry.Deciding) (entry.Application, bool, error) {
	a, err := application(tx, d.Application.ID, d.Now)
	if err != nil {
		return entry.Application{}, false, err
	}
	if d.Use != nil {
		if mine, err := mayDecide(tx, *d.Use, a); err != nil || !mine {
			return entry.Application{}, false, cmp.Or(err, entry.ErrUnknown)
		}
	}
	if a.Decision != entry.Open {
		return a.Unpack(), false, nil
	}
	decision := codec.PackApplication(d.Application)
	a.Decision, a.Until, a.By, a.Decided = decision.Decision, decision.Until, decision.By, decision.Decided
	if err := closeAll(tx, a.Owners, d.Now); err != nil {
		return entry.Application{}, false, err
	}
	if err := saveApplication(tx, a); err != nil {
		return entry.Application{}, false, err
	}
	if a.Decision == entry.Approved {
		err = grant(tx, a.Unpack(), d)
	}
	return a.Unpack(), true, err
}

// mayDecide reports whether a link is one of an application's, and good, or used
// up by its decision.
func mayDecide(tx Tx, u signin.Use, a codec.Application) (bool, error) {
	its := slices.ContainsFunc(a.Owners, func(key []byte) bool { return bytes.Equal(key, u.Link[:]) })
	if !its || u.Purpose != signin.ToDecide {
		return false, nil
	}
	_, state, err := lookUp(tx, u)
	return state == signin.LinkGood || state == signin.LinkUsed && a.Decision != entry.Open, err
}

// grant lets somebody in and tells them.
func grant(tx Tx, a entry.Application, d entry.Deciding) error {
	before, err := person(tx, a.Address)
	if err != nil {
		return err
	}
	standing := people.Standing{}
	if s := before.Standing.Unpack(); s != nil {
		standing = *s
	}
	standing.Grants = append(slices.Clone(standing.Grants), people.Grant{Site: a.Granted, Until: a.Until}) // the last one counts
	after := before
	after.Standing = codec.PackStanding(&standing)
	if _, err = keepPerson(tx, a.Address, before, after, d.Now); err != nil {
		return err
	}
	_, err = promise(tx, d.Link)
	return err
}
