package steps

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/access"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

var (
	AccessRequests = newTable("access_requests") // by id
	askedBefore    = newTable("asked_before")    // by a hash of a mailbox and a site
	Lists          = newTable("lists")           // by name
)

func accessKey(id string) Key { return Key{AccessRequests, id} }

// messagesWindow is what access.MaxMessages are counted in.
const messagesWindow = 24 * time.Hour

// accessList has all access requests, the oldest first. They are so few that
// each step that is about all of them reads the list.
var accessList = Key{Lists, "access_requests"}

// Submit implements access.Store.
func (s Steps) Submit(ctx context.Context, a access.Submission) (access.Request, signin.LinkState, error) {
	reads := []Key{accessList, LimitKey(toOwners(a.Request.GrantOrigin))}
	return results(ctx, s.change("request_access"), reads, func(t *tx) (access.Request, signin.LinkState) { return submit(t, a) })
}

func submit(t *tx, a access.Submission) (access.Request, signin.LinkState) {
	next := codec.PackAccessRequest(a.Request)
	if a.Use != nil {
		link, state := use(t, *a.Use)
		if state != signin.LinkGood {
			return access.Request{}, state
		}
		if link.Purpose != signin.ToAsk {
			t.fail(fmt.Errorf("a link to %q does not say who asks to be admitted", link.Purpose))
		}
		next.Address = link.Address
	}
	open, same := othersOf(t, next, a.Now)
	if same != nil {
		return same.Unpack(), signin.LinkGood
	}
	next.Owners = tellOwners(t, next, a.Owners, a.Now)
	if out := givesWay(open, next); out != nil {
		dropAccessRequest(t, *out, a.Now)
	}
	saveAccessRequest(t, next)
	relist(t, a.Now, next.ID, codec.Listed{Asked: next.Asked, ID: next.ID})
	return next.Unpack(), signin.LinkGood
}

// othersOf finds the open requests for a site, the oldest first, and the one of the
// same mailbox that stands, if there is one.
func othersOf(t *tx, next codec.AccessRequest, now time.Time) (open []codec.AccessRequest, same *codec.AccessRequest) {
	p := person(t, next.Address)
	standing := p.Standing.Unpack()
	for _, a := range accessRequests(t, now) {
		if a.GrantOrigin != next.GrantOrigin {
			continue
		}
		if a.Address.Fold() == next.Address.Fold() && (a.State != access.Granted || standing.IsGranted(a.GrantOrigin, now)) {
			same = &a
		}
		if a.State == access.Open {
			open = append(open, a)
		}
	}
	if same != nil {
		return open, same
	}
	if before, found := load[codec.AccessRequest](t, askedBeforeKey(next)); found && before.Expires > codec.Millis(now) {
		same = &before
	}
	return open, same
}

// askedBeforeKey is under what it is kept that the mailbox of somebody who was removed
// has asked to be admitted to a site, and what was decided. It names neither.
func askedBeforeKey(a codec.AccessRequest) Key {
	sum := sha256.Sum256([]byte(a.Address.Fold() + "\x00" + a.GrantOrigin))
	return hashed(askedBefore, sum[:16])
}

// dropAccessRequest forgets a request, with the links by which it is decided.
func dropAccessRequest(t *tx, a codec.AccessRequest, now time.Time) {
	closeAll(t, a.Owners, now)
	t.delete(accessKey(a.ID))
	relist(t, now, a.ID)
}

// tellOwners sends the links by which they decide, unless they were sent as many
// already as in a day.
func tellOwners(t *tx, a codec.AccessRequest, promised []signin.Promised, now time.Time) (links []signin.LinkKey) {
	if len(promised) == 0 || t.take(toOwners(a.GrantOrigin), now) > 0 {
		return nil
	}
	for _, p := range promised {
		owner := p.Link.Address
		if !mayNotSignIn(t, owner, person(t, owner)) && promise(t, p) == signin.NotSilent {
			links = append(links, p.Link.Key)
		}
	}
	return links
}

