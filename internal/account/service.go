package account

import (
	"context"
	"errors"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/fault"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// FreshProof is how long a proof other than the mail of the present address takes
// the place of a code that goes there, and how long an Administer holds.
const FreshProof = 10 * time.Minute

// Service is what people do with their own account. It is safe for concurrent
// use.
type Service struct {
	Store  Store
	People people.Store
	SignIn *signin.Service
	Audit  *audit.Log
}

// Propose asks for a change: it sends a code to the present address, unless the
// member has proven themselves otherwise a moment ago, and one to the new address,
// if there is one. Whose address that is, and whether anything was sent there,
// shows in nothing that it returns. wait is how long to wait if the network asked
// too often. It is ErrTooMany, session.ErrEnded, signin.ErrNeedsPasskey or fault.Unavailable.
func (s *Service) Propose(ctx context.Context, site signin.Site, m signin.Member, kind Kind, other address.Address) (c Change, wait time.Duration, err error) {
	now, limits := time.Now(), s.SignIn.Limits
	c = Change{Kind: kind, Person: m.Address, Address: other, Expires: now.Add(s.SignIn.LinkLife)}
	// A script of an app may act in a session that was proven otherwise: for what concerns
	// others, or enters by itself, that is not enough.
	c.Present = kind == Administer || kind == Token || m.Method == session.ByMail || now.Sub(m.SignedIn) > FreshProof
	said := signin.Promise{
		Change: string(kind), Person: m.Address, New: other, Asked: now, Expires: c.Expires, Browser: m.Device.Browser, System: m.Device.System,
	}
	p := Proposal{
		Now: now, Session: m.Session, Change: c, Guard: m.Guard,
		Client:     limit.Use{Name: m.Network, Rule: limits.Client},
		Daily:      limit.Use{Name: string(m.Address), Rule: limit.Rule{Max: MaxProposals, Window: 24 * time.Hour}},
		Mailbox:    limit.Use{Name: m.Address.Fold(), Rule: limits.Mailbox},
		NewMailbox: limit.Use{Name: other.Fold(), Rule: limits.Mailbox},
		Total:      limit.Use{Rule: limits.Total},
		Reserve:    limits.Reserve(),
	}
	said.Code, p.Code = s.SignIn.NewCode(signin.BrowserKey(m.Session))
	p.Message = s.SignIn.Letter(outbox.Confirm, site, m.Address, m.Language, said)
	if c.New() {
		said.Code, p.NewCode = s.SignIn.NewCode(signin.BrowserKey(m.Session))
		p.NewMessage = s.SignIn.Letter(outbox.Proof, site, other, m.Language, said)
	}
	proposed, err := s.Store.Propose(ctx, p)
	signin.NoteGuarded(ctx, s.Audit, err, m.Address, c.logged(site)...)
	switch {
	case err != nil:
		return c, 0, fault.Store("proposing a change", err)
	case proposed.Wait > 0:
		s.Audit.Record(ctx, audit.Throttled, "", "site", site.Origin, "network", m.Network, "wait", proposed.Wait)
	default:
		s.Audit.Record(ctx, audit.Proposed, m.Address, append(c.logged(site), "silent", string(proposed.Silent), "new_silent", string(proposed.NewSilent))...)
	}
	return c, proposed.Wait, nil
}

// Pending is what a session has proposed and can still confirm.
func (s *Service) Pending(ctx context.Context, m signin.Member) (c Change, found bool, err error) {
	c, found, err = s.Store.Pending(ctx, m.Session, time.Now())
	return c, found && !c.Confirmed, fault.Store("looking up a change", err)
}

// MayAdminister reports whether the member has confirmed an Administer in this
// session in the last FreshProof. Whether they are an admin it does not know.
func (s *Service) MayAdminister(ctx context.Context, m signin.Member) (bool, error) {
	c, found, err := s.Store.Pending(ctx, m.Session, time.Now())
	return found && c.Kind == Administer && c.Confirmed, fault.Store("looking up a proof", err)
}

// CheckGuard is signin.ErrNeedsPasskey if the member may not act for others before they
// have shown a passkey. It is for where any site requires one of anybody: whoever reads the mail
// of an admin could give themselves the account of everybody, and take away their passkeys.
func (s *Service) CheckGuard(ctx context.Context, m signin.Member) error {
	return fault.Store("looking up passkeys", s.Store.CheckGuard(ctx, m.Session, m.Address, m.Guard, time.Now()))
}

// Result says how an attempt to confirm a change ended.
type Result struct {
	Confirmed
	Renewed session.ID // of the session that took the place of this one, after a Move
}

// events are what is written down of a change that was made.
var events = map[Kind]audit.Event{Move: audit.Moved, Recovery: audit.Recovery, Drop: audit.Recovery, Leave: audit.Removed, Administer: audit.Proven, Passkeys: audit.Proven, Token: audit.Proven}

// logged is what the audit log has of a change.
func (c Change) logged(site signin.Site) []any {
	args := []any{"site", site.Origin, "change", string(c.Kind)}
	if c.New() {
		args = append(args, "new", c.Address.Mask())
	}
	return args
}

// Confirm makes the change that the member has proposed in this session, if the
// codes are right, and tells the present address of it. If the new address belongs
// to somebody, or the rules of the site do not admit it, it is ErrTaken or
// ErrNotAdmitted, beside the change; nobody learns either without the codes.
func (s *Service) Confirm(ctx context.Context, site signin.Site, m signin.Member, code, newCode string) (Result, error) {
	c, found, err := s.Pending(ctx, m)
	if err != nil || !found {
		return Result{}, err
	}
	of := signin.BrowserKey(m.Session)
	confirmation := Confirmation{Codes: s.SignIn.CodeKeys(of, code), NewCodes: s.SignIn.CodeKeys(of, newCode)}
	if c.Kind == Move {
		person, _, err := s.People.Person(ctx, m.Address)
		if err != nil {
			return Result{}, fault.Store("looking up a person", err)
		}
		confirmation.Denied = !site.Rules.Admits(c.Address, &person.Standing)
	}
	if !c.Kind.IsProof() {
		confirmation.Notice = s.notice(site, m, c.Kind, c.Address)
	}
	result, err := s.confirm(ctx, site, m, confirmation)
	if errors.Is(err, ErrTaken) || errors.Is(err, ErrNotAdmitted) {
		result.Change = c
	}
	return result, err
}

// notice tells a member of a change that was made.
func (s *Service) notice(site signin.Site, m signin.Member, change Kind, other address.Address) outbox.Message {
	now := time.Now()
	return s.SignIn.Letter(outbox.Changed, site, m.Address, m.Language, signin.Promise{
		Change: string(change), Person: m.Address, New: other, Asked: now, Expires: now.Add(NoticeLife), Browser: m.Device.Browser, System: m.Device.System,
	})
}

// confirm has the store do it, and writes down what became of it.
func (s *Service) confirm(ctx context.Context, site signin.Site, m signin.Member, c Confirmation) (result Result, err error) {
	result.Renewed = session.NewID()
	c.Now, c.Session, c.Guard, c.Renewed, c.Mark = time.Now(), m.Session, m.Guard, result.Renewed.Key(), m.Mark.Key()
	c.Expires = s.SignIn.Sessions.Expiry(m.SignedIn, c.Now)
	result.Confirmed, err = s.Store.Confirm(ctx, c)
	signin.NoteGuarded(ctx, s.Audit, err, m.Address, "site", site.Origin)
	switch {
	case errors.Is(err, ErrTaken), errors.Is(err, ErrNotAdmitted):
		s.Audit.Record(ctx, audit.Refused, m.Address, "site", site.Origin, "reason", err.Error())
	case err == nil && result.Outcome == Made:
		s.Audit.Record(ctx, events[result.Change.Kind], m.Address, result.Change.logged(site)...)
	case err == nil:
		s.Audit.Record(ctx, audit.Refused, m.Address, "site", site.Origin, "reason", reasons[result.Outcome])
	}
	return result, fault.Store("changing an account", err)
}

// NoticeLife is how long it is tried to tell somebody of a change that was made.
const NoticeLife = 24 * time.Hour

// reasons are why a change was not made.
var reasons = map[Outcome]string{Nothing: "no change to confirm", WrongCode: "wrong code", Over: "too many wrong codes"}

// Recovery is the recovery address of a person, empty for none.
func (s *Service) Recovery(ctx context.Context, who address.Address) (address.Address, error) {
	person, _, err := s.People.Person(ctx, who)
	return person.Recovery, fault.Store("looking up a person", err)
}
