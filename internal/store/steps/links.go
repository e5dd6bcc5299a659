package steps

import (
	"context"

	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

// Promise implements signin.Store.
func (s Steps) Promise(ctx context.Context, p signin.Promised) (signin.SilentReason, error) {
	return result(ctx, s.backend.Change, ofAddress(p.Link.Address), func(t *tx) signin.SilentReason { return promise(t, p) })
}

func promise(t *tx, p signin.Promised) signin.SilentReason {
	who, signsIn := p.Link.Address, p.Link.Purpose == signin.ToSignIn
	reader := person(t, who)
	if signsIn && mayNotSignIn(t, who, reader) {
		return signin.SilentNotAllowed
	}
	if silent := notify(t, who, reader, p.Message, p.Now); silent != signin.NotSilent {
		return silent
	}
	if signsIn && !reader.IsKnown() {
		reader = keepPerson(t, who, reader, reader, p.Now)
	}
	saveLink(t, p.Link.Key[:], codec.PackPromised(p, reader.Revision()), p.Now)
	return signin.NotSilent
}

// Link implements signin.Store.
func (s Steps) Link(ctx context.Context, u signin.Use) (signin.Link, signin.LinkState, error) {
	return results(ctx, s.backend.Look, []Key{linkKey(u.Link[:])}, func(t *tx) (signin.Link, signin.LinkState) { return lookUp(t, u) })
}

// lookUp finds a link that does not sign in, and how it stands. Nothing is told
// of one that is not of the purpose and site.
func lookUp(t *tx, u signin.Use) (signin.Link, signin.LinkState) {
	l, state := findLink(t, u.Link[:], u.Now)
	right := l.Purpose == u.Purpose && l.Site == u.Site && l.Purpose != signin.ToSignIn
	switch {
	case state == signin.LinkGood && !right:
		return signin.Link{}, signin.LinkUnknown
	case state == signin.LinkGood, state == signin.LinkUsed && right && l.Purpose == signin.ToDecide: // to be told what was decided
		return l.Unpack(u.Link), state
	}
	return signin.Link{}, state
}

// use closes a link if it is good.
func use(t *tx, u signin.Use) (signin.Link, signin.LinkState) {
	link, state := lookUp(t, u)
	if state == signin.LinkGood {
		closeLink(t, u.Link[:], u.Now)
	}
	return link, state
}
