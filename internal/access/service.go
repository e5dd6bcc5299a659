package access

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/fault"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// grantedLife is how long the link to somebody who was let in lives: they do not
// wait in front of it.
const grantedLife = 24 * time.Hour

// Service takes access requests and decisions, and invites. It is safe for
// concurrent use.
type Service struct {
	Store  Store
	People people.Store
	SignIn *signin.Service
	Audit  *audit.Log
}

// Asker is somebody who requests access. Their address was proven: by the token
// of an offer, or by the session that Who is of.
type Asker struct {
	Token  string
	Who    address.Address
	Words  string // at most MaxWords characters
	Device session.Device
}

// Submit keeps an access request and tells the owners. The state is that of the
// link, signin.LinkGood if it was kept, now or before; signin.LinkUnknown also
// where the site has no owners (any more).
func (s *Service) Submit(ctx context.Context, site signin.Site, a Asker) (who address.Address, state signin.LinkState, err error) {
	now := time.Now()
	submission := Submission{Now: now, Request: Request{
		ID: strings.ToLower(rand.Text()), Address: a.Who, Origin: site.Origin, GrantOrigin: site.Name, Words: a.Words, Asked: now, Device: a.Device,
	}}
	if a.Who == "" {
		use, genuine := s.SignIn.Use(site, signin.ToAsk, a.Token)
		if !genuine {
			return "", s.refuse(ctx, site, "", signin.LinkUnknown), nil
		}
		link, state, err := s.SignIn.Store.Link(ctx, use)
		if err != nil || state != signin.LinkGood {
			return "", s.refuse(ctx, site, "", state), fault.Store("requesting access", err)
		}
		submission.Use, submission.Request.Address = &use, link.Address
	}
	who = submission.Request.Address
	standing, mayAsk, err := s.mayAsk(ctx, site, who)
	switch {
	case err != nil:
		return "", signin.LinkUnknown, err
	case site.Rules.Admits(who, standing), !mayAsk:
		return who, s.refuse(ctx, site, who, signin.LinkUnknown), nil
	}
	for _, owner := range site.Rules.Owners() {
		submission.Owners = append(submission.Owners, s.SignIn.Prepare(outbox.Approve,
			signin.Link{Purpose: signin.ToDecide, Address: owner, Origin: site.Origin, Subject: submission.Request.ID}, Kept,
			signin.Promise{Person: who, Words: a.Words, Browser: a.Device.Browser, System: a.Device.System, Network: a.Device.Network}))
	}
	kept, state, err := s.Store.Submit(ctx, submission)
	switch {
	case err != nil || state != signin.LinkGood:
		return "", s.refuse(ctx, site, who, state), fault.Store("requesting access", err)
	}
	s.Audit.Record(ctx, audit.AccessRequested, who, "site", site.Origin, "request_id", kept.ID, "again", kept.ID != submission.Request.ID)
	return who, state, nil
}

func (s *Service) mayAsk(ctx context.Context, site signin.Site, who address.Address) (*people.Standing, bool, error) {
	person, _, err := s.People.Person(ctx, who)
	if err != nil {
		return nil, false, fault.Store("looking up a person", err)
	}
	return &person.Standing, !person.MayNotSignIn() && site.Rules.Admission(who).MayAsk(&person.Standing), nil
}

func (s *Service) refuse(ctx context.Context, site signin.Site, who address.Address, state signin.LinkState) signin.LinkState {
	s.Audit.Record(ctx, audit.Refused, who, "site", site.Origin, "reason", "no access request: the link is unknown, used or too old, or the site has no owners to ask")
	return state
}

// Held is an access request in the hands of an owner who has its link.
type Held struct {
	Request
	Owner address.Address
	use   signin.Use
}

// ByToken is the request that the link of an owner is about. It looks, and uses
// nothing up. It is ErrUnknown for a link that is not one (any more); one that was
// used up by the decision still leads to it.
func (s *Service) ByToken(ctx context.Context, site signin.Site, token string) (Held, error) {
	use, genuine := s.SignIn.Use(site, signin.ToDecide, token)
	if !genuine {
		return Held{}, ErrUnknown
	}
	link, _, err := s.SignIn.Store.Link(ctx, use)
	if err == nil && link.Subject == "" {
		err = ErrUnknown
	}
	if err != nil {
		return Held{}, fault.Store("looking up an access request", err)
	}
	r, err := s.Store.AccessRequest(ctx, link.Subject, use.Now)
	return Held{r, link.Address, use}, fault.Store("looking up an access request", err)
}

// Choice is what an owner or an admin decides.
type Choice struct {
	Grant bool
	For   time.Duration // of a grant; 0: for good
}

// DecideHeld decides as the owner who holds a request, in a session, which may be the zero
// Key, see Store.Decide.
func (s *Service) DecideHeld(ctx context.Context, h Held, in session.Key, g signin.Guard, c Choice) (r Request, first bool, err error) {
	return s.decide(ctx, h.Request, Decision{By: h.Owner, Use: &h.use, Session: in, Guard: g}, c)
}

// Decide decides by word of an admin, which the caller has made sure of; by is
// empty for one that ctx names as the actor. It is ErrUnknown for a request that
// is not there (any more).
func (s *Service) Decide(ctx context.Context, id string, by address.Address, c Choice) (r Request, first bool, err error) {
	if r, err = s.Store.AccessRequest(ctx, id, time.Now()); err != nil {
		return Request{}, false, fault.Store("looking up an access request", err)
	}
	return s.decide(ctx, r, Decision{By: by}, c)
}

func (s *Service) decide(ctx context.Context, r Request, d Decision, c Choice) (Request, bool, error) {
	d.Now, d.ID, d.State = time.Now(), r.ID, Refused
	if c.Grant {
		d.State = Granted
		life := grantedLife
		if c.For > 0 {
			d.Until, life = d.Now.Add(c.For), min(life, c.For)
		}
		d.Welcome = s.SignIn.Prepare(outbox.Approved, signin.Link{Address: r.Address, Origin: r.Origin}, life, signin.Promise{Until: d.Until})
	}
	decided, first, err := s.Store.Decide(ctx, d)
	signin.NoteGuarded(ctx, s.Audit, err, d.By, "site", r.Origin, "request_id", r.ID)
	if err != nil {
		return Request{}, false, fault.Store("deciding about an access request", err)
	}
	if first {
		s.recordDecision(ctx, decided)
	}
	return decided, first, nil
}

func (s *Service) recordDecision(ctx context.Context, r Request) {
	event, args := audit.AccessRefused, []any{"site", r.Origin, "request_id", r.ID}
	if r.State == Granted {
		event = audit.AccessGranted
		if !r.Until.IsZero() {
			args = append(args, "until", r.Until.UTC())
		}
	}
	if r.By != "" {
		ctx = audit.WithActor(ctx, r.By.Mask())
	}
	s.Audit.Record(ctx, event, r.Address, args...)
}

// Open lists requests to be decided, the oldest first.
func (s *Service) Open(ctx context.Context, after string, max int) ([]Request, string, error) {
	list, next, err := s.Store.AccessRequests(ctx, after, max, time.Now())
	return list, next, fault.Store("listing access requests", err)
}
