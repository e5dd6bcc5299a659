package steps

import (
	"context"

	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

// Promise implements signin.Store.
func (s Steps) Promise(ctx context.Context, p signin.Promised) (signin.SilentReason, error) {
	return change(ctx, s, ofAddress(p.Link.Address), func(tx Tx) (signin.SilentReason, error) { return promise(tx, p) })
}

func promise(tx Tx, p signin.Promised) (signin.SilentReason, error) {
	who, signsIn := p.Link.Address, p.Link.Purpose == signin.ToSignIn
	reader, err := person(tx, who)
	if err != nil {
		return signin.NotSilent, err
	}
	if signsIn {
		if barred, err := mayNotSignIn(tx, who, reader); err != nil || barred {
			return signin.SilentNotAllowed, err
		}
	}
	silent, err := notify(tx, who, reader, p.Message, p.Now)
	if err != nil || silent != signin.NotSilent {
		return silent, err
	}
	if signsIn && !reader.IsKnown() {
		if reader, err = keepPerson(tx, who, reader, reader, p.Now); err != nil {
			return signin.NotSilent, err
		}
	}
	return signin.NotSilent, saveLink(tx, p.Link.Key[:], codec.PackPromised(p, reader.Revision()), p.Now)
}

// Link implements signin.Store.
func (s Steps) Link(ctx context.Context, u signin.Use) (link signin.Link, state signin.LinkState, err error) {
	err = s.backend.Look(ctx, []Key{linkKey(u.Link[:])}, func(tx Tx) error {
		link, state, err = lookUp(tx, u)
		return err
	})
	if err != nil {
		return signin.Link{}, signin.LinkUnknown, err
	}
	return link, state, nil
}

// lookUp finds a link that does not sign in, and how it stands. Nothing is told
// of one that is not of the purpose and site.
func lookUp(tx Tx, u signin.Use) (signin.Link, signin.LinkState, error) {
	l, state, err := findLink(tx, u.Link[:], u.Now)
	right := l.Purpose == u.Purpose && l.Site == u.Site && l.Purpose != signin.ToSignIn
	switch {
	case err != nil:
		return signin.Link{}, signin.LinkUnknown, err
	case state == signin.LinkGood && !right:
		return signin.Link{}, signin.LinkUnknown, nil
	case state == signin.LinkGood, state == signin.LinkUsed && right && l.Purpose == signin.ToDecide: // to be told what was decided
		return l.Unpack(u.Link), state, nil
	}
	return signin.Link{}, state, nil
}

// use closes a link if it is good.
func use(tx Tx, u signin.Use) (signin.Link, signin.LinkState, error) {
	link, state, err := lookUp(tx, u)
	if err == nil && state == signin.LinkGood {
		err = closeLink(tx, u.Link[:], u.Now)
	}
	return link, state, err
}
