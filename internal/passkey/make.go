package passkey

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"
	"unicode"

	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/fault"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// Add adds the passkey that a browser has made with CreationOptions. It is ErrMalformed or
// ErrRefused (for one that anybody has, too), another error of Store.AddPasskey, or fault.Unavailable.
func (s *Service) Add(ctx context.Context, site signin.Site, p Party, m signin.Member, body []byte) (Passkey, error) {
	now := s.now()
	answer, why := readCreation(body, p)
	if why != Fine {
		return Passkey{}, s.refuse(ctx, site.Origin, m.Address, why)
	}
	challenge, handle, ok := s.openChallenge(toMake(p, m), answer.Response.CollectedClientData.Challenge, now)
	if !ok {
		return Passkey{}, s.refuse(ctx, site.Origin, m.Address, WrongChallenge)
	}
	authenticator := answer.Response.AttestationObject.AuthData
	made := Passkey{
		ID: KeyOf(answer.RawID).ID(), Credential: answer.RawID, RPID: p.ID, PublicKey: authenticator.AttData.CredentialPublicKey,
		Counter: authenticator.Counter, Name: nameOf(m.Device), Made: now, Transports: transports(answer.Response.Transports),
		BackupEligible: authenticator.Flags.HasBackupEligible(), BackedUp: authenticator.Flags.HasBackupState(),
	}
	a := Addition{Change: s.change(p, m, ""), Challenge: challenge, Handle: handle, Passkey: made, Notice: s.notice(site, m, Added)}
	rand.Read(a.Attempt[:]) // never fails, see crypto/rand
	err := s.Store.AddPasskey(ctx, a)
	err = s.note(ctx, site.Origin, m, "adding a passkey", audit.PasskeyAdded, made.ID, err)
	if errors.Is(err, ErrKnown) { // whose it is, or that there is one, is for the audit log only
		err = ErrRefused
	}
	return made, err
}

// List is what somebody has: place by place, in the order in which they made the first one of each.
func (s *Service) List(ctx context.Context, m signin.Member) (Keyring, error) {
	ring, err := s.Store.Passkeys(ctx, m.Address)
	return ring, fault.Store("looking up passkeys", err)
}

// MayAdd is nil if the member may add a passkey now, and otherwise what Add would be.
func (s *Service) MayAdd(ctx context.Context, p Party, m signin.Member) error {
	_, err := s.Store.MayChangePasskeys(ctx, s.change(p, m, ""))
	return fault.Store("looking up passkeys", err)
}

// Rename gives a passkey another name, which is ErrNoName if nothing is left of it.
func (s *Service) Rename(ctx context.Context, site signin.Site, m signin.Member, id ID, name string) error {
	if name = cleanName(name); name == "" {
		return ErrNoName
	}
	err := s.Store.RenamePasskey(ctx, s.change(Party{}, m, id), name)
	return s.note(ctx, site.Origin, m, "renaming a passkey", audit.PasskeyRenamed, id, err)
}

// Remove removes a passkey. The error is one of Store.RemovePasskey, or fault.Unavailable.
func (s *Service) Remove(ctx context.Context, site signin.Site, m signin.Member, id ID) error {
	err := s.Store.RemovePasskey(ctx, s.change(Party{}, m, id), s.notice(site, m, Removed))
	return s.note(ctx, site.Origin, m, "removing a passkey", audit.PasskeyRemoved, id, err)
}

func (s *Service) change(p Party, m signin.Member, id ID) Change {
	return Change{Now: s.now(), Session: m.Session, Person: m.Address, Guard: m.Guard, RPID: p.ID, ID: id}
}

// note writes down what became of a change.
func (s *Service) note(ctx context.Context, origin string, m signin.Member, doing string, event audit.Event, id ID, err error) error {
	err = fault.Store(doing, err)
	switch {
	case err == nil:
		s.Audit.Record(ctx, event, m.Address, "site", origin, "passkey", string(id))
	case fault.KindOf(err) != fault.Unavailable:
		s.Audit.Record(ctx, audit.Refused, m.Address, "site", origin, "proof", "passkey", "reason", err.Error())
	}
	return err
}

// What a notice is of, as signin.Promise has it.
const (
	Added   = "passkey-added"
	Removed = "passkey-removed"
)

// noticeLife is how long it is tried to tell somebody of a change.
const noticeLife = 24 * time.Hour

// notice tells somebody of a change.
func (s *Service) notice(site signin.Site, m signin.Member, change string) outbox.Message {
	now := s.now()
	return s.SignIns.Letter(outbox.Changed, site, m.Address, m.Language, signin.Promise{
		Change: change, Person: m.Address, Asked: now, Expires: now.Add(noticeLife), Browser: m.Device.Browser, System: m.Device.System,
	})
}

// nameOf is the name of a passkey that a device has made, in any language.
func nameOf(d session.Device) string {
	return cleanName(strings.TrimSuffix(strings.TrimPrefix(d.Browser+", "+d.System, ", "), ", "))
}

// cleanName is a name without what cannot be shown, of a bounded length.
func cleanName(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r): // control characters, those that turn the direction of text, and what is no character
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, ""))
	runes := []rune(strings.Join(strings.Fields(name), " "))
	return strings.TrimSpace(string(runes[:min(len(runes), MaxName)]))
}
