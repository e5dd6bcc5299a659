package steps

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/doorpost-auth/doorpost/internal/access"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

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
