package passkey

import (
	"context"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/audit"
)

// Reason says why an answer was refused. It is for the audit log alone.
type Reason string

// The reasons. The first is empty: there is none.
const (
	Fine               Reason = ""
	Malformed          Reason = "malformed"
	WrongCeremony      Reason = "another ceremony"
	WrongChallenge     Reason = "no challenge for this site and browser, or too old"
	WrongOrigin        Reason = "another origin"
	WrongRPID          Reason = "another RP ID"
	NotPresent         Reason = "user not present"
	NotVerified        Reason = "user not verified"
	WrongFlags         Reason = "contradicting flags"
	WrongHandle        Reason = "user handle of nobody or of somebody else"
	WrongAlgorithm     Reason = "algorithm not offered"
	WrongKey           Reason = "public key not usable"
	WrongSignature     Reason = "wrong signature"
	UnknownCredential  Reason = "unknown passkey"
	UsedBefore         Reason = "challenge used before"
	CounterWentBack    Reason = "counter went back"
	EligibilityChanged Reason = "backup eligibility changed"
	NotAdmitted        Reason = "not admitted"
	Disabled           Reason = "disabled"
)

// refuse writes down why an answer is refused, and is what is said of it.
func (s *Service) refuse(ctx context.Context, origin string, who address.Address, why Reason) error {
	s.Audit.Record(ctx, audit.Refused, who, "site", origin, "proof", "passkey", "reason", string(why))
	if why == Malformed {
		return ErrMalformed
	}
	return ErrRefused
}
