package steps

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/access"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/limit"
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
	err = s.backend.Change(ctx, []Key{accessList, LimitKey(toOwners(a.Request.GrantSite))}, func(tx Tx) error {
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
	open, same, err := othersOf(tx, next, a.Now)
	switch {
	case err != nil:
		return access.Request{}, signin.LinkUnknown, err
	case same != nil:
		return same.Unpack(), signin.LinkGood, nil
	}
	if next.Owners, err = tellOwners(tx, next, a.Owners, a.Now); err != nil {
		return access.Request{}, signin.LinkUnknown, err
	}
	if out := givesWay(open, next); out != nil {
		if err := dropAccessRequest(tx, *out, a.Now); err != nil {
			return access.Request{}, signin.LinkUnknown, err
		}
	}
	if err := saveAccessRequest(tx, next); err != nil {
		return access.Request{}, signin.LinkUnknown, err
	}
	return next.Unpack(), signin.LinkGood, relist(tx, a.Now, next.ID, codec.Listed{Asked: next.Asked, ID: next.ID})
}

// othersOf finds the open requests for a site, the oldest first, and the one of the
// same mailbox that stands, if there is one.
func othersOf(tx Tx, next codec.AccessRequest, now time.Time) (open []codec.AccessRequest, same *codec.AccessRequest, err error) {
	p, err := person(tx, next.Address)
	if err != nil {
		return nil, nil, err
	}
	standing := p.Standing.Unpack()
	err = eachAccessRequest(tx, now, func(a codec.AccessRequest) bool {
		if a.GrantSite != next.GrantSite {
			return true
		}
		if a.Address.Fold() == next.Address.Fold() && (a.State != access.Granted || standing.IsGranted(a.GrantSite, now)) {
			same = &a
		}
		if a.State == access.Open {
			open = append(open, a)
		}
		return true
	})
	if err != nil || same != nil {
		return open, same, err
	}
	before, found, err := load[codec.AccessRequest](tx, askedBeforeKey(next))
	if found && before.Expires > codec.Millis(now) {
		same = &before
	}
	return open, same, err
}

// askedBeforeKey is under what it is kept that the mailbox of somebody who was removed
// has asked to be admitted to a site, and what was decided. It names neither.
func askedBeforeKey(a codec.AccessRequest) Key {
	sum := sha256.Sum256([]byte(a.Address.Fold() + "\x00" + a.GrantSite))
	return Key{AskedBefore, base64.RawURLEncoding.EncodeToString(sum[:16])}
}

// dropAccessRequest forgets a request, with the links by which it is decided.
func dropAccessRequest(tx Tx, a codec.AccessRequest, now time.Time) error {
	if err := closeAll(tx, a.Owners, now); err != nil {
		return err
	}
	if err := tx.Delete(accessKey(a.ID)); err != nil {
		return err
	}
	return relist(tx, now, a.ID)
}

// tellOwners sends the links by which they decide, unless they were sent as many
// already as in a day.
func tellOwners(tx Tx, a codec.AccessRequest, promised []signin.Promised, now time.Time) (links [][]byte, err error) {
	if len(promised) == 0 {
		return nil, nil
	}
	wait, err := tx.Take(toOwners(a.GrantSite), now)
	if err != nil || wait > 0 {
		return nil, err
	}
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

// toOwners counts the requests for a site that its owners are told of.
func toOwners(site string) limit.Use {
	return limited("owners", limit.Use{Name: site, Rule: limit.Rule{Max: access.MaxMessages, Window: messagesWindow}})
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
// What remains is that they have asked: whoever leaves and comes back has waited no
// shorter for it.
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
		if err == nil && a.State != access.Granted {
			mark := codec.AccessRequest{Expires: a.Expires, State: a.State}
			err = save(tx, askedBeforeKey(a), mark, codec.Time(a.Expires))
		}
		if err == nil {
			err = dropAccessRequest(tx, a, now)
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
