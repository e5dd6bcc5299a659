package admin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/fault"
	"github.com/doorpost-auth/doorpost/internal/people"
)

// Accounts is what a store does for Move; see account.Store.
type Accounts interface {
	MovePerson(ctx context.Context, from, to address.Address, now time.Time) error
}

// Move gives somebody another address, for whom the mailbox of the present one is
// lost: groups, grants and the recovery address go along, all sessions end. Nobody
// is asked for a proof. It is account.ErrTaken if the address belongs to somebody.
func (s *Service) Move(ctx context.Context, from, to address.Address) (people.Person, error) {
	err := s.Accounts.MovePerson(ctx, from, to, time.Now())
	if errors.Is(err, account.ErrTaken) {
		err = fmt.Errorf("%w; users show says whose it is", err)
	}
	if err != nil {
		return people.Person{}, fault.Store("moving a person", err)
	}
	s.Audit.Record(ctx, audit.Moved, from, "new", to.Mask())
	p, _, err := s.People.Person(ctx, to)
	return p, fault.Store("looking up a person", err)
}
