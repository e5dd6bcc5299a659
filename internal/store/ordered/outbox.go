package ordered

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
	"github.com/doorpost-auth/doorpost/internal/store/steps"
)

// placeOf is where a message stands among those that wait, the oldest first.
func placeOf(id string, created time.Time) []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(created.UnixMilli())), id...)
}

const timeLength = 8

// message reads the message at a place.
func message(tx Tx, place []byte) (m outbox.Message, found bool, err error) {
	raw, err := (&transaction{tx: tx}).Get(steps.Key{Table: steps.Messages, ID: string(place[timeLength:])})
	if err != nil || raw == nil {
		return m, false, err
	}
	var stored codec.Message
	if err := codec.Decode(raw, &stored); err != nil {
		return m, false, fmt.Errorf("reading a message: %w", err)
	}
	return stored.Unpack(), true, nil
}

// Claim implements outbox.Store.
func (s *Store) Claim(ctx context.Context, n int) (messages []outbox.Message, err error) {
	err = s.Measure(ctx, "claim", func() (err error) { messages, err = s.claim(ctx, n); return err })
	return messages, err
}

func (s *Store) claim(ctx context.Context, n int) (messages []outbox.Message, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err = s.view(ctx, func(tx Tx) error {
		var failed error
		tx.Scan(waiting, nil, func(place, _ []byte) bool {
			if len(messages) >= n {
				return false
			}
			if s.claimed[string(place[timeLength:])] {
				return true
			}
			m, found, err := message(tx, place)
			if err != nil {
				failed = err // and the others are sent all the same
			} else if found {
				messages = append(messages, m)
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
	s.TellWaiting()
	return nil
}

// forget lets go of the messages that do not wait any more.
func (s *Store) forget(queued []steps.QueueChange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range queued {
		if !q.Waits {
			delete(s.claimed, q.ID)
		}
	}
}
