package admin

import (
	"context"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/fault"
	"github.com/doorpost-auth/doorpost/internal/passkey"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
)

// Passkeys is what a store does with the passkeys of people; see passkey.Store.
type Passkeys interface {
	Passkeys(ctx context.Context, who address.Address) (passkey.Keyring, error)
	DropPasskeys(ctx context.Context, who address.Address, id passkey.ID) ([]passkey.Passkey, error)
}

// PasskeysOf lists the passkeys of somebody, who is people.ErrUnknown if nobody knows them.
func (s *Service) PasskeysOf(ctx context.Context, who address.Address) ([]passkey.Passkey, error) {
	_, found, err := s.People.Person(ctx, who)
	switch {
	case err != nil:
		return nil, fault.Store("looking up a person", err)
	case !found:
		return nil, people.ErrUnknown
	}
	ring, err := s.Passkeys.Passkeys(ctx, who)
	return ring.Passkeys, fault.Store("looking up passkeys", err)
}

// RemovePasskey removes one passkey of somebody.
func (s *Service) RemovePasskey(ctx context.Context, who address.Address, id passkey.ID) ([]passkey.Passkey, error) {
	if id == "" { // which the store takes for all
		return nil, passkey.ErrUnknown
	}
	return s.dropPasskeys(ctx, who, id)
}

// ResetPasskeys removes all passkeys of somebody, and ends the sessions that any made: those
// of passkeys that are gone, too, so that it is written down even if none was left. Where a
// passkey is required they make the first one anew, after a sign-in by mail.
func (s *Service) ResetPasskeys(ctx context.Context, who address.Address) ([]passkey.Passkey, error) {
	dropped, err := s.dropPasskeys(ctx, who, "")
	if err == nil {
		s.Audit.Record(ctx, audit.Ended, who, "method", session.ByPasskey.Word())
	}
	return dropped, err
}

func (s *Service) dropPasskeys(ctx context.Context, who address.Address, id passkey.ID) ([]passkey.Passkey, error) {
	dropped, err := s.Passkeys.DropPasskeys(ctx, who, id)
	for _, p := range dropped {
		s.Audit.Record(ctx, audit.PasskeyRemoved, who, "passkey", string(p.ID))
	}
	return dropped, fault.Store("removing passkeys", err)
}
