package ordered

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
	"github.com/doorpost-auth/doorpost/internal/store/steps"
)

// backend implements steps.Backend.
type backend struct{ store *Store }

func (b backend) Look(ctx context.Context, _ []steps.Key, f steps.Step) error {
	return b.store.view(ctx, func(tx Tx) error {
		_, err := draw(tx, f)
		return err
	})
}

// Change looks first, so that a step that writes nothing costs no disk.
func (b backend) Change(ctx context.Context, _ []steps.Key, f steps.Step) error {
	var draft steps.Draft
	err := b.store.view(ctx, func(tx Tx) (err error) {
		draft, err = draw(tx, f)
		return err
	})
	if err != nil || draft.IsEmpty() {
		return err
	}
	err = b.store.update(ctx, func(tx Tx) (err error) {
		if draft, err = draw(tx, f); err != nil {
			return err
		}
		return write(tx, draft)
	})
	if err != nil {
		return err
	}
	b.store.forget(draft.Queued)
	draft.TellTo(&b.store.Hooks)
	return nil
}

// draw runs a step, whose draft has the counts of limits too.
func draw(tx Tx, f steps.Step) (steps.Draft, error) {
	t := &transaction{tx: tx, counters: make(map[string]*counter)}
	draft, err := f(t)
	if err == nil {
		err = t.countInto(&draft)
	}
	return draft, err
}

// transaction is a steps.Tx.
type transaction struct {
	tx       Tx
	counters map[string]*counter // by the name of a limit
}

// counter is the count of a limit, and how long it is kept.
type counter struct {
	count   limit.Count
	until   time.Time
	changed bool
}

func (t *transaction) Get(k steps.Key) ([]byte, error) {
	raw := t.tx.Get(Bucket(k.Table), []byte(k.ID))
	if raw == nil {
		return nil, nil
	}
	if len(raw) < endLength {
		return nil, fmt.Errorf("reading a record of %s: it is too short", k.Table)
	}
	return raw[endLength:], nil
}

// Fetch has nothing to do: everything is near.
func (t *transaction) Fetch(...steps.Key) error { return nil }

func (t *transaction) IDs(table steps.Table, after string, n int) (ids []string, err error) {
	t.tx.Scan(Bucket(table), []byte(after), func(key, _ []byte) bool {
		if string(key) != after {
			ids = append(ids, string(key))
		}
		return len(ids) < n
	})
	return ids, nil
}

func (t *transaction) Take(use limit.Use, now time.Time) (time.Duration, error) {
	c, err := t.counter(use.Name)
	if err != nil {
		return 0, err
	}
	wait := c.count.Take(use.Rule, now)
	if wait == 0 {
		c.until, c.changed = now.Add(use.Rule.Lifetime()), true
	}
	return wait, nil
}

func (t *transaction) GiveBack(name string, slot int64) error {
	c, err := t.counter(name)
	if err == nil && c.count[slot] > 0 {
		c.count.GiveBack(slot)
		c.changed = true
	}
	return err
}

// counter reads the count of a limit.
func (t *transaction) counter(name string) (*counter, error) {
	if c, read := t.counters[name]; read {
		return c, nil
	}
	c := &counter{count: limit.Count{}}
	key := steps.LimitKey(limit.Use{Name: name})
	raw, err := t.Get(key)
	if raw != nil {
		c.until = decodeEnd(t.tx.Get(Bucket(key.Table), []byte(key.ID)))
		err = codec.Decode(raw, &c.count)
	}
	if err != nil {
		return nil, fmt.Errorf("counting for limit %s: %w", name, err)
	}
	t.counters[name] = c
	return c, nil
}

// countInto adds the counts that changed to what is written.
func (t *transaction) countInto(draft *steps.Draft) error {
	for name, c := range t.counters {
		if !c.changed {
			continue
		}
		raw, err := codec.Encode(c.count)
		if err != nil {
			return fmt.Errorf("counting for limit %s: %w", name, err)
		}
		draft.Put(steps.LimitKey(limit.Use{Name: name}), steps.Record{Value: raw, Until: c.until})
	}
	return nil
}

func write(tx Tx, draft steps.Draft) error {
	for key, r := range draft.Written {
		var err error
		if r.Value == nil {
			err = tx.Delete(Bucket(key.Table), []byte(key.ID))
		} else {
			err = tx.Put(Bucket(key.Table), []byte(key.ID), append(encodeEnd(r.Until), r.Value...))
		}
		if err != nil {
			return err
		}
	}
	for _, q := range draft.Queued {
		if err := queue(tx, q); err != nil {
			return err
		}
	}
	return nil
}

func queue(tx Tx, q steps.QueueChange) error {
	place := placeOf(q.ID, q.Created)
	if !q.Waits {
		return tx.Delete(waiting, place)
	}
	return tx.Put(waiting, place, encodeEnd(q.Created.Add(outbox.Kept)))
}

// endLength is the length of what each value begins with: when it is over, in
// Unix milliseconds, 0 for never.
const endLength = 8

func encodeEnd(end time.Time) []byte {
	if end.IsZero() {
		return make([]byte, endLength)
	}
	return binary.BigEndian.AppendUint64(nil, uint64(end.UnixMilli()))
}

// decodeEnd is the time that encodeEnd wrote.
func decodeEnd(value []byte) time.Time {
	if end := int64(binary.BigEndian.Uint64(value)); end != 0 {
		return time.UnixMilli(end)
	}
	return time.Time{}
}

// isOver reports whether nobody needs a value any more. One that cannot be read
// is kept for somebody to look at.
func isOver(value []byte, now time.Time) bool {
	if len(value) < endLength {
		return false
	}
	end := decodeEnd(value)
	return !end.IsZero() && !end.After(now)
}