// toOwners counts the requests for a site that its owners are told of.
func toOwners(site string) limit.Use {
	return limited("owners", limit.Use{Name: site, Rule: limit.Rule{Max: access.MaxMessages, Window: messagesWindow}})
}

func saveAccessRequest(t *tx, a codec.AccessRequest) {
	save(t, accessKey(a.ID), a, codec.Time(a.Expires))
}

// relist has another entry stand in the list instead of an access request's own,
// and drops those that are over.
func relist(t *tx, now time.Time, id string, instead ...codec.Listed) {
	list, _ := load[[]codec.Listed](t, accessList)
	over := codec.Millis(now.Add(-access.Kept))
	list = slices.DeleteFunc(list, func(l codec.Listed) bool { return l.ID == id || l.Asked <= over })
	list = append(list, instead...)
	slices.SortFunc(list, func(a, b codec.Listed) int { return cmp.Or(cmp.Compare(a.Asked, b.Asked), cmp.Compare(a.ID, b.ID)) })
	if len(list) == 0 {
		t.delete(accessList)
		return
	}
	save(t, accessList, list, codec.Time(list[len(list)-1].Asked).Add(access.Kept))
}

// accessRequests are those that are not over, the oldest first.
func accessRequests(t *tx, now time.Time) (all []codec.AccessRequest) {
	list, _ := load[[]codec.Listed](t, accessList)
	keys := make([]Key, len(list))
	for i, l := range list {
		keys[i] = accessKey(l.ID)
	}
	t.fetch(keys...)
	for _, key := range keys {
		if a, found := load[codec.AccessRequest](t, key); found && a.Expires > codec.Millis(now) {
			all = append(all, a)
		}
	}
	return all
}

// AccessRequest implements access.Store.
func (s Steps) AccessRequest(ctx context.Context, id string, now time.Time) (access.Request, error) {
	return result(ctx, s.look("access_request"), []Key{accessKey(id)}, func(t *tx) access.Request { return accessRequest(t, id, now).Unpack() })
}

func accessRequest(t *tx, id string, now time.Time) codec.AccessRequest {
	a, found := load[codec.AccessRequest](t, accessKey(id))
	if !found || a.Expires <= codec.Millis(now) {
		t.fail(access.ErrUnknown)
	}
	return a
}

// AccessRequests implements access.Store.
func (s Steps) AccessRequests(ctx context.Context, after string, max int, now time.Time) ([]access.Request, string, error) {
	return results(ctx, s.look("access_requests"), []Key{accessList}, func(t *tx) (list []access.Request, next string) {
		passed := after == ""
		for _, a := range accessRequests(t, now) {
			switch {
			case !passed:
				passed = a.ID == after
			case a.State != access.Open:
			case len(list) == max:
				return list, list[max-1].ID
			default:
				list = append(list, a.Unpack())
			}
		}
		if !passed {
			t.fail(access.ErrUnknown)
		}
		return list, ""
	})
}

// forgetAccessRequests forgets those of somebody, and returns how many there were.
// What remains is that they have asked: whoever leaves and comes back has waited no
// shorter for it.
func forgetAccessRequests(t *tx, who address.Address) (forgotten int) {
	now := time.Now()
	for _, a := range accessRequests(t, now) {
		if a.Address != who {
			continue
		}
		if a.State != access.Granted {
			save(t, askedBeforeKey(a), codec.AccessRequest{Expires: a.Expires, State: a.State}, codec.Time(a.Expires))
		}
		dropAccessRequest(t, a, now)
		forgotten++
	}
	return forgotten
}

// moveAccessRequests gives those of somebody another address.
func moveAccessRequests(t *tx, from, to address.Address, now time.Time) {
	for _, a := range accessRequests(t, now) {
		if a.Address == from {
			a.Address = to
			saveAccessRequest(t, a)
		}
	}
}

func closeAll(t *tx, links []signin.LinkKey, now time.Time) {
	for _, key := range links {
		closeLink(t, key, now)
	}
}
