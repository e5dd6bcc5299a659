package access

import (
	"context"
	"fmt"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/fault"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// Bounds of the life of the link of an invitation.
const (
	DefaultInvitation = 7 * 24 * time.Hour
	MinInvitation     = time.Hour
	MaxInvitation     = 30 * 24 * time.Hour
)

// ErrLife says that an invitation would live too shortly or too long.
var ErrLife = fault.New(fault.Invalid, fmt.Sprintf("an invitation lives for %d hour to %d days", MinInvitation/time.Hour, MaxInvitation/(24*time.Hour)))

// CheckLife is ErrLife for a life out of bounds.
func CheckLife(life time.Duration) error {
	if life < MinInvitation || life > MaxInvitation {
		return ErrLife
	}
	return nil
}

// Invite sends somebody a first link, which lives for as long as given and works
// in any browser, after a click. It adds them to groups, if any are given; the
// rules of the site have to admit them then. silent says why nothing is sent,
// such as signin.SilentNotAllowed. It is ErrLife for a life out of bounds.
func (s *Service) Invite(ctx context.Context, site signin.Site, who address.Address, groups []string, life time.Duration) (silent signin.SilentReason, err error) {
	if err := CheckLife(life); err != nil {
		return "", err
	}
	person, _, err := s.People.Person(ctx, who)
	if err != nil {
		return "", fault.Store("looking up a person", err)
	}
	person.Groups = append(person.Groups, groups...)
	if person.MayNotSignIn() || !site.Rules.Admits(who, &person.Standing) {
		return signin.SilentNotAllowed, nil
	}
	if len(groups) > 0 {
		if _, err := s.People.ChangePerson(ctx, who, time.Now(), func(p *people.Person) error {
			p.Groups = append(p.Groups, groups...)
			return nil
		}); err != nil {
			return "", fault.Store("adding to groups", err)
		}
	}
	silent, err = s.SignIn.Store.Promise(ctx, s.SignIn.Prepare(outbox.Invite, signin.Link{Address: who, Origin: site.Origin}, life, signin.Promise{}))
	if err != nil {
		return "", fault.Store("inviting", err)
	}
	s.Audit.Record(ctx, audit.Invited, who, "site", site.Origin, "groups", groups, "silent", string(silent))
	return silent, nil
}
