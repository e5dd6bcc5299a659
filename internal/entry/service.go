package entry

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// approvedLife is how long the link to somebody who was approved lives: they do
// not wait in front of it.
const approvedLife = 24 * time.Hour

// Bounds of the life of the link of an invitation.
const (
	DefaultInvitation = 7 * 24 * time.Hour
	MinInvitation     = time.Hour
	MaxInvitation     = 30 * 24 * time.Hour
)

// ErrLife says that an invitation would live too shortly or too long.
var ErrLife = fmt.Errorf("an invitation lives for %d hour to %d days", MinInvitation/time.Hour, MaxInvitation/(24*time.Hour))

// Service takes applications and decisions, and invites. It is safe for
// concurrent use.
type Service struct {
	Store  Store
	People people.Store
	SignIn *signin.Service
	Audit  *audit.Log
}

// Asker is one person who asks to be let in. Their address was proven: by the
// token of an offer, or by the session that Who is of.
type Asker struct {
	Token  string
	Who    address.Address
	Words  string // at most MaxWords characters
	Device session.Device
}

// Apply keeps an application and tells the owners. The state is that of the link,
// signin.LinkGood if that was done, now or before; signin.LinkUnknown also where
// nobody may ask (any more). It is ErrFull if too many are open.
func (s *Service) Apply(ctx context.Context, site signin.Site, a Asker) (who address.Address, state signin.LinkState, err error) {
	now := time.Now()
	apply := Applying{Now: now, Application: Application{
		ID: strings.ToLower(rand.Text()), Address: a.Who, Site: site.Origin, Granted: site.Name, Words: a.Words, Asked: now, Device: a.Device,
	}}
	if a.Who == "" {
		use, genuine := s.SignIn.Use(site, signin.ToAsk, a.Token)
		if !genuine {
			return "", s.refuse(ctx, site, "", signin.LinkUnknown), nil
		}
		link, state, err := s.SignIn.Store.Link(ctx, use)
		if err != nil || state != signin.LinkGood {
			return "", s.refuse(ctx, site, "", state), unavailable("applying", err)
		}
		apply.Use, apply.Application.Address = &use, link.Address
	}
	who = apply.Application.Address
	standing, mayAsk, err := s.mayAsk(ctx, site, who)
	switch {
	case err != nil:
		return "", signin.LinkUnknown, err
	case site.Rules.Admits(who, standing), !mayAsk:
		return who, s.refuse(ctx, site, who, signin.LinkUnknown), nil
	}
	for _, owner := range site.Rules.Owners() {
		apply.Owners = append(apply.Owners, s.SignIn.Prepare(outbox.Approve,
			signin.Link{Purpose: signin.ToDecide, Address: owner, Site: site.Origin, Subject: apply.Application.ID}, Kept,
			signin.Promise{Person: who, Words: a.Words, Browser: a.Device.Browser, System: a.Device.System, Network: a.Device.Network}))
	}
	kept, state, err := s.Store.Apply(ctx, apply)
	switch {
	case errors.Is(err, ErrFull):
		return who, signin.LinkUnknown, err
	case err != nil || state != signin.LinkGood:
		return "", s.refuse(ctx, site, who, state), unavailable("applying", err)
	}
	s.Audit.Record(ctx, audit.Applied, who, "site", site.Origin, "application", kept.ID, "again", kept.ID != apply.Application.ID)
	return who, state, nil
}

func (s *Service) mayAsk(ctx context.Context, site signin.Site, who address.Address) (*people.Standing, bool, error) {
	person, _, err := s.People.Person(ctx, who)
	if err != nil {
		return nil, false, unavailable("looking up a person", err)
	}
	return &person.Standing, !person.Disabled && site.Rules.Admission(who).MayAsk(&person.Standing), nil
}

func (s *Service) refuse(ctx context.Context, site signin.Site, who address.Address, state signin.LinkState) signin.LinkState {
	s.Audit.Record(ctx, audit.Refused, who, "site", site.Origin, "reason", "no application: the link is unknown, used or too old, or nobody may ask")
	return state
}

// ByToken is the application that the link of an owner is about, and the owner.
// It looks, and uses nothing up; the state is as signin.Store.Link says.
func (s *Service) ByToken(ctx context.Context, site signin.Site, token string) (a Application, owner address.Address, state signin.LinkState, err error) {
	use, genuine := s.SignIn.Use(site, signin.ToDecide, token)
	if !genuine {
		return Application{}, "", signin.LinkUnknown, nil
	}
	link, state, err := s.SignIn.Store.Link(ctx, use)
	if err != nil || state != signin.LinkGood && state != signin.LinkUsed || link.Address == "" {
		return Application{}, "", state, unavailable("looking up an application", err)
	}
	a, err = s.Store.Application(ctx, link.Subject, time.Now())
	if errors.Is(err, ErrUnknown) {
		return Application{}, "", signin.LinkTooOld, nil
	}
	return a, link.Address, state, unavailable("looking up an application", err)
}

