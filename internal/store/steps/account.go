package steps

import (
	"context"
	"time"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

// Propose implements account.Store.
func (s Steps) Propose(ctx context.Context, p account.Proposal) (account.Proposed, error) {
	return change(ctx, s, []Key{sessionKey(p.Session)}, func(tx Tx) (account.Proposed, error) { return propose(tx, p) })
}

func propose(tx Tx, p account.Proposal) (proposed account.Proposed, err error) {
	from, wait, err := countVisitor(tx, p.Client, p.Now)
	if proposed.Wait = wait; err != nil || wait > 0 {
		return proposed, err
	}
	who := p.Change.Person
	if _, err := sessionOf(tx, p.Session, who, p.Now); err != nil {
		return proposed, err
	}
	presently, err := person(tx, who)
	if err != nil {
		return proposed, err
	}
	if p.Change.Present {
		l := letter{from: from, to: who, reader: presently, familiar: true, mailbox: p.Mailbox, total: p.Total, message: p.Message}
		if proposed.Silent, err = send(tx, l, p.Now); err != nil {
			return proposed, err
		}
	}
	if p.Change.New() {
		if wait, err := tx.Take(limited("proposals", p.Daily), p.Now); err != nil || wait > 0 {
			return proposed, orTooMany(err)
		}
		if proposed.NewSilent, err = sendToNew(tx, from, p); err != nil {
			return proposed, err
		}
	}
	return proposed, save(tx, changeKey(p.Session), codec.PackChange(p), p.Change.Expires, sessionKey(p.Session))
}

func orTooMany(err error) error {
	if err != nil {
		return err
	}
	return account.ErrTooMany
}

// sendToNew sends the code to a new address, unless somebody else has it.
func sendToNew(tx Tx, from visitor, p account.Proposal) (signin.SilentReason, error) {
	switch free, err := isFree(tx, p.Change.Address, p.Change.Person); {
	case err != nil:
		return signin.NotSilent, err
	case !free:
		return signin.SilentNotAllowed, nil
	}
	if err := trace(tx, p.Change.Person, p.Change.Address, false, p.Now); err != nil {
		return signin.NotSilent, err
	}
	l := letter{from: from, to: p.Change.Address, mailbox: p.NewMailbox, total: p.Total, reserve: p.Reserve, message: p.NewMessage}
	return send(tx, l, p.Now)
}

// isFree reports whether an address is neither somebody else's nor leads to them, and
// nobody else keeps it out.
func isFree(tx Tx, a, who address.Address) (bool, error) {
	other, err := person(tx, a)
	if err != nil || a != who && other.IsKnown() {
		return false, err
	}
	if by, err := barredBy(tx, a, other, who); err != nil || by != "" {
		return false, err
	}
	owner, found, err := load[address.Address](tx, recoveryKey(a))
	return !found || owner == who, err
}

// sessionOf is a session of a person that is not over; account.ErrEnded for none.
func sessionOf(tx Tx, key session.Key, who address.Address, now time.Time) (codec.Session, error) {
	stored, found, err := load[codec.Session](tx, sessionKey(key))
	if err == nil && (!found || stored.Address != who || stored.Expires <= codec.Millis(now)) {
		err = account.ErrEnded
	}
	return stored, err
}

// Pending implements account.Store.
func (s Steps) Pending(ctx context.Context, key session.Key, now time.Time) (c account.Change, found bool, err error) {
	err = s.backend.Look(ctx, []Key{changeKey(key)}, func(tx Tx) error {
		stored, ok, err := load[codec.Change](tx, changeKey(key))
		if found = ok && canConfirm(stored, now); found {
			c = stored.Unpack()
		}
		return err
	})
	return c, found, err
}

func canConfirm(c codec.Change, now time.Time) bool {
	return c.Expires > codec.Millis(now) && c.Tries < signin.MaxCodeTries
}

// Confirm implements account.Store.
func (s Steps) Confirm(ctx context.Context, c account.Confirmation) (account.Confirmed, error) {
	return change(ctx, s, []Key{changeKey(c.Session)}, func(tx Tx) (account.Confirmed, error) { return confirm(tx, c) })
}

func confirm(tx Tx, c account.Confirmation) (account.Confirmed, error) {
	change, found, err := load[codec.Change](tx, changeKey(c.Session))
	switch {
	case err != nil:
		return account.Confirmed{}, err
	case !found || change.Expires <= codec.Millis(c.Now):
		return account.Confirmed{Outcome: account.Nothing}, nil
	case change.Tries >= signin.MaxCodeTries:
		return account.Confirmed{Outcome: account.Over}, nil
	}
	present, err := sessionOf(tx, c.Session, change.Person, c.Now)
	if err != nil {
		return account.Confirmed{}, err
	}
	wrong, wrongNew := change.Code != nil && !isOneOf(c.Codes, change.Code), change.NewCode != nil && !isOneOf(c.NewCodes, change.NewCode)
	if wrong || wrongNew {
		confirmed, err := countWrongChange(tx, c, change)
		confirmed.Wrong, confirmed.WrongNew = wrong, wrongNew
		return confirmed, err
	}
	if c.Denied {
		return account.Confirmed{}, account.ErrNotAdmitted
	}
	if err := tx.Delete(changeKey(c.Session)); err != nil {
		return account.Confirmed{}, err
	}
	p, err := person(tx, change.Person)
	if err != nil {
		return account.Confirmed{}, err
	}
	if !p.IsKnown() {
		return account.Confirmed{}, people.ErrUnknown
	}
	if err := makeChange(tx, c, change, p, present); err != nil {
		return account.Confirmed{}, err
	}
	if c.Notice.ID != "" {
		if _, err := notify(tx, change.Person, p, c.Notice, c.Now); err != nil {
			return account.Confirmed{}, err
		}
	}
	return account.Confirmed{Outcome: account.Made, Change: change.Unpack()}, nil
}

func countWrongChange(tx Tx, c account.Confirmation, change codec.Change) (account.Confirmed, error) {
	change.Tries++
	if err := save(tx, changeKey(c.Session), change, codec.Time(change.Expires), sessionKey(c.Session)); err != nil {
		return account.Confirmed{}, err
	}
	if left := signin.MaxCodeTries - change.Tries; left > 0 {
		return account.Confirmed{Outcome: account.WrongCode, TriesLeft: left}, nil
	}
	return account.Confirmed{Outcome: account.Over}, nil
}

func makeChange(tx Tx, c account.Confirmation, change codec.Change, p codec.Person, present codec.Session) error {
	switch change.Kind {
	case account.Leave:
		_, err := forget(tx, change.Person, c.Now)
		return err
	case account.Recovery, account.Drop:
		return setRecovery(tx, change.Person, change.Address, p, c.Now)
	}
	if err := move(tx, change.Person, change.Address, p, c.Now); err != nil {
		return err
	}
	present.Address, present.Seen, present.Expires = change.Address, codec.Millis(c.Now), codec.Millis(c.Expires)
	return addSession(tx, c.Renewed, present, c.Now)
}

// setRecovery gives a person a recovery address, or none.
func setRecovery(tx Tx, who, next address.Address, p codec.Person, now time.Time) error {
	if next != "" {
		free, err := isFree(tx, next, who)
		if err == nil && !free {
			err = account.ErrTaken
		}
		if err != nil {
			return err
		}
	}
	if p.Recovery != "" {
		if err := tx.Delete(recoveryKey(p.Recovery)); err != nil {
			return err
		}
		if err := trace(tx, who, p.Recovery, true, now); err != nil {
			return err
		}
		// By these links whoever reads the mail of the address before signs in.
		if _, err := closeLinks(tx, who, now, func(l codec.OpenLink) bool { return l.Purpose == signin.ToSignIn }); err != nil {
			return err
		}
	}
	if next != "" {
		if err := save(tx, recoveryKey(next), who, time.Time{}, ofAddress(who)...); err != nil {
			return err
		}
	}
	p.Recovery = next
	return savePerson(tx, who, p)
}

// MovePerson implements account.Store.
func (s Steps) MovePerson(ctx context.Context, from, to address.Address, now time.Time) error {
	return s.backend.Change(ctx, append(ofAddress(from), ofAddress(to)...), func(tx Tx) error {
		p, err := person(tx, from)
		if err == nil && !p.IsKnown() {
			err = people.ErrUnknown
		}
		if err != nil {
			return err
		}
		return move(tx, from, to, p, now)
	})
}

// move gives somebody another address. Everything that was open ends.
func move(tx Tx, from, to address.Address, p codec.Person, now time.Time) error {
	free, err := isFree(tx, to, from)
	if err == nil && (!free || from == to) {
		err = account.ErrTaken
	}
	if err != nil {
		return err
	}
	if _, err := endSessions(tx, from, session.Key{}); err != nil {
		return err
	}
	for _, who := range []address.Address{from, to} {
		if _, err := endLinks(tx, who, now); err != nil {
			return err
		}
	}
	if err := moveAccessRequests(tx, from, to, now); err != nil {
		return err
	}
	p.Browsers = nil
	p.Changes++
	if err := moveTrail(tx, from, to, now); err != nil {
		return err
	}
	if p.Recovery == to {
		p.Recovery = ""
		err = tx.Delete(recoveryKey(to))
	} else if p.Recovery != "" {
		err = save(tx, recoveryKey(p.Recovery), to, time.Time{}, ofAddress(to)...)
	}
	if err == nil {
		err = deletePerson(tx, from)
	}
	if err != nil {
		return err
	}
	if p.Disabled {
		if p, err = lift(tx, from, p); err != nil {
			return err
		}
		if p, err = bar(tx, to, p, now); err != nil {
			return err
		}
	}
	return savePerson(tx, to, p)
}

// moveTrail takes the trail of somebody along to another address, and notes the one
// before.
func moveTrail(tx Tx, from, to address.Address, now time.Time) error {
	trail, _, err := load[codec.Trail](tx, trailKey(from))
	if err == nil {
		err = tx.Delete(trailKey(from))
	}
	if err != nil {
		return err
	}
	return saveTrail(tx, to, trail.Add(codec.Trace{Address: from, At: codec.Millis(now), Proven: true}), now)
}
