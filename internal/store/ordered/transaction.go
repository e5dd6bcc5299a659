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

// Look implements steps.Backend.
func (b backend) Look(ctx context.Context, _ []steps.Key, f func(steps.Tx) error) error {
	return b.store.view(ctx, func(tx Tx) error { return f(&transaction{tx: tx}) })
}

// Change implements steps.Backend. It looks first, so that a step that writes
// nothing costs no disk.
func (b backend) Change(ctx context.Context, _ []steps.Key, f func(steps.Tx) error) error {
	var t *transaction
	err := b.store.view(ctx, func(tx Tx) error {
		t = &transaction{tx: tx}
		return f(t)
	})
	if err != nil || t.IsEmpty() {
		return err
	}
	err = b.store.update(ctx, func(tx Tx) error {
		t = &transaction{tx: tx}
		if err := f(t); err != nil {
			return err
		}
		return t.write()
	})
	if err != nil {
		return err
	}
	b.store.forget(t.Queued)
	t.TellTo(&b.store.Hooks)
	return nil
}

// transaction is a steps.Tx. It writes when its step is done.
type transaction struct {
	steps.Draft
	tx Tx
}

// Get implements steps.Tx.
func (t *transaction) Get(k steps.Key) ([]byte, error) {
	if r, written := t.Written[k]; written {
		return r.Value, nil
	}
	raw := t.tx.Get(Bucket(k.Table), []byte(k.ID))
	if raw == nil {
		return nil, nil
	}
	if len(raw) < endLength {
		return nil, fmt.Errorf("reading a record of %s: it is too short", k.Table)
	}
	return raw[endLength:], nil
}

// Fetch implements steps.Tx. Everything is near.
func (t *transaction) Fetch(...steps.Key) error { return nil }

// IDs implements steps.Tx.
func (t *transaction) IDs(table steps.Table, after string, n int) (ids []string, err error) {
	t.tx.Scan(Bucket(table), []byte(after), func(key, _ []byte) bool {
		if string(key) != after {
			ids = append(ids, string(key))
		}
		return len(ids) < n
	})
	return ids, nil
}

// Take implements steps.Tx.
func (t *transaction) Take(use limit.Use, now time.Time) (time.Duration, error) {
	count, err := t.count(use.Name)
	if err != nil {
		return 0, err
	}
	if wait := count.Take(use.Rule, now); wait > 0 {
		return wait, nil
	}
	return 0, t.keep(use.Name, count, now.Add(use.Rule.Lifetime()))
}

// GiveBack implements steps.Tx.
func (t *transaction) GiveBack(name string, slot int64) error {
	count, err := t.count(name)
	if err != nil || count[slot] == 0 {
		return err
	}
	count.GiveBack(slot)
	if r, written := t.Written[steps.LimitKey(limit.Use{Name: name})]; written {
		return t.keep(name, count, r.Until)
	}
	return t.keep(name, count, decodeEnd(t.tx.Get(Bucket(steps.Limits), []byte(name))))
}

func (t *transaction) count(name string) (limit.Count, error) {
	count := limit.Count{}
	raw, err := t.Get(steps.LimitKey(limit.Use{Name: name}))
	if err == nil && raw != nil {
		err = codec.Decode(raw, &count)
	}
	if err != nil {
		return nil, fmt.Errorf("counting for limit %s: %w", name, err)
	}
	return count, nil
}

func (t *transaction) keep(name string, count limit.Count, until time.Time) error {
	raw, err := codec.Encode(count)
	if err != nil {
		return fmt.Errorf("counting for limit %s: %w", name, err)
	}
	t.Put(steps.LimitKey(limit.Use{Name: name}), steps.Record{Value: raw, Until: until})
	return nil
}

// write writes the draft to the engine.
func (t *transaction) write() error {
	for key, r := range t.Written {
		var err error
		if r.Value == nil {
			err = t.tx.Delete(Bucket(key.Table), []byte(key.ID))
		} else {
			err = t.tx.Put(Bucket(key.Table), []byte(key.ID), append(encodeEnd(r.Until), r.Value...))
		}
		if err != nil {
			return err
		}
	}
	for _, q := range t.Queued {
		if err := t.queue(q); err != nil {
			return err
		}
	}
	return nil
}

func (t *transaction) queue(q steps.QueueChange) error {
	key, end := placeOf(q.ID, q.Created), encodeEnd(q.Created.Add(outbox.Kept))
	if q.Now == steps.Dequeued {
		return t.tx.Delete(waiting, key)
	}
	if q.Now == steps.Enqueued {
		if err := t.tx.Put(made, key, end); err != nil {
			return err
		}
	}
	return t.tx.Put(waiting, key, end)
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
