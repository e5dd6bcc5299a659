// Package admin is for whoever runs the door: who is known, who is in, and how
// to show somebody out. Everything that changes anything goes through it, and is
// written down.
package admin

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/fault"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/token"
	"golang.org/x/sync/errgroup"
)

// Service lists and changes people and sessions. It is safe for concurrent use.
// Its errors have a kind of package fault, and say what would be right.
type Service struct {
	People   people.Store
	Accounts Accounts
	Passkeys Passkeys
	Sessions session.Store
	Tokens   token.Store

	// TokenSites are the sites that take tokens.
	TokenSites func() gate.Origins

	Groups *people.Groups
	Audit  *audit.Log

	// LimitsAt are those of the sessions that have a scope: a site may narrow its own down.
	LimitsAt func(scope string) session.Limits
}

// List lists people.
func (s *Service) List(ctx context.Context, q people.Query) (people.Page, error) {
	page, err := s.People.People(ctx, q)
	return page, fault.Store("listing people", err)
}

// Show returns what is known of somebody and their sessions, the last used
// first. A person who is not known may have sessions no more, and is
// people.ErrUnknown.
func (s *Service) Show(ctx context.Context, who address.Address) (people.Person, []session.Entry, error) {
	p, found, err := s.People.Person(ctx, who)
	switch {
	case err != nil:
		return p, nil, fault.Store("looking up a person", err)
	case !found:
		return p, nil, people.ErrUnknown
	}
	sessions, err := s.SessionsOf(ctx, who)
	return p, sessions, err
}

// SessionsOf lists the sessions of somebody, the last used first.
func (s *Service) SessionsOf(ctx context.Context, who address.Address) ([]session.Entry, error) {
	now := time.Now()
	sessions, err := s.Sessions.Sessions(ctx, who, now)
	sessions = s.goOn(sessions, now)
	slices.SortFunc(sessions, func(a, b session.Entry) int { return b.Seen.Compare(a.Seen) })
	return sessions, fault.Store("listing sessions", err)
}

// LastSeen tells when each of some people last used a session of theirs; it is zero for
// those who are not signed in.
func (s *Service) LastSeen(ctx context.Context, list []people.Person) ([]time.Time, error) {
	seen := make([]time.Time, len(list))
	var looking errgroup.Group
	looking.SetLimit(endWorkers)
	for i, p := range list {
		looking.Go(func() error {
			sessions, err := s.SessionsOf(ctx, p.Address)
			if len(sessions) > 0 {
				seen[i] = sessions[0].Seen
			}
			return err
		})
	}
	return seen, looking.Wait()
}

// AllSessions lists sessions of everybody, see session.Store.
func (s *Service) AllSessions(ctx context.Context, after address.Address, max int) ([]session.Entry, address.Address, error) {
	now := time.Now()
	list, next, err := s.Sessions.AllSessions(ctx, after, max, now)
	return s.goOn(list, now), next, fault.Store("listing sessions", err)
}

// goOn are those of a list that go on, each with the end that it has at its site.
func (s *Service) goOn(list []session.Entry, now time.Time) (rest []session.Entry) {
	for _, e := range list {
		if e.Record = e.Within(s.LimitsAt(e.Scope)); now.Before(e.Expires) {
			rest = append(rest, e)
		}
	}
	return rest
}

// Add makes somebody known, and puts them into groups of the configuration.
func (s *Service) Add(ctx context.Context, who address.Address, groups []string) (people.Person, error) {
	if err := s.CheckGroups(groups); err != nil {
		return people.Person{}, err
	}
	added := false
	p, err := s.People.ChangePerson(ctx, who, time.Now(), func(p *people.Person) error {
		added = !p.IsKnown()
		p.Groups = append(p.Groups, groups...)
		return nil
	})
	if err != nil {
		return p, fault.Store("adding a person", err)
	}
	event := audit.Changed
	if added {
		event = audit.Added
	}
	s.Audit.Record(ctx, event, who, "groups", p.Groups)
	return p, nil
}

// CheckGroups tells which of some groups the configuration does not have.
func (s *Service) CheckGroups(groups []string) error {
	for _, name := range groups {
		if !s.Groups.Has(name) {
			return fmt.Errorf("%w %q; make it in the global option doorpost: group %s", ErrNoGroup, name, name)
		}
	}
	return nil
}

// ErrNoGroup says that the configuration does not have a group.
var ErrNoGroup = fault.New(fault.Invalid, "there is no group")