// Choice is what an owner or an admin decides.
type Choice struct {
	Approve bool
	For     time.Duration   // of an approval; 0: for good
	Token   string          // of an owner; empty for an admin
	By      address.Address // the admin; empty for one whom ctx names as the actor
}

// Decide decides about an application, unless that was done before: then it
// returns what was decided, with first false. The caller has made sure that an
// admin is one. It is ErrUnknown for an application that is not there (any more).
func (s *Service) Decide(ctx context.Context, site signin.Site, id string, c Choice) (a Application, first bool, err error) {
	now := time.Now()
	d := Deciding{Now: now}
	if c.Token != "" {
		byToken, owner, state, err := s.ByToken(ctx, site, c.Token)
		if err != nil {
			return Application{}, false, err
		}
		use, _ := s.SignIn.Use(site, signin.ToDecide, c.Token)
		if state != signin.LinkGood && state != signin.LinkUsed {
			return Application{}, false, ErrUnknown
		}
		d.Use, d.Application, c.By = &use, byToken, owner
	} else if d.Application, err = s.Store.Application(ctx, id, now); err != nil {
		return Application{}, false, unavailable("looking up an application", err)
	}
	d.Application.Decision, d.Application.By, d.Application.Decided = Refused, c.By, now
	if c.Approve {
		d.Application.Decision = Approved
		life := approvedLife
		if c.For > 0 {
			d.Application.Until, life = now.Add(c.For), min(life, c.For)
		}
		d.Link = s.SignIn.Prepare(outbox.Approved, signin.Link{Address: d.Application.Address, Site: d.Application.Site}, life,
			signin.Promise{Until: d.Application.Until})
	}
	a, first, err = s.Store.Decide(ctx, d)
	if err != nil {
		return Application{}, false, unavailable("deciding about an application", err)
	}
	if first {
		event, args := audit.Declined, []any{"site", a.Site, "application", a.ID}
		if c.Approve {
			event = audit.Approved
			if !a.Until.IsZero() {
				args = append(args, "until", a.Until.UTC())
			}
		}
		if c.By != "" {
			ctx = audit.WithActor(ctx, c.By.Mask())
		}
		s.Audit.Record(ctx, event, a.Address, args...)
	}
	return a, first, nil
}

// Open lists applications to be decided, the oldest first.
func (s *Service) Open(ctx context.Context, after string, max int) ([]Application, string, error) {
	list, next, err := s.Store.Applications(ctx, after, max, time.Now())
	return list, next, unavailable("listing applications", err)
}

// Invite sends somebody a first link, which lives for as long as given and works
// in any browser, after a click. It adds them to groups, if any are given; the
// rules of the site have to admit them then. silent says why nothing is sent,
// such as signin.SilentNotAllowed. It is ErrLife for a life out of bounds.
func (s *Service) Invite(ctx context.Context, site signin.Site, who address.Address, groups []string, life time.Duration) (silent signin.SilentReason, err error) {
	if life < MinInvitation || life > MaxInvitation {
		return "", ErrLife
	}
	person, _, err := s.People.Person(ctx, who)
	if err != nil {
		return "", unavailable("looking up a person", err)
	}
	person.Groups = append(person.Groups, groups...)
	if person.Disabled || !site.Rules.Admits(who, &person.Standing) {
		return signin.SilentNotAllowed, nil
	}
	if len(groups) > 0 {
		if _, err := s.People.ChangePerson(ctx, who, time.Now(), func(p *people.Person) error {
			p.Groups = append(p.Groups, groups...)
			return nil
		}); err != nil {
			return "", unavailable("adding to groups", err)
		}
	}
	silent, err = s.SignIn.Store.Promise(ctx, s.SignIn.Prepare(outbox.Invite, signin.Link{Address: who, Site: site.Origin}, life, signin.Promise{}))
	if err != nil {
		return "", unavailable("inviting", err)
	}
	s.Audit.Record(ctx, audit.Invited, who, "site", site.Origin, "groups", groups, "silent", string(silent))
	return silent, nil
}

func unavailable(doing string, err error) error {
	return signin.Unavailable(doing, err, ErrUnknown, ErrFull)
}
