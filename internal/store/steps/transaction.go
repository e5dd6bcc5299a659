package steps

import (
	"cmp"
	"fmt"
	"time"

	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

// tx is a transaction that reads what it has written itself, and remembers its first
// error, so that a step need not look after each call. From then on nothing is found,
// and what the step writes and returns is dropped for the error.
type tx struct {
	backend Tx
	draft   Draft
	err     error
}

// fail ends a transaction with an error, unless it has failed before or there is none.
func (t *tx) fail(err error) { t.err = cmp.Or(t.err, err) }

func (t *tx) get(k Key) (raw []byte) {
	if t.err != nil {
		return nil
	}
	if r, written := t.draft.Written[k]; written {
		return r.Value
	}
	raw, t.err = t.backend.Get(k)
	return raw
}

func (t *tx) fetch(keys ...Key) {
	if t.err == nil {
		t.err = t.backend.Fetch(keys...)
	}
}

func (t *tx) ids(table Table, after string, n int) (ids []string) {
	if t.err == nil {
		ids, t.err = t.backend.IDs(table, after, n)
	}
	return ids
}

// take counts one use of a limit, or returns how long to wait.
func (t *tx) take(use limit.Use, now time.Time) (wait time.Duration) {
	if t.err == nil {
		wait, t.err = t.backend.Take(use, now)
	}
	return wait
}

func (t *tx) giveBack(limit string, slot int64) {
	if t.err == nil {
		t.err = t.backend.GiveBack(limit, slot)
	}
}

func (t *tx) delete(k Key) { t.draft.Put(k, Record{}) }

func (t *tx) queue(m outbox.Message, waits bool) {
	t.draft.Queued = append(t.draft.Queued, QueueChange{m.ID, m.Created, waits})
}

// ended and changed have all instances told of a session.
func (t *tx) ended(key session.Key) { t.draft.EndedSessions = append(t.draft.EndedSessions, key) }
func (t *tx) changed(keys ...session.Key) {
	t.draft.ChangedSessions = append(t.draft.ChangedSessions, keys...)
}

// load reads a record; found is false if there is none. One that cannot be read
// is an error and not a missing one: what was used up must not look as if it had
// never been.
func load[R any](t *tx, k Key) (r R, found bool) {
	raw := t.get(k)
	if raw == nil {
		return r, false
	}
	if err := codec.Decode(raw, &r); err != nil {
		t.fail(fmt.Errorf("reading a record of %s: %w", k.Table, err))
		return *new(R), false
	}
	return r, true
}

// save writes a record. The zero time keeps it for good.
func save(t *tx, k Key, r any, until time.Time, leads ...Key) {
	raw, err := codec.Encode(r)
	if err != nil {
		t.fail(fmt.Errorf("writing a record of %s: %w", k.Table, err))
		return
	}
	t.draft.Put(k, Record{Value: raw, Until: until, Leads: leads})
}
