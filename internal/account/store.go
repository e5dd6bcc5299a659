// Package account is what people do with their own account: another address, an
// address for recovery, and leaving for good.
package account

import (
	"context"
	"errors"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// UndoTime is how long the former address of a person can undo the change.
const UndoTime = 72 * time.Hour

// ErrTaken says that an address belongs to somebody else already.
var ErrTaken = errors.New("the address belongs to somebody already")

// Store changes addresses of people. All methods are safe for concurrent use
// and honour ctx; each happens wholly or not at all. An error other than
// ErrTaken and people.ErrUnknown means that the store cannot do its work.
type Store interface {
	// Move gives the person From the address To, with what is known of them,
	// grants and groups included, their applications, and their sessions, which go
	// on; instances are told. Open links of both addresses are used up. A recovery
	// address that is To becomes From, any other stays. The message given is kept
	// with its link, if any.
	//
	// With Use, a link to To with the subject From, it is used up in the same step:
	// the outcome is that of signin.Store.UseLink, and nothing happens unless it is
	// signin.SignedIn. One of the purpose signin.ToMove is Used if the person was
	// changed since it was made. One of the purpose signin.ToUndo goes on being
	// about the person when they move again. With End it takes back all moves since
	// its own: the sessions end, the recovery address is forgotten, links that undo
	// a later move are used up, and whoever became known by the address since then,
	// and is not disabled, is that person again.
	//
	// It is ErrTaken if somebody else has To as address or recovery address, and
	// people.ErrUnknown if nobody has From.
	Move(ctx context.Context, m Moving) (signin.Outcome, error)

	// SetRecovery gives a person a recovery address, with Use, a link to it with
	// the subject Who and the purpose signin.ToRecover, and otherwise as above; or,
	// without, takes it away. Links by which the one before signs in are used up.
	// With a link of the purpose signin.ToForget, from Who to themselves, it takes
	// it away, and their sessions end.
	SetRecovery(ctx context.Context, r Recovering) (signin.Outcome, error)
}

// Moving is a person getting another address.
type Moving struct {
	Now      time.Time
	From, To address.Address
	Use      *signin.Use      // of the purpose signin.ToMove, or signin.ToUndo with End
	End      bool             // it is undone: their sessions end, and all that was changed since
	Notice   *signin.Promised // to From, with a link that undoes it; nil for none
}

// Recovering is a person getting an address for recovery.
type Recovering struct {
	Now     time.Time
	Who     address.Address
	Address address.Address  // empty: none any more
	Use     *signin.Use      // of the purpose signin.ToRecover, or signin.ToForget without Address
	Notice  *signin.Promised // to Who, with a link that undoes it; nil for none
}
