// Package steps is what a store does, once for all stores: asking for a link,
// redeeming it, stopping messages, ending sessions, and whatever else must
// happen wholly or not at all. A store offers no more than transactions over
// records (see Tx); the rules stand here.
package steps

import (
	"context"
	"time"

	"github.com/doorpost-auth/doorpost/internal/limit"
)

// Backend runs transactions over the records of a store. It is safe for
// concurrent use.
type Backend interface {
	// Look runs f on what is there. f writes nothing. reads are the records that
	// it is going to read first: a store far away fetches them together.
	Look(ctx context.Context, reads []Key, f Step) error

	// Change runs f, and unless it returns an error writes its draft down, wholly.
	// What f returns counts, errors included, only if nothing of what it read has
	// changed meanwhile; otherwise f is run again. A store far away fetches the
	// reads, all that they lead to, and what that leads to, together, and writes
	// with one more call. When Change returns, instances have been told of sessions
	// that ended or changed, and a message that waits is seen.
	Change(ctx context.Context, reads []Key, f Step) error

	// Walk calls f with all records of all tables, some at a time. One may come twice,
	// and one that is written meanwhile may be missed. A store that several processes can
	// use fails if another one does.
	Walk(ctx context.Context, f func([]Item) error) error

	// Find returns those records that are there, in any order.
	Find(ctx context.Context, keys []Key) ([]Item, error)
}

// Item is a record with its key, without what it leads to. That of a limit is an encoded
// limit.Count.
type Item struct {
	Key
	Record
}

// Step is what is done in a transaction: from what it reads it makes a draft of
// what is to be written.
type Step func(Tx) (Draft, error)

// Tx is a transaction. It is used by one goroutine, and not after the function
// that got it has returned. What it returns is not to be changed.
type Tx interface {
	// Get returns a record as it was before the transaction; nil for none. One
	// that is over may still be there.
	Get(k Key) ([]byte, error)
	// Fetch reads records in one go that are going to be read by Get.
	Fetch(keys ...Key) error
	// IDs lists at most n ids of a table that is Listed, in their order, after one.
	IDs(t Table, after string, n int) ([]string, error)

	// Take counts one use of a limit, or returns how long to wait if there is no
	// room for it. Uses that others take at the same time are counted, and make
	// nobody run again while there is room.
	Take(use limit.Use, now time.Time) (wait time.Duration, err error)

	// GiveBack takes back one use of a limit that was counted in a slot, see
	// limit.Rule. What the slot has lost already stays lost.
	GiveBack(limit string, slot int64) error
}

// Record is what lies under a key.
type Record struct {
	Value []byte
	Until time.Time // forgotten then; zero: kept for good
	Leads []Key     // what is mostly read together with it
}
