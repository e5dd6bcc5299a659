package passkey

import (
	"context"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// Store keeps passkeys. All methods are safe for concurrent use and honour ctx; each
// happens wholly or not at all. An error other than those of this package,
// session.ErrEnded, signin.ErrNeedsPasskey and people.ErrUnknown means that the store cannot
// do its work.
//
// Passkeys go along when a person moves to another address, and are forgotten with them.
type Store interface {
	// UsePasskey signs in with a passkey. Of any number of uses of one challenge, at the same
	// time and ever after, exactly one makes its session. What is refused changes nothing:
	// a passkey that is not known, of another RP ID or handle, whose counter does not go on,
	// a person who is disabled or barred, and whatever Check refuses. Open links stay open: to
	// have the passkey says nothing of who asked for them.
	UsePasskey(ctx context.Context, u Use) (Used, error)

	// Passkeys returns what somebody has, those of an RP ID together. The zero Keyring is that of somebody who has none.
	Passkeys(ctx context.Context, who address.Address) (Keyring, error)

	// MayChangePasskeys is nil if the session may make a change now, and returns what the
	// person has. Otherwise it is session.ErrEnded, ErrNeedsCode or signin.ErrNeedsPasskey,
	// and ErrUnknown for one to be removed that there is not.
	//
	// To add one, the session has to be made by a proof of the last account.FreshProof, or
	// has confirmed an account.Passkeys. To remove one, it has to be made by a passkey in
	// that time, or has confirmed. Where the person has passkeys that guard, see signin.Guard,
	// only a session of that time counts that such a passkey has made: one of the place that
	// guards the account, which may change them all, or one of the very place that the change
	// is about, if the person is there.
	MayChangePasskeys(ctx context.Context, c Change) (Keyring, error)

	// AddPasskey adds one, with a notice to the person, if the session may. The first one
	// brings the handle of the person. It is ErrRefused if the challenge was used before or
	// the handle is not theirs, ErrFull if they have Max of them, and ErrKnown if anybody has it.
	AddPasskey(ctx context.Context, a Addition) error

	// RenamePasskey gives one another name. Any session of the person may, but where passkeys
	// guard their account only one that may remove it: a name decides which one somebody removes.
	RenamePasskey(ctx context.Context, c Change, name string) error

	// RemovePasskey removes one, with a notice to the person, if the session may. The other
	// sessions that it made end; that one counts as made by mail, some time ago.
	RemovePasskey(ctx context.Context, c Change, notice outbox.Message) error

	// DropPasskeys removes one, or all if the id is empty, by word of an operator, and returns
	// what it removed. The sessions that they made end; with all, those that any made. Nobody is told.
	DropPasskeys(ctx context.Context, who address.Address, id ID) ([]Passkey, error)
}

// Nonce is what is random in a challenge.
type Nonce [16]byte

// Challenge is one that was answered.
type Challenge struct {
	Nonce Nonce
	Until time.Time // it is remembered as used until then
}

// Use is an attempt to sign in with a passkey.
type Use struct {
	signin.Arrival
	Challenge Challenge
	Passkey   Key
	RPID      string
	Handle    []byte // of the person, as the authenticator has it

	// Counter, BackupEligible and BackedUp are as the authenticator says.
	Counter                  uint32
	BackupEligible, BackedUp bool

	// Check is asked about what was found, and for a passkey that is not known about the zero
	// Candidate, so that both take as long. It has no effect, and may be asked more than once.
	Check func(Candidate) Reason
}

// Candidate is a passkey with its person.
type Candidate struct {
	PublicKey []byte
	Person    people.Person
}

// Used says what became of an attempt.
type Used struct {
	Refused Reason          // empty: the session was made
	Person  address.Address // if the passkey is known
}

// Change is something that a session wants to change about the passkeys of its person.
type Change struct {
	Now     time.Time
	Session session.Key
	Person  address.Address
	Guard   signin.Guard
	RPID    string // of the one to be added
	ID      ID     // of the one to be removed or renamed; empty: one is to be added
}

// Addition is a new passkey.
type Addition struct {
	Change
	Challenge Challenge
	Attempt   Nonce // the same when it is sent again, since its answer was lost
	Handle    []byte
	Passkey   Passkey
	Notice    outbox.Message
}