// Drop takes somebody out of groups that the store put them into.
func (s *Service) Drop(ctx context.Context, who address.Address, groups []string) (people.Person, error) {
	p, err := s.change(ctx, who, func(p *people.Person) {
		p.Groups = slices.DeleteFunc(p.Groups, func(g string) bool { return slices.Contains(groups, g) })
	})
	if err == nil {
		s.Audit.Record(ctx, audit.Changed, who, "groups", p.Groups)
	}
	return p, err
}

// Disable shows somebody out, with their programs, and keeps them out until they are enabled again.
func (s *Service) Disable(ctx context.Context, who address.Address) (p people.Person, err error) {
	err = s.endingTokens(ctx, who, audit.Disabled, func() error {
		p, err = s.change(ctx, who, func(p *people.Person) { p.Disabled = true })
		return err
	})
	return p, err
}

// Enable takes that back. Tokens stay ended.
func (s *Service) Enable(ctx context.Context, who address.Address) (people.Person, error) {
	p, err := s.change(ctx, who, func(p *people.Person) { p.Disabled = false })
	if err == nil {
		s.Audit.Record(ctx, audit.Enabled, who)
	}
	return p, err
}

// change changes somebody who is known.
func (s *Service) change(ctx context.Context, who address.Address, change func(*people.Person)) (people.Person, error) {
	p, err := s.People.ChangePerson(ctx, who, time.Now(), func(p *people.Person) error {
		if !p.IsKnown() {
			return people.ErrUnknown
		}
		change(p)
		return nil
	})
	return p, fault.Store("changing a person", err)
}

// Remove forgets somebody: sessions, open links, access requests and all. Whom the
// rules admit can sign in anew.
func (s *Service) Remove(ctx context.Context, who address.Address) error {
	return s.endingTokens(ctx, who, audit.Removed, func() error {
		return fault.Store("removing a person", s.People.RemovePerson(ctx, who, time.Now()))
	})
}

// EndSession ends one session of somebody.
func (s *Service) EndSession(ctx context.Context, who address.Address, key session.Key) error {
	err := s.Sessions.End(ctx, who, key)
	if err == nil {
		s.Audit.Record(ctx, audit.Ended, who, "session", key.String())
	}
	return fault.Store("ending a session", err)
}

// ErrNoSession says that a session never was, has ended, or is over.
var ErrNoSession = fault.New(fault.Unknown, "there is no session with that id, or not any more")

// EndSessionByKey ends a session, of any person. It is ErrNoSession if there
// is none.
func (s *Service) EndSessionByKey(ctx context.Context, key session.Key) (who address.Address, err error) {
	for {
		record, found, err := s.Sessions.Session(ctx, key, time.Now())
		switch {
		case err != nil:
			return who, fault.Store("looking up a session", err)
		case !found && who == "":
			return "", ErrNoSession
		case !found:
			return who, nil
		}
		// Somebody's address may change just now, and the session with it: it is
		// looked up again until it is gone.
		who = record.Address
		if err := s.EndSession(ctx, who, key); err != nil {
			return who, err
		}
	}
}

// EndSessionsOf ends all sessions of somebody.
func (s *Service) EndSessionsOf(ctx context.Context, who address.Address) error {
	err := s.Sessions.EndAll(ctx, who, session.Key{})
	if err == nil {
		s.Audit.Record(ctx, audit.Ended, who, "all", true)
	}
	return fault.Store("ending sessions", err)
}

// How EndAll goes about it: so many sessions are looked at in one go, and so
// many people are shown out at a time, who share a write to the disk then.
const (
	endPage    = 1000
	endWorkers = 32
)

// EndAll ends the sessions of everybody, one person after another, and calls
// progress with how many have ended so far. Whoever signs in meanwhile may stay.
func (s *Service) EndAll(ctx context.Context, progress func(ended int)) (ended int, err error) {
	defer func() {
		if ended > 0 || err == nil {
			s.Audit.Record(ctx, audit.Ended, "", "everybody", err == nil, "sessions", ended)
		}
	}()
	for next := address.Address(""); ; {
		list, following, err := s.Sessions.AllSessions(ctx, next, endPage, time.Now())
		if err != nil {
			return ended, fault.Store("listing sessions", err)
		}
		var ending errgroup.Group
		ending.SetLimit(endWorkers)
		for _, e := range slices.CompactFunc(slices.Clone(list), func(a, b session.Entry) bool { return a.Address == b.Address }) {
			ending.Go(func() error { return s.Sessions.EndAll(ctx, e.Address, session.Key{}) })
		}
		if err := ending.Wait(); err != nil {
			return ended, fault.Store("ending sessions", err)
		}
		ended += len(list)
		progress(ended)
		if next = following; next == "" {
			return ended, nil
		}
	}
}
