// Package steps is what a store does, once for all stores: asking for a link,
// redeeming it, stopping messages, ending sessions, and whatever else must
// happen wholly or not at all. A store offers no more than transactions over
// records (see Tx); the rules stand here.
package steps

import (
	"context"
	"time"

	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/session"
)

// Backend runs transactions over the records of a store. It is safe for
// concurrent use.
type Backend interface {
	// Look runs f on what is there. f writes nothing. reads are the records that
	// it is going to read first: a store far away fetches them together.
	Look(ctx context.Context, reads []Key, f func(Tx) error) error

	// Change runs f so that, if it returns no error, all that it wrote stays, and
	// nothing otherwise. What f returns counts, errors included, only if nothing
	// of what it read has changed meanwhile; otherwise f is run again. A store far
	// away fetches the reads, all that they lead to, and what that leads to,
	// together, and writes with one more call. When Change returns, instances have
	// been told of sessions that ended or changed, and a message that waits is
	// seen.
	Change(ctx context.Context, reads []Key, f func(Tx) error) error
}

// Tx is a transaction. It is used by one goroutine, and not after the function
// that got it has returned. What it returns is not to be changed.
type Tx interface {
	// Get returns a record, as this transaction has written it; nil for none.
	// One that is over may still be there.
	Get(k Key) ([]byte, error)
	// Fetch reads records in one go that are going to be read by Get.
	Fetch(keys ...Key) error
	// IDs lists at most n ids of a table that is Listed, in their order, after one.
	IDs(t Table, after string, n int) ([]string, error)

	Put(k Key, r Record)
	Delete(k Key)

	// Take counts one use of a limit, or returns how long to wait if there is no
	// room for it. Uses that others take at the same time are counted, and make
	// nobody run again while there is room.
	Take(use limit.Use, now time.Time) (wait time.Duration, err error)

	// GiveBack takes back one use of a limit that was counted in a slot, see
	// limit.Rule. What the slot has lost already stays lost.
	GiveBack(limit string, slot int64) error

	// Queue says that a message waits for a sender, or does not any more.
	Queue(id string, created time.Time, now Waiting)

	// Ended and Changed have all instances told of a session.
	Ended(key session.Key)
	Changed(key session.Key)
}

// Record is what lies under a key.
type Record struct {
	Value []byte
	Until time.Time // forgotten then; zero: kept for good
	Leads []Key     // what is mostly read together with it
}

// Waiting is what becomes of a message's place among those that wait.
type Waiting int

// A message is enqueued when it is made, and again when it is retried.
const (
	Enqueued Waiting = iota
	Requeued
	Dequeued
)
