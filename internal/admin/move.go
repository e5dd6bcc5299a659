package admin

import (
	"context"
	"time"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// Accounts is what a store does for Move; see account.Store.
type Accounts interface {
	MovePerson(ctx context.Context, from, to address.Address, now time.Time) error
}

// Move gives somebody another address, for whom the mailbox of the present one is
// lost: groups, grants and the recovery address go along, all sessions end. Nobody
// is asked for a proof. It is account.ErrTaken if the address belongs to somebody.
func (s *Service) Move(ctx context.Context, from, to address.Address) (people.Person, error) {
	if err := s.Accounts.MovePerson(ctx, from, to, time.Now()); err != nil {
		return people.Person{}, signin.Unavailable("moving a person", err, people.ErrUnknown, account.ErrTaken)
	}
	s.Audit.Record(ctx, audit.Moved, from, "new", to.Mask())
	p, _, err := s.People.Person(ctx, to)
	return p, unavailable("looking up a person", err)
}
