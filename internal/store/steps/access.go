package steps

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/access"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

// messagesWindow is what access.MaxMessages are counted in.
const messagesWindow = 24 * time.Hour

// accessList has all access requests, the oldest first. They are so few that
// each step that is about all of them reads the list.
var accessList = Key{Lists, "access_requests"}

// Submit implements access.Store.
func (s Steps) Submit(ctx context.Context, a access.Submission) (kept access.Request, state signin.LinkState, err error) {
	err = s.backend.Change(ctx, []Key{accessList}, func(tx Tx) error {
		kept, state, err = submit(tx, a)
		return err
	})
	if err != nil {
		return access.Request{}, signin.LinkUnknown, err
	}
	return kept, state, nil
}

func submit(tx Tx, a access.Submission) (access.Request, signin.LinkState, error) {
	next := codec.PackAccessRequest(a.Request)
	if a.Use != nil {
		link, state, err := use(tx, *a.Use)
		if err != nil || state != signin.LinkGood {
			return access.Request{}, state, err
		}
		if link.Purpose != signin.ToAsk {
			return access.Request{}, signin.LinkUnknown, fmt.Errorf("a link to %q does not say who asks to be admitted", link.Purpose)
		}
		next.Address = link.Address
	}
	others, err := countAccessRequests(tx, next, a.Now)
	switch {
	case err != nil:
		return access.Request{}, signin.LinkUnknown, err
	case others.same != nil:
		return others.same.Unpack(), signin.LinkGood, nil
	case others.open >= access.MaxOpen:
		return access.Request{}, signin.LinkUnknown, access.ErrFull
	case others.told < access.MaxMessages:
		if next.Owners, err = tellOwners(tx, a.Owners); err != nil {
			return access.Request{}, signin.LinkUnknown, err
		}
	}
	if err := saveAccessRequest(tx, next); err != nil {
		return access.Request{}, signin.LinkUnknown, err
	}
	return next.Unpack(), signin.LinkGood, relist(tx, a.Now, next.ID, codec.Listed{Asked: next.Asked, ID: next.ID})
}

// counted is what there is already when somebody asks to be admitted to a site.
type counted struct {
	open int                  // of anybody
	told int                  // of anybody, to the owners, in messagesWindow
	same *codec.AccessRequest // of the same person, that stands
}

