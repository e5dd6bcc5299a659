// Package account is what people do with their own account: another address, an
// address for recovery, and leaving for good.
//
// Whoever changes something that lasts proves it in the moment, in the session
// that asks for it: with a code that was mailed to the present address, and for a
// new address with a second one that was mailed there. Nothing that happens in
// another browser changes anything.
package account

import (
	"context"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/fault"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/token"
)

// MaxProposals is how many addresses a person may propose in 24 hours.
const MaxProposals = 5

// What a store refuses.
var (
	// ErrTaken says that an address belongs to somebody else already.
	ErrTaken = fault.New(fault.Taken, "the address belongs to somebody already")
	// ErrTooMany says that a person has proposed MaxProposals addresses in a day.
	ErrTooMany = fault.New(fault.Invalid, "too many addresses were proposed today")
	// ErrNotAdmitted says that the site would not let the person in any more.
	ErrNotAdmitted = fault.New(fault.Invalid, "the site does not admit the new address")
)

// Kind says what a change does.
type Kind string

// The kinds of changes.
const (
	Move     Kind = "move"     // another address takes the place of the present one
	Recovery Kind = "recovery" // another address signs in as the person, too
	Drop     Kind = "drop"     // the recovery address does so no more
	Leave    Kind = "leave"    // everything that is kept of the person is forgotten

	// Administer changes nothing of the person: once it is confirmed, the session may
	// change what other people may do, for FreshProof.
	Administer Kind = "administer"

	// Passkeys changes nothing either: once it is confirmed, the session may add and remove
	// passkeys of the person, for FreshProof.
	Passkeys Kind = "passkeys"

	// Token makes a token of the person, which is told with the code.
	Token Kind = "token"
)

// IsProof reports whether a kind changes nothing by itself: the form of another change, or of
// what is to be made, is sent with its code.
func (k Kind) IsProof() bool { return k == Administer || k == Passkeys || k == Token }

// Change is what a session wants to change, or has changed.
type Change struct {
	Kind    Kind
	Person  address.Address // as they are before it
	Address address.Address // the new one, of Move and Recovery
	Present bool            // a code of the present address is asked for
	Expires time.Time       // end of the codes
	Tries   int             // wrong codes so far

	Confirmed bool // of a proof: it was, and holds until Expires
}

// New reports whether a code of the new address is asked for.
func (c Change) New() bool { return c.Kind == Move || c.Kind == Recovery }

// Store changes accounts. All methods are safe for concurrent use and honour ctx;
// each happens wholly or not at all. An error other than those above and
// people.ErrUnknown means that the store cannot do its work.
type Store interface {
	// Propose keeps a change that a session wants to make, in place of the one it
	// proposed before, with the messages that bring the codes. The one to the new
	// address is kept only if nobody else has that address, nobody disabled keeps it
	// out, and if the limits, its reader and its mailbox allow it; which of them do
	// shows in nothing that is returned. It is session.ErrEnded if the session is not one of the person's, and
	// ErrTooMany after MaxProposals in 24 hours.
	//
	// Where passkeys guard the account, it is signin.ErrNeedsPasskey for every kind but
	// Passkeys unless such a passkey has made the session in the last FreshProof. A kind
	// that looks harmless would be a way round: who moves away leaves an address behind, at
	// which the first passkey of somebody new can be made by mail.
	Propose(ctx context.Context, p Proposal) (Proposed, error)

	// Pending returns what a session has proposed, and can still confirm, or a proof that
	// it has confirmed.
	Pending(ctx context.Context, key session.Key, now time.Time) (c Change, found bool, err error)

	// Confirm makes the change that a session has proposed, if the codes are right.
	// Wrong ones count; after signin.MaxCodeTries the change is Over. Of a change
	// that is Made, nothing is left to confirm.
	//
	// Move gives the person the new address, with groups, grants and access
	// requests; other familiar browsers than this one, open links of both addresses and a recovery
	// address that is the new one are forgotten, all sessions end, and Session is
	// made in their place. Recovery and Drop close the open links of the address
	// that signed in as the person before. Leave is people.Store.RemovePerson. The
	// notice is kept in the same step. Token makes the one of the confirmation; it is
	// token.ErrFull as token.Store.MakeToken, and the code stays good then. Any other proof stays,
	// as Confirmed. If a Token leaves no proof behind, no script of an app that shares our origin
	// can use what a person has typed a code for.
	//
	// It is ErrTaken if somebody else has the new address by now, and ErrNotAdmitted
	// if the confirmation is Denied; both only once the codes are right. It is
	// signin.ErrNeedsPasskey as with Propose, but of a session of any age.
	Confirm(ctx context.Context, c Confirmation) (Confirmed, error)

	// CheckGuard is signin.ErrNeedsPasskey unless the session has shown, in the last FreshProof, a
	// passkey that guards the account of the person; where none does, one of the place where the
	// session is. It is session.ErrEnded for a session that is not theirs.
	CheckGuard(ctx context.Context, key session.Key, who address.Address, g signin.Guard, now time.Time) error

	// MovePerson does what Move does without any proof, by word of an operator. It
	// is people.ErrUnknown if nobody has the address, and ErrTaken.
	MovePerson(ctx context.Context, from, to address.Address, now time.Time) error
}

// Proposal is a change that a session wants to make.
type Proposal struct {
	Now     time.Time
	Session session.Key
	Change  Change
	Guard   signin.Guard

	Code    signin.CodeKey // that goes to the present address, if Change.Present
	NewCode signin.CodeKey // that goes to the new address, if Change.New

	Message    outbox.Message // with Code
	NewMessage outbox.Message // with NewCode

	// Client counts proposals of the visitor's network, Daily those of the person;
	// the others are as in signin.Asking. Mailbox counts messages to the present
	// address, NewMailbox those to the new one.
	Client, Daily, Mailbox, NewMailbox, Total limit.Use
	Reserve                                   int
}

// Proposed says what became of a proposal.
type Proposed struct {
	Wait time.Duration // over the limit of the network: wait this long, nothing was kept

	// Silent and NewSilent say why a message was not kept, for logs.
	Silent, NewSilent signin.SilentReason
}

// Confirmation is an attempt to make a change.
type Confirmation struct {
	Now     time.Time
	Session session.Key
	Guard   signin.Guard

	// Codes are what the typed codes may be known as.
	Codes, NewCodes []signin.CodeKey

	Denied bool // the rules of the site do not admit the new address

	// Renewed takes the place of the session after a Move; its Record is that of
	// the session but for the address.
	Renewed session.Key
	Expires time.Time         // of Renewed
	Mark    signin.BrowserKey // of the browser, to be familiar to the new address after a Move; may be zero

	Token token.Record // that a Token makes; without ID for any other kind

	Notice outbox.Message // to the present address; without ID for none
}

// Confirmed says what became of an attempt.
type Confirmed struct {
	Outcome   Outcome
	Change    Change // with Made
	TriesLeft int    // with WrongCode

	Wrong, WrongNew bool // with WrongCode: which of the codes
}

// Outcome says how an attempt to make a change ended.
type Outcome int

// The outcomes.
const (
	Nothing   Outcome = iota // the session has proposed nothing, or it is too old
	Made                     // the change was made
	WrongCode                // TriesLeft says how many tries are left
	Over                     // too many wrong codes
)
