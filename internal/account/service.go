package account

import (
	"context"
	"errors"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// Service is what people do with their own account. It is safe for concurrent
// use.
type Service struct {
	Store  Store
	People people.Store
	SignIn *signin.Service
	Audit  *audit.Log
}

// Propose sends a link to an address that a person wants to have, or to have for
// recovery. Whose that address is, or whether it may come in, shows in nothing
// that it returns.
func (s *Service) Propose(ctx context.Context, site signin.Site, person, other address.Address, recovery bool) error {
	purpose := signin.ToMove
	if recovery {
		purpose = signin.ToRecover
	}
	link := signin.Link{Purpose: purpose, Address: other, Site: site.Origin, Subject: string(person)}
	promised := s.SignIn.Prepare(outbox.Proof, link, s.SignIn.LinkLife, signin.Promise{Person: person, Recover: recovery})
	_, err := s.SignIn.Store.Promise(ctx, promised)
	return unavailable("sending a proof", err)
}

// Change is what a link changes about an account.
type Change struct {
	Purpose signin.Purpose  // ToMove, ToRecover, ToUndo or ToForget
	Person  address.Address // who has the account now
	Address address.Address // that the link was sent to
}

// ByToken tells what a link changes. It looks, and changes nothing.
func (s *Service) ByToken(ctx context.Context, site signin.Site, token string) (c Change, outcome signin.Outcome, err error) {
	use, genuine := s.use(site, token)
	if !genuine {
		return Change{}, signin.Unknown, nil
	}
	link, outcome, err := s.SignIn.Store.UseLink(ctx, use, true)
	return Change{use.Purpose, address.Address(link.Subject), link.Address}, outcome, unavailable("looking up a link", err)
}

// use finds out which of its purposes a token has.
func (s *Service) use(site signin.Site, token string) (u signin.Use, genuine bool) {
	for _, purpose := range []signin.Purpose{signin.ToMove, signin.ToRecover, signin.ToUndo, signin.ToForget} {
		if u, genuine = s.SignIn.Use(site, purpose, token); genuine {
			return u, true
		}
	}
	return u, false
}

// ErrNotAdmitted says that a person would have no access any more.
var ErrNotAdmitted = errors.New("the site does not admit the address")

// Confirm makes the change of a link. It is ErrTaken or ErrNotAdmitted, besides
// an outcome other than signin.SignedIn, if it does not.
func (s *Service) Confirm(ctx context.Context, site signin.Site, token string) (Change, signin.Outcome, error) {
	c, outcome, err := s.ByToken(ctx, site, token)
	if err != nil || outcome != signin.SignedIn {
		return c, outcome, err
	}
	use, _ := s.use(site, token)
	now := time.Now()
	switch c.Purpose {
	case signin.ToRecover:
		notice := s.SignIn.Prepare(outbox.Moved, signin.Link{Purpose: signin.ToForget, Address: c.Person, Site: site.Origin, Subject: string(c.Person)},
			UndoTime, signin.Promise{Person: c.Person, New: c.Address, Recover: true})
		outcome, err = s.Store.SetRecovery(ctx, Recovering{Now: now, Who: c.Person, Address: c.Address, Use: &use, Notice: &notice})
		s.record(ctx, audit.Recovery, c.Person, outcome, err)
	case signin.ToForget:
		outcome, err = s.Store.SetRecovery(ctx, Recovering{Now: now, Who: c.Person, Use: &use})
		s.record(ctx, audit.Recovery, c.Person, outcome, err)
	case signin.ToUndo:
		outcome, err = s.Store.Move(ctx, Moving{Now: now, From: c.Person, To: c.Address, Use: &use, End: true})
		s.record(ctx, audit.Undone, c.Address, outcome, err)
	default:
		person, _, lookErr := s.People.Person(ctx, c.Person)
		if lookErr != nil {
			return c, outcome, unavailable("looking up a person", lookErr)
		}
		if !site.Rules.Admits(c.Address, &person.Standing) {
			return c, signin.NotAdmitted, ErrNotAdmitted
		}
		notice := s.SignIn.Prepare(outbox.Moved, signin.Link{Purpose: signin.ToUndo, Address: c.Person, Site: site.Origin, Subject: string(c.Address)},
			UndoTime, signin.Promise{Person: c.Person, New: c.Address})
		outcome, err = s.Store.Move(ctx, Moving{Now: now, From: c.Person, To: c.Address, Use: &use, Notice: &notice})
		s.record(ctx, audit.Moved, c.Address, outcome, err)
	}
	return c, outcome, unavailable("changing an account", err)
}

func (s *Service) record(ctx context.Context, event audit.Event, who address.Address, outcome signin.Outcome, err error) {
	if err == nil && outcome == signin.SignedIn {
		s.Audit.Record(ctx, event, who)
	}
}

// DropRecovery takes away the recovery address of a person.
func (s *Service) DropRecovery(ctx context.Context, who address.Address) error {
	outcome, err := s.Store.SetRecovery(ctx, Recovering{Now: time.Now(), Who: who})
	s.record(ctx, audit.Recovery, who, outcome, err)
	return unavailable("removing a recovery address", err)
}

// Recovery is the recovery address of a person, empty for none.
func (s *Service) Recovery(ctx context.Context, who address.Address) (address.Address, error) {
	person, _, err := s.People.Person(ctx, who)
	return person.Recovery, unavailable("looking up a person", err)
}

// Delete forgets a person, at their own wish.
func (s *Service) Delete(ctx context.Context, who address.Address) error {
	err := s.People.RemovePerson(ctx, who, time.Now())
	if err == nil {
		s.Audit.Record(ctx, audit.Removed, who)
	}
	return unavailable("removing a person", err)
}

func unavailable(doing string, err error) error {
	return signin.Unavailable(doing, err, ErrTaken, people.ErrUnknown)
}
