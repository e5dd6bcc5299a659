package redisstore

import (
	"context"
	"time"

	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
	"github.com/doorpost-auth/doorpost/internal/store/steps"
)

// stream is where the messages that wait stand, for the group of senders; see outbox.lua.
func (s *Store) stream() string { return s.base + "outbox" }

const senders = "senders"

// Claim implements outbox.Store.
func (s *Store) Claim(ctx context.Context, n int) (waiting []outbox.Message, err error) {
	err = s.Measure(ctx, "claim", func() (err error) { waiting, err = s.claim(ctx, n); return err })
	return waiting, err
}

// claim makes one claim at a time, so that what this instance holds and does not know is what
// a lost answer left behind.
func (s *Store) claim(ctx context.Context, n int) ([]outbox.Message, error) {
	s.claiming.Lock()
	defer s.claiming.Unlock()
	s.mu.Lock()
	held := len(s.claimed)
	s.mu.Unlock()
	oldest := time.Now().Add(-outbox.Kept)
	raw, err := s.run(ctx, claimStep, s.instance, held, n, oldest.UnixMilli(), steps.PlaceAt(oldest))
	if err != nil {
		return nil, err
	}
	claimed, _ := raw.([]any)
	var places, ids []string
	var keys []steps.Key
	for i := 0; i+1 < len(claimed); i += 2 {
		place, _ := claimed[i].(string)
		id, _ := claimed[i+1].(string)
		places, ids, keys = append(places, place), append(ids, id), append(keys, steps.Key{Table: steps.Messages, ID: id})
	}
	texts, err := s.texts(ctx, keys)
	if err != nil {
		return nil, err
	}
	var waiting []outbox.Message
	var over []string
	s.mu.Lock()
	for i, id := range ids {
		switch m, err := messageOf(texts[i]); {
		case err != nil: // it is left alone, for somebody to look at
			s.logger.Error("a message cannot be read and is left alone", "id", id, "error", err)
		case !m.Waiting():
			over = append(over, places[i])
		case s.claimed[id] != places[i]: // otherwise it is at work on that
			s.claimed[id] = places[i]
			waiting = append(waiting, m)
		}
	}
	s.mu.Unlock()
	if len(over) > 0 {
		_, err = s.guarded(ctx, func(ctx context.Context) (any, error) {
			return s.client.XAck(ctx, s.stream(), senders, over...).Result()
		})
		if err != nil {
			s.logger.Warn("messages that are done with stay claimed for now", "error", err)
		}
	}
	return waiting, nil
}

// messageOf is a message as Redis keeps it; the zero message for none.
func messageOf(text string) (outbox.Message, error) {
	value, err := valueOf(text)
	if value == nil {
		return outbox.Message{}, err
	}
	var stored codec.Message
	err = codec.Decode(value, &stored)
	return stored.Unpack(), err
}

// Release implements outbox.Store. What could not be given back is claimed
// anew, by the next claim.
func (s *Store) Release(ctx context.Context, ids ...string) error {
	arguments := []any{s.instance}
	for _, id := range ids {
		if place := s.placeOf(id); place != "" {
			arguments = append(arguments, place)
		}
	}
	if len(arguments) == 1 {
		return nil
	}
	err := s.Measure(ctx, "release", func() error {
		_, err := s.run(ctx, releaseStep, arguments...)
		return err
	})
	s.mu.Lock()
	for _, id := range ids {
		delete(s.claimed, id)
	}
	s.mu.Unlock()
	s.TellWaiting()
	return err
}

// placeOf is where in the stream a message stands that this instance has claimed,
// empty for one that it has not.
func (s *Store) placeOf(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.claimed[id]
}

// letGo forgets the places of messages that do not wait any more.
func (s *Store) letGo(queued []steps.QueueChange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range queued {
		if !q.Waits {
			delete(s.claimed, q.ID)
		}
	}
}
