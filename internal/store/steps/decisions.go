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
	reads := []Key{accessKey(d.ID)}
	if d.Guard.Requires(d.Guard.RPID) {
		reads = append(reads, sessionKey(d.Session))
	}
	return results(ctx, s.change("decide_access"), reads, func(t *tx) (access.Request, bool) { return decide(t, d) })
}

func decide(t *tx, d access.Decision) (decided access.Request, first bool) {
	a := accessRequest(t, d.ID, d.Now)
	if d.Use != nil {
		checkOwner(t, d, a)
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

// checkOwner fails unless a link is one of an access request's, and good, or used up by its
// decision; and where a passkey is required, unless the session shows that of its owner.
// Whom else the address of the owner may lead to, by a tag, or since an account was moved, is
// not asked: where nobody is found, the mailbox alone would be enough.
func checkOwner(t *tx, d access.Decision, a codec.AccessRequest) {
	its := slices.Contains(a.Owners, d.Use.Link)
	link, state := lookUp(t, *d.Use)
	switch {
	case !its, d.Use.Purpose != signin.ToDecide, state != signin.LinkGood && (state != signin.LinkUsed || a.State == access.Open):
		t.fail(access.ErrUnknown)
	case a.State != access.Open, !d.Guard.Requires(d.Guard.RPID):
	default:
		s, alive := liveSession(t, d.Session, d.Now)
		if !alive || s.Address != link.Address || !provesPasskey(s, d.Guard, d.Guard.RPID, d.Now) {
			t.fail(&signin.NeedsPasskey{RPID: d.Guard.RPID})
		}
	}
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
