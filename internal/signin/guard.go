package signin

import (
	"context"
	"errors"
	"slices"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/fault"
)

// Guard says which passkeys guard an account. Where somebody has one of a Required RP ID, the
// mailbox alone changes nothing of their account any more: whoever reads it could
// otherwise forget the person, or their passkeys, and make the first passkey of a new one.
//
// The first passkey of each place is made by mail. So what concerns the whole account wants
// one of the place where they have had such passkeys the longest: by any other, whoever reads
// the mail would make the first one where the person has none, and have the account with it.
type Guard struct {
	RPID     string   // of the place where the person is: by such a passkey they sign in there
	Required []string // of the sites that they may enter and that require a passkey
}

// Requires reports whether a site of an RP ID requires a passkey.
func (g Guard) Requires(rpID string) bool {
	return slices.Contains(g.Required, rpID)
}

// ErrNeedsPasskey says that only a sign-in by a passkey that guards, in the last ten minutes,
// lets somebody change something. It comes as a NeedsPasskey.
var ErrNeedsPasskey = fault.New(fault.Invalid, "a passkey is needed for that: sign in with one first, where it is required")

// NeedsPasskey is ErrNeedsPasskey with the place whose passkey it takes.
type NeedsPasskey struct{ RPID string }

func (e *NeedsPasskey) Error() string { return ErrNeedsPasskey.Error() }

// Unwrap makes it ErrNeedsPasskey.
func (e *NeedsPasskey) Unwrap() error { return ErrNeedsPasskey }

// NoteGuarded writes down that somebody has to show a passkey first, if an error says so.
func NoteGuarded(ctx context.Context, log *audit.Log, err error, who address.Address, args ...any) {
	if errors.Is(err, ErrNeedsPasskey) {
		log.Record(ctx, audit.Refused, who, append(args, "proof", "passkey", "reason", err.Error())...)
	}
}
