package admin

import (
	"context"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/fault"
	"github.com/doorpost-auth/doorpost/internal/session"
)

// Member is a person who is signed in, by the session of their browser.
type Member struct {
	Origin  string // of the site at which they act
	Address address.Address
	Session session.Key
}

// SignOut ends the session of this browser.
func (s *Service) SignOut(ctx context.Context, m Member) error {
	err := s.Sessions.End(ctx, m.Address, m.Session)
	if err == nil {
		s.Audit.Record(ctx, audit.SignedOut, m.Address, "site", m.Origin, "session", m.Session.String(), "all", false)
	}
	return fault.Store("ending a session", err)
}

// SignOutEverywhere ends all sessions of the person.
func (s *Service) SignOutEverywhere(ctx context.Context, m Member) error {
	err := s.Sessions.EndAll(ctx, m.Address, session.Key{})
	if err == nil {
		s.Audit.Record(ctx, audit.SignedOut, m.Address, "site", m.Origin, "session", m.Session.String(), "all", true)
	}
	return fault.Store("ending sessions", err)
}

// SignOutElsewhere ends all sessions of the person but that of this browser.
func (s *Service) SignOutElsewhere(ctx context.Context, m Member) error {
	err := s.Sessions.EndAll(ctx, m.Address, m.Session)
	if err == nil {
		s.Audit.Record(ctx, audit.Ended, m.Address, "site", m.Origin, "kept", m.Session.Short(), "all", true)
	}
	return fault.Store("ending sessions", err)
}

// SignOutOne ends another session of the person. It does nothing to one of
// anybody else.
func (s *Service) SignOutOne(ctx context.Context, m Member, other session.Key) error {
	err := s.Sessions.End(ctx, m.Address, other)
	if err == nil {
		s.Audit.Record(ctx, audit.Ended, m.Address, "site", m.Origin, "session", other.String(), "kept", m.Session.Short(), "all", false)
	}
	return fault.Store("ending a session", err)
}
