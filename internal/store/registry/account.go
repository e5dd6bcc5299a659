package registry

import (
	"context"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// Move implements account.Store.
func (r Registry) Move(ctx context.Context, m account.Moving) (outcome signin.Outcome, err error) {
	err = r.engine.Change(ctx, func(tx Tx) error {
		outcome, err = move(tx, m)
		return err
	})
	if err != nil {
		return signin.Unknown, err
	}
	return outcome, nil
}

func move(tx Tx, m account.Moving) (signin.Outcome, error) {
	person, err := tx.Person(m.From)
	if err != nil {
		return signin.Unknown, err
	}
	if m.Use != nil {
		purpose := signin.ToMove
		if m.End {
			purpose = signin.ToUndo
		}
		outcome, err := prove(tx, *m.Use, change{purpose: purpose, to: m.To, who: m.From, person: person})
		if err != nil || outcome != signin.SignedIn {
			return outcome, err
		}
	}
	if !person.IsKnown() {
		return signin.Unknown, people.ErrUnknown
	}
	if err := makeRoom(tx, m); err != nil {
		return signin.Unknown, err
	}
	for _, who := range []address.Address{m.From, m.To} {
		if _, err := endLinks(tx, who, m.Now); err != nil {
			return signin.Unknown, err
		}
	}
	if person.Former, err = former(tx, m, person.Former); err != nil {
		return signin.Unknown, err
	}
	if person.Recovery, err = moveRecovery(tx, m, person.Recovery); err != nil {
		return signin.Unknown, err
	}
	if err := moveSessions(tx, m); err != nil {
		return signin.Unknown, err
	}
	if err := moveApplications(tx, m); err != nil {
		return signin.Unknown, err
	}
	if err := tx.RenamePerson(m.From, m.To); err != nil {
		return signin.Unknown, err
	}
	person.Address = m.To
	person.Revision++
	if err := tx.PutPerson(person); err != nil {
		return signin.Unknown, err
	}
	if m.Notice != nil {
		err = put(tx, *m.Notice, person)
	}
	return signin.SignedIn, err
}

// makeRoom makes sure that the new address is nobody else's.
func makeRoom(tx Tx, m account.Moving) error {
	owner, err := tx.RecoveryOf(m.To)
	if err != nil {
		return err
	}
	if m.To == m.From || owner != "" && owner != m.From {
		return account.ErrTaken
	}
	other, err := tx.Person(m.To)
	switch {
	case err != nil || !other.IsKnown():
		return err
	case !m.End || other.Disabled:
		return account.ErrTaken
	}
	_, err = forget(tx, m.To, m.Now)
	return err
}

// former are the addresses from which the moves of somebody can be undone after
// this one. Their links follow the person; an undone move takes those with it
// that came after.
func former(tx Tx, m account.Moving, before []address.Address) ([]address.Address, error) {
	if i := slices.Index(before, m.To); m.End && i >= 0 {
		if _, err := aboutMoves(tx, before[i+1:], m.From, m.Now, func(l Link) error { return tx.UseLink(l.Key) }); err != nil {
			return nil, err
		}
	}
	after, err := aboutMoves(tx, before, m.From, m.Now, func(l Link) error {
		l.Subject = string(m.To)
		return tx.PutLink(l)
	})
	if m.Notice != nil {
		after = append(after, m.From)
	}
	return after, err
}

// aboutMoves does something to each link that undoes a move of somebody. It
// returns the former addresses that have such a link.
func aboutMoves(tx Tx, former []address.Address, who address.Address, now time.Time, do func(Link) error) (have []address.Address, err error) {
	for _, a := range former {
		links, err := openLinks(tx, a, now, func(l Link) bool { return l.Purpose == signin.ToUndo && address.Address(l.Subject) == who })
		if err != nil {
			return nil, err
		}
		for _, l := range links {
			if err := do(l); err != nil {
				return nil, err
			}
		}
		if len(links) > 0 {
			have = append(have, a)
		}
	}
	return have, nil
}

// moveRecovery has a recovery address lead to the new address. What whoever is
// moved back against their will has set does not stay.
func moveRecovery(tx Tx, m account.Moving, before address.Address) (after address.Address, err error) {
	if before == "" {
		return "", nil
	}
	switch after = before; {
	case m.End:
		after = ""
	case before == m.To:
		after = m.From
	}
	if after != before {
		err = tx.PutRecovery(before, "")
	}
	if err == nil && after != "" {
		err = tx.PutRecovery(after, m.To)
	}
	return after, err
}

func moveSessions(tx Tx, m account.Moving) error {
	if m.End {
		_, err := endSessions(tx, m.From)
		return err
	}
	sessions, err := tx.Sessions(m.From)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		s.Address = m.To
		if err := tx.ChangeSession(m.From, s); err != nil {
			return err
		}
	}
	return nil
}

func moveApplications(tx Tx, m account.Moving) error {
	applications, err := applicationsOf(tx, m.From)
	if err != nil {
		return err
	}
	for _, a := range applications {
		a.Address = m.To
		if err := tx.PutApplication(a); err != nil {
			return err
		}
	}
	return nil
}

// SetRecovery implements account.Store.
func (r Registry) SetRecovery(ctx context.Context, rec account.Recovering) (outcome signin.Outcome, err error) {
	err = r.engine.Change(ctx, func(tx Tx) error {
		outcome, err = setRecovery(tx, rec)
		return err
	})
	if err != nil {
		return signin.Unknown, err
	}
	return outcome, nil
}

func setRecovery(tx Tx, r account.Recovering) (signin.Outcome, error) {
	person, err := tx.Person(r.Who)
	if err != nil {
		return signin.Unknown, err
	}
	next := address.Address("")
	if r.Use != nil {
		next = r.Address
		c := change{purpose: signin.ToRecover, to: next, who: r.Who, person: person}
		if next == "" {
			c.purpose, c.to = signin.ToForget, r.Who
		}
		outcome, err := prove(tx, *r.Use, c)
		if err != nil || outcome != signin.SignedIn {
			return outcome, err
		}
	}
	if !person.IsKnown() {
		return signin.Unknown, people.ErrUnknown
	}
	if err := isFree(tx, next, r.Who); err != nil {
		return signin.Unknown, err
	}
	if person.Recovery != "" {
		if err := tx.PutRecovery(person.Recovery, ""); err != nil {
			return signin.Unknown, err
		}
		open, err := openLinks(tx, r.Who, r.Now, func(l Link) bool { return l.Purpose == signin.ToSignIn })
		if err != nil {
			return signin.Unknown, err
		}
		for _, l := range open {
			if err := tx.UseLink(l.Key); err != nil {
				return signin.Unknown, err
			}
		}
	}
	if next != "" {
		if err := tx.PutRecovery(next, r.Who); err != nil {
			return signin.Unknown, err
		}
	}
	if next == "" && r.Use != nil {
		if _, err := endSessions(tx, r.Who); err != nil {
			return signin.Unknown, err
		}
	}
	if r.Notice != nil {
		if err := put(tx, *r.Notice, person); err != nil {
			return signin.Unknown, err
		}
	}
	person.Recovery = next
	return signin.SignedIn, tx.PutPerson(person)
}

// isFree makes sure that an address is not somebody's, or leads to them.
func isFree(tx Tx, a, who address.Address) error {
	if a == "" {
		return nil
	}
	other, err := tx.Person(a)
	if err != nil {
		return err
	}
	owner, err := tx.RecoveryOf(a)
	if err != nil {
		return err
	}
	if other.IsKnown() || owner != "" && owner != who {
		return account.ErrTaken
	}
	return nil
}
