package passkey

import (
	"context"
	"errors"

	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/fault"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// SignIn signs in with what a browser answers to Options. Of the attempt, Browser, Replace,
// Scope, Device, Mark and Language count. Unless an error says otherwise, the result is
// signin.SignedIn, with the address in its Request. It is ErrMalformed, or ErrRefused for
// whatever reason, or fault.Unavailable; beside one that wraps signin.ErrUncertain the result
// has the id of a session that may have been made.
func (s *Service) SignIn(ctx context.Context, site signin.Site, p Party, a signin.Attempt, body []byte) (signin.Result, error) {
	answer, why := readAssertion(body, p)
	if why != Fine {
		return signin.Result{}, s.refuse(ctx, site.Origin, "", why)
	}
	challenge, _, ok := s.openChallenge(toSignIn(p, a.Browser), answer.Response.CollectedClientData.Challenge, s.now())
	if !ok || a.Browser == (signin.Browser{}) {
		return signin.Result{}, s.refuse(ctx, site.Origin, "", WrongChallenge)
	}
	arrival, id := s.SignIns.Arrival(site, a)
	authenticator := answer.Response.AuthenticatorData
	used, err := s.Store.UsePasskey(ctx, Use{
		Arrival: arrival, Challenge: challenge, Passkey: KeyOf(answer.RawID), RPID: p.ID, Handle: answer.Response.UserHandle,
		Counter: authenticator.Counter, BackupEligible: authenticator.Flags.HasBackupEligible(), BackedUp: authenticator.Flags.HasBackupState(),
		Check: func(c Candidate) Reason {
			if c.PublicKey == nil {
				isSigned(answer, p, unknownKey)
				return UnknownCredential
			}
			switch {
			case !isSigned(answer, p, c.PublicKey):
				return WrongSignature
			case !site.Rules.Admits(c.Person.Address, &c.Person.Standing):
				return NotAdmitted
			}
			return Fine
		},
	})
	switch {
	case errors.Is(err, signin.ErrUncertain):
		return signin.Result{SessionID: id}, fault.Store("signing in with a passkey", err)
	case err != nil:
		return signin.Result{}, fault.Store("signing in with a passkey", err)
	case used.Refused != Fine:
		return signin.Result{}, s.refuse(ctx, site.Origin, used.Person, used.Refused)
	}
	s.Audit.Record(ctx, audit.Redeemed, used.Person, "site", site.Origin, "proof", "passkey", "new_person", false)
	return signin.Result{SessionID: id, Redeemed: signin.Redeemed{
		Outcome: signin.SignedIn, Request: signin.Request{Address: used.Person, Origin: site.Origin},
	}}, nil
}