func countAccessRequests(tx Tx, next codec.AccessRequest, now time.Time) (n counted, err error) {
	p, err := person(tx, next.Address)
	if err != nil {
		return n, err
	}
	standing := p.Standing.Unpack()
	err = eachAccessRequest(tx, now, func(a codec.AccessRequest) bool {
		if a.GrantSite != next.GrantSite {
			return true
		}
		if a.Address == next.Address && (a.State != access.Granted || standing.IsGranted(a.GrantSite, now)) {
			n.same = &a
		}
		if a.State == access.Open {
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
		owner, err := person(tx, p.Link.Address)
		if err != nil {
			return nil, err
		}
		if barred, err := mayNotSignIn(tx, p.Link.Address, owner); err != nil {
			return nil, err
		} else if barred {
			continue
		}
		if silent, err := promise(tx, p); err != nil {
			return nil, err
		} else if silent != signin.NotSilent {
			continue
		}
		links = append(links, bytes.Clone(p.Link.Key[:]))
	}
	return links, nil
}

func saveAccessRequest(tx Tx, a codec.AccessRequest) error {
	return save(tx, accessKey(a.ID), a, codec.Time(a.Expires))
}

// relist has another entry stand in the list instead of an access request's own,
// and drops those that are over.
func relist(tx Tx, now time.Time, id string, instead ...codec.Listed) error {
	list, _, err := load[[]codec.Listed](tx, accessList)
	if err != nil {
		return err
	}
	over := codec.Millis(now.Add(-access.Kept))
	list = slices.DeleteFunc(list, func(l codec.Listed) bool { return l.ID == id || l.Asked <= over })
	list = append(list, instead...)
	slices.SortFunc(list, func(a, b codec.Listed) int { return cmp.Or(cmp.Compare(a.Asked, b.Asked), cmp.Compare(a.ID, b.ID)) })
	if len(list) == 0 {
		return tx.Delete(accessList)
	}
	return save(tx, accessList, list, codec.Time(list[len(list)-1].Asked).Add(access.Kept))
}

// eachAccessRequest calls f with those that are not over, the oldest first, until
// it returns false.
func eachAccessRequest(tx Tx, now time.Time, f func(codec.AccessRequest) bool) error {
	list, _, err := load[[]codec.Listed](tx, accessList)
	if err != nil {
		return err
	}
	keys := make([]Key, len(list))
	for i, l := range list {
		keys[i] = accessKey(l.ID)
	}
	if err := tx.Fetch(keys...); err != nil {
		return err
	}
	for _, key := range keys {
		a, found, err := load[codec.AccessRequest](tx, key)
		if err != nil {
			return err
		}
		if found && a.Expires > codec.Millis(now) && !f(a) {
			return nil
		}
	}
	return nil
}

// AccessRequest implements access.Store.
func (s Steps) AccessRequest(ctx context.Context, id string, now time.Time) (access.Request, error) {
	return look(ctx, s, []Key{accessKey(id)}, func(tx Tx) (access.Request, error) {
		a, err := accessRequest(tx, id, now)
		return a.Unpack(), err
	})
}

func accessRequest(tx Tx, id string, now time.Time) (codec.AccessRequest, error) {
	a, found, err := load[codec.AccessRequest](tx, accessKey(id))
	if err == nil && (!found || a.Expires <= codec.Millis(now)) {
		return codec.AccessRequest{}, access.ErrUnknown
	}
	return a, err
}

// AccessRequests implements access.Store.
func (s Steps) AccessRequests(ctx context.Context, after string, max int, now time.Time) (list []access.Request, next string, err error) {
	err = s.backend.Look(ctx, []Key{accessList}, func(tx Tx) error {
		list, next = nil, ""
		passed := after == ""
		err := eachAccessRequest(tx, now, func(a codec.AccessRequest) bool {
			switch {
			case !passed:
				passed = a.ID == after
			case a.State != access.Open:
			case len(list) == max:
				next = list[max-1].ID
				return false
			default:
				list = append(list, a.Unpack())
			}
			return true
		})
		if err == nil && !passed {
			err = access.ErrUnknown
		}
		return err
	})
	if err != nil {
		return nil, "", err
	}
	return list, next, nil
}

// forgetAccessRequests forgets those of somebody, and returns how many there were.
func forgetAccessRequests(tx Tx, who address.Address) (forgotten int, err error) {
	now := time.Now()
	var theirs []codec.AccessRequest
	err = eachAccessRequest(tx, now, func(a codec.AccessRequest) bool {
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
			err = tx.Delete(accessKey(a.ID))
		}
		if err == nil {
			err = relist(tx, now, a.ID)
		}
	}
	return len(theirs), err
}

// moveAccessRequests gives those of somebody another address.
func moveAccessRequests(tx Tx, from, to address.Address, now time.Time) error {
	var failed error
	err := eachAccessRequest(tx, now, func(a codec.AccessRequest) bool {
		if a.Address == from {
			a.Address = to
			failed = saveAccessRequest(tx, a)
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

// Decide implements access.Store.
func (s Steps) Decide(ctx context.Context, d access.Decision) (decided access.Request, first bool, err error) {
	if d.State != access.Granted && d.State != access.Refused {
		return access.Request{}, false, fmt.Errorf("deciding about an access request: %q is not a decision", d.State)
	}
	err = s.backend.Change(ctx, []Key{accessKey(d.ID)}, func(tx Tx) error {
		decided, first, err = decide(tx, d)
		return err
	})
	if err != nil {
		return access.Request{}, false, err
	}
	return decided, first, nil
}

func decide(tx Tx, d access.Decision) (access.Request, bool, error) {
	a, err := accessRequest(tx, d.ID, d.Now)
	if err != nil {
		return access.Request{}, false, err
	}
	if d.Use != nil {
		if mine, err := mayDecide(tx, *d.Use, a); err != nil || !mine {
			return access.Request{}, false, cmp.Or(err, access.ErrUnknown)
		}
	}
	if a.State != access.Open {
		return a.Unpack(), false, nil
	}
	a.Decide(d)
	if err := closeAll(tx, a.Owners, d.Now); err != nil {
		return access.Request{}, false, err
	}
	if err := saveAccessRequest(tx, a); err != nil {
		return access.Request{}, false, err
	}
	if a.State == access.Granted {
		err = grant(tx, a.Unpack(), d)
	}
	return a.Unpack(), true, err
}

// mayDecide reports whether a link is one of an access request's, and good, or used
// up by its decision.
func mayDecide(tx Tx, u signin.Use, a codec.AccessRequest) (bool, error) {
	its := slices.ContainsFunc(a.Owners, func(key []byte) bool { return bytes.Equal(key, u.Link[:]) })
	if !its || u.Purpose != signin.ToDecide {
		return false, nil
	}
	link, state, err := lookUp(tx, u)
	if err != nil {
		return false, err
	}
	owner, err := person(tx, link.Address)
	if err != nil {
		return false, err
	}
	if barred, err := mayNotSignIn(tx, link.Address, owner); err != nil || barred {
		return false, err
	}
	return state == signin.LinkGood || state == signin.LinkUsed && a.State != access.Open, err
}

// grant lets somebody in and tells them.
func grant(tx Tx, a access.Request, d access.Decision) error {
	before, err := person(tx, a.Address)
	if err != nil {
		return err
	}
	standing := people.Standing{}
	if s := before.Standing.Unpack(); s != nil {
		standing = *s
	}
	standing.Grants = append(slices.Clone(standing.Grants), people.Grant{Site: a.GrantSite, Until: a.Until}) // the last one counts
	after := before
	after.Standing = codec.PackStanding(&standing)
	if _, err = keepPerson(tx, a.Address, before, after, d.Now); err != nil {
		return err
	}
	_, err = promise(tx, d.Welcome)
	return err
}
