package txstore

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/store/record"
)

// newestKey and waitingKey are the keys of a message beside its id.
func newestKey(m outbox.Message) []byte {
	return append(binary.BigEndian.AppendUint64(nil, math.MaxUint64-uint64(record.Millis(m.Created))), m.ID...)
}

func waitingKey(m outbox.Message) []byte { return append(encodeTime(m.Created), m.ID...) }

// idIn is the id of the message that such a key is of.
func idIn(key []byte) string { return string(key[8:]) }

// Put implements outbox.Store.
func (s *Store) Put(ctx context.Context, m outbox.Message) error {
	err := s.update(ctx, func(tx Tx) error { return putMessage(tx, m) })
	if err == nil {
		s.tellWaiting()
	}
	return err
}

// putMessage keeps a message that waits.
func putMessage(tx Tx, m outbox.Message) error {
	until := encodeTime(m.Created.Add(outbox.Kept))
	if err := tx.Put(outboxNewest, newestKey(m), until); err != nil {
		return err
	}
	if err := tx.Put(outboxWaiting, waitingKey(m), until); err != nil {
		return err
	}
	return save(tx, outboxMessages, []byte(m.ID), record.PackMessage(m))
}

// Claim implements outbox.Store.
func (s *Store) Claim(ctx context.Context, n int) (messages []outbox.Message, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err = s.view(ctx, func(tx Tx) error {
		var failed error
		tx.Scan(outboxWaiting, nil, nil, func(key, _ []byte) bool {
			if len(messages) >= n {
				return false
			}
			if s.claimed[idIn(key)] {
				return true
			}
			stored, found, err := load[record.Message](tx, outboxMessages, key[8:])
			if err != nil {
				failed = err // and the others are sent all the same
			} else if found {
				messages = append(messages, stored.Unpack())
			}
			return true
		})
		if len(messages) == 0 {
			return failed
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, m := range messages {
		s.claimed[m.ID] = true
	}
	return messages, nil
}

// Release implements outbox.Store.
func (s *Store) Release(_ context.Context, ids ...string) error {
	s.mu.Lock()
	for _, id := range ids {
		delete(s.claimed, id)
	}
	s.mu.Unlock()
	s.tellWaiting()
	return nil
}

// Change implements outbox.Store.
func (s *Store) Change(ctx context.Context, id string, once outbox.Once, change func(*outbox.Message) error) (changed outbox.Message, err error) {
	var before outbox.Message
	unknown := false
	err = s.update(ctx, func(tx Tx) error {
		if err := happensOnce(tx, once); err != nil {
			return err
		}
		stored, found, err := load[record.Message](tx, outboxMessages, []byte(id))
		if unknown = err == nil && !found; err != nil || unknown {
			return err
		}
		before = stored.Unpack()
		changed = stored.Unpack()
		if err := change(&changed); err != nil {
			return err
		}
		return saveChanged(tx, before, changed)
	})
	switch {
	case err != nil:
		return outbox.Message{}, err
	case unknown:
		return outbox.Message{}, outbox.ErrUnknown
	}
	if !changed.Waiting() {
		s.mu.Lock()
		delete(s.claimed, id)
		s.mu.Unlock()
	} else if !before.Waiting() {
		s.tellWaiting()
	}
	return changed, nil
}

func happensOnce(tx Tx, once outbox.Once) error {
	if once.Name == "" {
		return nil
	}
	if tx.Get(happened, []byte(once.Name)) != nil {
		return outbox.ErrReplayed
	}
	return tx.Put(happened, []byte(once.Name), encodeTime(once.Until))
}

func saveChanged(tx Tx, before, m outbox.Message) error {
	var err error
	switch {
	case m.Waiting() && !before.Waiting():
		err = tx.Put(outboxWaiting, waitingKey(m), encodeTime(m.Created.Add(outbox.Kept)))
	case !m.Waiting() && before.Waiting():
		err = tx.Delete(outboxWaiting, waitingKey(m))
	}
	if err == nil && m.State == outbox.Bounced && before.State != outbox.Bounced {
		err = tx.Put(blocked, []byte(m.To), encodeTime(m.Since.Add(outbox.BlockedFor)))
	}
	if err != nil {
		return err
	}
	return save(tx, outboxMessages, []byte(m.ID), record.PackMessage(m))
}

// Message implements outbox.Store.
func (s *Store) Message(ctx context.Context, id string) (m outbox.Message, found bool, err error) {
	err = s.view(ctx, func(tx Tx) error {
		stored, ok, err := load[record.Message](tx, outboxMessages, []byte(id))
		if found = ok && err == nil; found {
			m = stored.Unpack()
		}
		return err
	})
	return m, found, err
}

// Messages implements outbox.Store.
func (s *Store) Messages(ctx context.Context, from string, n int) (list []outbox.Message, next string, err error) {
	err = s.view(ctx, func(tx Tx) error {
		var start []byte
		if from != "" {
			first, found, err := load[record.Message](tx, outboxMessages, []byte(from))
			if err != nil || !found {
				return fmt.Errorf("listing messages from %q: %w", from, outbox.ErrUnknown)
			}
			start = newestKey(first.Unpack())
		}
		var failed error
		tx.Scan(outboxNewest, nil, start, func(key, _ []byte) bool {
			if len(list) == n {
				next = idIn(key)
				return false
			}
			stored, found, err := load[record.Message](tx, outboxMessages, key[8:])
			if found {
				list = append(list, stored.Unpack())
			}
			failed = err
			return err == nil
		})
		return failed
	})
	return list, next, err
}

// Unblock implements outbox.Store.
func (s *Store) Unblock(ctx context.Context, who address.Address) (was bool, err error) {
	err = s.update(ctx, func(tx Tx) error {
		was = tx.Get(blocked, []byte(who)) != nil
		return tx.Delete(blocked, []byte(who))
	})
	return was, err
}

// OnWaiting implements outbox.Store.
func (s *Store) OnWaiting(f func()) (cancel func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	hook := s.nextHook
	s.nextHook++
	s.onWaiting[hook] = f
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.onWaiting, hook)
	}
}

func (s *Store) tellWaiting() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.onWaiting {
		f()
	}
}
