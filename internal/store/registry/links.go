package registry

import (
	"cmp"
	"context"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// Promise implements signin.Store.
func (r Registry) Promise(ctx context.Context, p signin.Promised) (silent signin.SilentReason, err error) {
	err = r.engine.Change(ctx, func(tx Tx) error {
		silent, err = promise(tx, p)
		return err
	})
	if err != nil {
		return signin.NotSilent, err
	}
	return silent, nil
}

func promise(tx Tx, p signin.Promised) (signin.SilentReason, error) {
	reader, err := tx.Person(p.Link.Address)
	if err != nil {
		return signin.NotSilent, err
	}
	signsIn := p.Link.Purpose == signin.ToSignIn
	if signsIn && reader.Disabled {
		return signin.SilentNotAllowed, nil
	}
	blocked, err := tx.IsBlocked(p.Link.Address, p.Now)
	if err != nil || blocked {
		return signin.SilentBlocked, err
	}
	if p.Link.Purpose.Bounded() {
		alive, err := openLinks(tx, p.Link.Address, p.Now, func(l Link) bool { return l.Purpose.Bounded() })
		if err != nil || len(alive) >= signin.MaxLiveLinks {
			return signin.SilentThreeAlive, err
		}
	}
	if signsIn && !reader.IsKnown() {
		if reader, err = keep(tx, reader, reader, p.Now); err != nil {
			return signin.NotSilent, err
		}
	}
	return signin.NotSilent, put(tx, p, reader)
}

// put keeps a link and its message to somebody.
func put(tx Tx, p signin.Promised, reader people.Person) error {
	about := reader
	if p.Link.Purpose == signin.ToMove || p.Link.Purpose == signin.ToRecover {
		var err error
		if about, err = tx.Person(address.Address(p.Link.Subject)); err != nil {
			return err
		}
	}
	if err := tx.PutLink(Link{Link: p.Link, Policy: p.Policy, To: p.To, Asked: p.Now, Revision: about.Revision}); err != nil {
		return err
	}
	message := p.Message
	message.Welcome, message.Language = reader.Proven.IsZero(), cmp.Or(message.Language, reader.Language)
	return tx.PutMessage(message)
}

// UseLink implements signin.Store. It looks first, so that a link that is tried
// again and again costs no change.
func (r Registry) UseLink(ctx context.Context, u signin.Use, look bool) (link signin.Link, outcome signin.Outcome, err error) {
	var l Link
	err = r.engine.Look(ctx, func(tx Tx) error {
		l, outcome, err = judge(tx, u)
		return err
	})
	if err == nil && outcome == signin.SignedIn && !look {
		err = r.engine.Change(ctx, func(tx Tx) error {
			l, outcome, err = use(tx, u)
			return err
		})
	}
	if err != nil {
		return signin.Link{}, signin.Unknown, err
	}
	return l.Link, outcome, nil
}

// use uses a link up if it is good.
func use(tx Tx, u signin.Use) (Link, signin.Outcome, error) {
	l, outcome, err := judge(tx, u)
	if err == nil && outcome == signin.SignedIn {
		err = tx.UseLink(u.Link)
	}
	return l, outcome, err
}

// judge tells what a link that does not sign in is good for.
func judge(tx Tx, u signin.Use) (Link, signin.Outcome, error) {
	l, found, err := tx.Link(u.Link)
	right := l.Purpose == u.Purpose && l.Site == u.Site && l.Purpose != signin.ToSignIn
	switch {
	case err != nil:
		return Link{}, signin.Unknown, err
	case !found:
		return Link{}, signin.TooOld, nil // its signature is ours, so it was a link once
	case l.Used && right && l.Purpose == signin.ToDecide:
		return l, signin.Used, nil // to be told what was decided
	case l.Used:
		return Link{}, signin.Used, nil
	case !l.Expires.After(u.Now):
		return Link{}, signin.TooOld, nil
	case !right:
		return Link{}, signin.Unknown, nil
	}
	return l, signin.SignedIn, nil
}

// clockTolerance is how much earlier than its person a link may have been made
// that the person asked for: the clocks of two instances differ a little.
const clockTolerance = time.Minute

// change is what a link proves: that somebody has an address, for somebody.
type change struct {
	purpose signin.Purpose
	to      address.Address
	person  people.Person // as they are now
	who     address.Address
}

// prove uses up a link that proves a change.
func prove(tx Tx, u signin.Use, c change) (signin.Outcome, error) {
	l, outcome, err := judge(tx, u)
	switch {
	case err != nil || outcome != signin.SignedIn:
		return outcome, err
	case l.Purpose != c.purpose || l.Address != c.to || address.Address(l.Subject) != c.who:
		return signin.Unknown, nil
	case l.Purpose != signin.ToUndo && l.Purpose != signin.ToForget && (l.Revision != c.person.Revision || c.person.Added.Sub(l.Asked) > clockTolerance):
		return signin.Used, nil // whoever asked for it may not be who they were
	}
	return signin.SignedIn, tx.UseLink(u.Link)
}

// openLinks are the links of an address that are neither used nor over, as far
// as they are wanted.
func openLinks(tx Tx, who address.Address, now time.Time, wanted func(Link) bool) (open []Link, err error) {
	keys, err := tx.Links(who, now)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		l, found, err := tx.Link(key)
		if err != nil {
			return nil, err
		}
		if found && wanted(l) {
			open = append(open, l)
		}
	}
	return open, nil
}

// endLinks uses up all open links of an address, with the requests of those
// that a browser asked for.
func endLinks(tx Tx, who address.Address, now time.Time) (ended int, err error) {
	keys, err := tx.Links(who, now)
	if err != nil || len(keys) == 0 {
		return 0, err
	}
	if err := tx.EndRequests(keys); err != nil {
		return 0, err
	}
	return len(keys), useAll(tx, keys)
}

func useAll(tx Tx, keys []signin.LinkKey) error {
	for _, key := range keys {
		if err := tx.UseLink(key); err != nil {
			return err
		}
	}
	return nil
}
