package outbox

import (
	"context"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/fault"
)

// What a store says of a message.
var (
	ErrUnknown  = fault.New(fault.Unknown, "no such message; they are kept for 72 hours")
	ErrReplayed = fault.New(fault.Taken, "this was reported before")
)

// Once names something that may happen once only, such as a notice of a
// service, and how long that is remembered. The zero value names nothing.
type Once struct {
	Name  string
	Until time.Time
}

// Store keeps messages, which other stores make in the steps that need them. All methods are safe
// for concurrent use and honour ctx; each happens wholly or not at all. An
// error other than those above means that the store cannot do its work.
type Store interface {
	// Claim gives the caller at most n messages that wait, the oldest first,
	// whether or not they are due. Nobody else gets them until they are
	// released, or this process has been dead for some seconds. A claim whose
	// answer was lost is made again by a later one.
	Claim(ctx context.Context, n int) ([]Message, error)

	// Release gives back what was claimed and not ended. What somebody else
	// has claimed since is left alone.
	Release(ctx context.Context, ids ...string) error

	// Change changes a message, unless change returns an error, which is
	// returned. change may be run more than once. A message that does not wait
	// any more is not claimed any more; one that waits again can be claimed.
	// The address of one that becomes Bounced is blocked, and all with another tag of
	// the same mailbox if it has none: nobody is written to them for BlockedFor, or
	// until it is unblocked. If once happened before, ErrReplayed is
	// returned and nothing changes; it is remembered for a message that is
	// unknown (ErrUnknown), too.
	Change(ctx context.Context, id string, once Once, change func(*Message) error) (Message, error)

	// Message looks a message up.
	Message(ctx context.Context, id string) (m Message, found bool, err error)

	// Messages lists at most n messages, the newest first, from the place that
	// an earlier call returned as next; empty for the beginning and for the
	// end.
	Messages(ctx context.Context, from string, n int) (list []Message, next string, err error)

	// Unblock lets an address be written to again. It reports whether it was
	// blocked.
	Unblock(ctx context.Context, who address.Address) (bool, error)

	// OnWaiting has a function called whenever this process made a message
	// wait, until it is cancelled. The function must not block, nor call the
	// store.
	OnWaiting(f func()) (cancel func())
}
