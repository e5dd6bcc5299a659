package txstore

import (
	"bytes"
	"context"
	"fmt"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/store/record"
)

// A message is kept under its end and its id. All are kept for the same time,
// so that those which are made at a time lie together, the oldest ones first.
//
// One that waits is found by its id among those that wait, which are few. Only
// when it waits no more does it get an entry by its id, which lies anywhere: the
// sign-in that makes a message does not write to such a page.

// messageKey is the key of a message, also among those that wait.
func messageKey(m outbox.Message) []byte { return append(endOf(m), m.ID...) }

func endOf(m outbox.Message) []byte { return encodeTime(m.Created.Add(outbox.Kept)) }

// findMessage is the key of the message with an id, nil if there is none.
func findMessage(tx Tx, id string) (found []byte, err error) {
	if end := tx.Get(outboxIDs, []byte(id)); end != nil {
		if len(end) != encodedTime {
			return nil, fmt.Errorf("reading a record of %s: it is no time", outboxIDs)
		}
		return append(bytes.Clone(end), id...), nil
	}
	tx.Scan(outboxWaiting, nil, nil, func(key, _ []byte) bool {
		if string(key[encodedTime:]) == id {
			found = key
		}
		return found == nil
	})
	return found, nil
}

// loadMessage reads the message with an id. Its key may be nil if it is not
// known.
func loadMessage(tx Tx, id string, key []byte) (m record.Message, found bool, err error) {
	if key == nil {
		if key, err = findMessage(tx, id); err != nil || key == nil {
			return m, false, err
		}
	}
	return load[record.Message](tx, outboxMessages, key)
}

func saveMessage(tx Tx, m outbox.Message) error {
	return save(tx, outboxMessages, messageKey(m), record.PackMessage(m))
}

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
	if err := tx.Put(outboxWaiting, messageKey(m), endOf(m)); err != nil {
		return err
	}
	return saveMessage(tx, m)
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
			if s.claimed[string(key[encodedTime:])] != nil {
				return true
			}
			stored, found, err := load[record.Message](tx, outboxMessages, key)
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
		s.claimed[m.ID] = messageKey(m)
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
	s.mu.Lock()
	key := s.claimed[id] // of most, those that are being sent
	s.mu.Unlock()
	err = s.update(ctx, func(tx Tx) error {
		if err := happensOnce(tx, once); err != nil {
			return err
		}
		stored, found, err := loadMessage(tx, id, key)
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
		err = tx.Put(outboxWaiting, messageKey(m), endOf(m))
	case !m.Waiting() && before.Waiting():
		if err = tx.Delete(outboxWaiting, messageKey(m)); err == nil {
			err = tx.Put(outboxIDs, []byte(m.ID), endOf(m))
		}
	}
	if err == nil && m.State == outbox.Bounced && before.State != outbox.Bounced {
		err = tx.Put(blocked, []byte(m.To), encodeTime(m.Since.Add(outbox.BlockedFor)))
	}
	if err != nil {
		return err
	}
	return saveMessage(tx, m)
}

// Message implements outbox.Store.
func (s *Store) Message(ctx context.Context, id string) (m outbox.Message, found bool, err error) {
	err = s.view(ctx, func(tx Tx) error {
		stored, ok, err := loadMessage(tx, id, nil)
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
		var before []byte
		if from != "" {
			first, err := findMessage(tx, from)
			if err == nil && first == nil {
				err = outbox.ErrUnknown
			}
			if err != nil {
				return fmt.Errorf("listing messages from %q: %w", from, err)
			}
			before = append(bytes.Clone(first), 0) // the first key that is greater
		}
		for key, value := tx.Before(outboxMessages, before); key != nil; key, value = tx.Before(outboxMessages, key) {
			if len(list) == n {
				next = string(key[encodedTime:])
				return nil
			}
			stored, err := decode[record.Message](outboxMessages, value)
			if err != nil {
				return err
			}
			list = append(list, stored.Unpack())
		}
		return nil
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
func (s *Store) OnWaiting(f func()) (cancel func()) { return hookUp(s, s.onWaiting, f) }

func (s *Store) tellWaiting() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.onWaiting {
		f()
	}
}
