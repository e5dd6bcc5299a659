package steps

import (
	"context"
	"fmt"
	"slices"

	"github.com/doorpost-auth/doorpost/internal/access"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

// Decide implements access.Store.
func (s Steps) Decide(ctx context.Context, d access.Decision) (access.Request, bool, error) {
	if d.State != access.Granted && d.State != access.Refused {
		return access.Request{}, false, fmt.Errorf("deciding about an access request: %q is not a decision", d.State)
	}
	return results(ctx, s.change("decide_access"), []Key{accessKey(d.ID)}, func(t *tx) (access.Request, bool) { return decide(t, d) })
}

func decide(t *tx, d access.Decision) (decided access.Request, first bool) {
	a := accessRequest(t, d.ID, d.Now)
	if d.Use != nil && !mayDecide(t, *d.Use, a) {
		t.fail(access.ErrUnknown)
	}
	if a.State != access.Open {
		return a.Unpack(), false
	}
	a.Decide(d)
	closeAll(t, a.Owners, d.Now)
	saveAccessRequest(t, a)
	if a.State == access.Granted {
		grant(t, a.Unpack(), d)
	}
	return a.Unpack(), true
}

// mayDecide reports whether a link is one of an access request's, and good, or used
// up by its decision.
func mayDecide(t *tx, u signin.Use, a codec.AccessRequest) bool {
	its := slices.Contains(a.Owners, u.Link)
	if !its || u.Purpose != signin.ToDecide {
		return false
	}
	_, state := lookUp(t, u)
	return state == signin.LinkGood || state == signin.LinkUsed && a.State != access.Open
}

// grant lets somebody in and tells them.
func grant(t *tx, a access.Request, d access.Decision) {
	before := person(t, a.Address)
	standing := people.Standing{}
	if s := before.Standing.Unpack(); s != nil {
		standing = *s
	}
	standing.Grants = append(slices.Clone(standing.Grants), people.Grant{Origin: a.GrantOrigin, Until: a.Until}) // the last one counts
	after := before
	after.Standing = codec.PackStanding(&standing)
	keepPerson(t, a.Address, before, after, d.Now)
	promise(t, d.Welcome)
}
