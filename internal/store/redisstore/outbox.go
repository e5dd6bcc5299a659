package redisstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/store/record"
)

func encodeMessage(m outbox.Message) (string, error) {
	encoded, err := json.Marshal(record.PackMessage(m))
	if err != nil {
		return "", fmt.Errorf("writing a message: %w", err)
	}
	return string(encoded), nil
}

func decodeMessage(encoded string) (outbox.Message, error) {
	var stored record.Message
	if err := json.Unmarshal([]byte(encoded), &stored); err != nil {
		return outbox.Message{}, fmt.Errorf("reading a message of redis: %w", err)
	}
	return stored.Unpack(), nil
}

// Put implements outbox.Store.
func (s *Store) Put(ctx context.Context, m outbox.Message) error {
	message, err := encodeMessage(m)
	if err != nil {
		return err
	}
	_, err = s.run(ctx, putStep, struct {
		Now     int64  `json:"now"`
		ID      string `json:"id"`
		Message string `json:"message"`
	}{record.Millis(m.Created), m.ID, message})
	if err == nil {
		s.tellWaiting()
	}
	return err
}

// Claim implements outbox.Store. One claim at a time is made, so that what this
// instance holds and does not know is what a lost answer left behind.
func (s *Store) Claim(ctx context.Context, n int) ([]outbox.Message, error) {
	s.claiming.Lock()
	defer s.claiming.Unlock()
	s.mu.Lock()
	held := len(s.claimed)
	s.mu.Unlock()
	raw, err := s.run(ctx, claimStep, struct {
		Now      int64  `json:"now"`
		Instance string `json:"instance"`
		Held     int    `json:"held"`
		N        int    `json:"n"`
	}{record.Millis(time.Now()), s.instance, held, n})
	if err != nil {
		return nil, err
	}
	list, _ := raw.([]any)
	var messages []outbox.Message
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := 0; i+1 < len(list); i += 2 {
		place, _ := list[i].(string)
		encoded, _ := list[i+1].(string)
		m, err := decodeMessage(encoded)
		if err != nil {
			s.logger.Error("a message that waits is left alone", "error", err)
			continue
		}
		if s.claimed[m.ID] == place {
			continue // it is at work on that
		}
		s.claimed[m.ID] = place
		messages = append(messages, m)
	}
	return messages, nil
}

// Release implements outbox.Store. What could not be given back is claimed
// anew, by the next claim.
func (s *Store) Release(ctx context.Context, ids ...string) error {
	var places []string
	s.mu.Lock()
	for _, id := range ids {
		if place, claimed := s.claimed[id]; claimed {
			places = append(places, place)
		}
	}
	s.mu.Unlock()
	if len(places) == 0 {
		return nil
	}
	_, err := s.run(ctx, releaseStep, struct {
		Instance string   `json:"instance"`
		Places   []string `json:"places"`
	}{s.instance, places})
	s.mu.Lock()
	for _, id := range ids {
		delete(s.claimed, id)
	}
	s.mu.Unlock()
	s.tellWaiting()
	return err
}

// change is a change of a message for the script.
type change struct {
	Now      int64           `json:"now"`
	ID       string          `json:"id"`
	Before   string          `json:"before"`
	After    string          `json:"after"`
	Once     string          `json:"once,omitempty"`
	OnceFor  int64           `json:"once_for,omitempty"`
	Place    string          `json:"place,omitempty"`
	Waits    bool            `json:"waits,omitempty"`
	Block    address.Address `json:"block,omitempty"`
	BlockFor int64           `json:"block_for,omitempty"`
}

// Change implements outbox.Store. It looks, changes, and writes if the message
// is still what it was.
func (s *Store) Change(ctx context.Context, id string, once outbox.Once, f func(*outbox.Message) error) (outbox.Message, error) {
	for {
		raw, err := s.messageAsKept(ctx, id)
		if err != nil {
			return outbox.Message{}, err
		}
		now := time.Now()
		step := change{Now: record.Millis(now), ID: id, Before: raw}
		if once.Name != "" {
			step.Once, step.OnceFor = once.Name, max(once.Until.Sub(now).Milliseconds(), 1)
		}
		var m outbox.Message
		if raw != "" {
			if m, err = decodeMessage(raw); err != nil {
				return outbox.Message{}, err
			}
			if err := s.prepare(&step, &m, f); err != nil {
				return outbox.Message{}, err
			}
		}
		answer, err := s.run(ctx, changeStep, step)
		if err != nil {
			return outbox.Message{}, err
		}
		switch answer {
		case "done":
			s.changed(m, step)
			return m, nil
		case "replayed":
			return outbox.Message{}, outbox.ErrReplayed
		case "unknown":
			return outbox.Message{}, outbox.ErrUnknown
		}
	}
}

// prepare fills in a step with what a change makes of a message.
func (s *Store) prepare(step *change, m *outbox.Message, f func(*outbox.Message) error) error {
	before := *m
	if err := f(m); err != nil {
		return err
	}
	var err error
	if step.After, err = encodeMessage(*m); err != nil {
		return err
	}
	if !m.Waiting() {
		s.mu.Lock()
		step.Place = s.claimed[m.ID]
		s.mu.Unlock()
	}
	step.Waits = m.Waiting() && !before.Waiting()
	if m.State == outbox.Bounced && before.State != outbox.Bounced {
		step.Block, step.BlockFor = m.To, outbox.BlockedFor.Milliseconds()
	}
	return nil
}

func (s *Store) changed(m outbox.Message, step change) {
	if step.Place != "" {
		s.mu.Lock()
		delete(s.claimed, m.ID)
		s.mu.Unlock()
	}
	if step.Waits {
		s.tellWaiting()
	}
}

// messageAsKept is a message as it stands in Redis, empty if it does not.
func (s *Store) messageAsKept(ctx context.Context, id string) (string, error) {
	raw, err := s.guarded(ctx, func(ctx context.Context) (any, error) {
		return s.client.Get(ctx, s.base+"m:"+id).Result()
	})
	kept, _ := raw.(string)
	return kept, err
}

// Message implements outbox.Store.
func (s *Store) Message(ctx context.Context, id string) (m outbox.Message, found bool, err error) {
	raw, err := s.messageAsKept(ctx, id)
	if err != nil || raw == "" {
		return m, false, err
	}
	m, err = decodeMessage(raw)
	return m, err == nil, err
}

// Messages implements outbox.Store.
func (s *Store) Messages(ctx context.Context, from string, n int) (list []outbox.Message, next string, err error) {
	if from == "" {
		from = "+"
	}
	raw, err := s.run(ctx, messagesStep, struct {
		From string `json:"from"`
		N    int    `json:"n"`
	}{from, n})
	if err != nil {
		return nil, "", err
	}
	listed, _ := raw.([]any)
	for i, item := range listed {
		text, _ := item.(string)
		if i == 0 {
			next = text
			continue
		}
		m, err := decodeMessage(text)
		if err != nil {
			return nil, "", err
		}
		list = append(list, m)
	}
	return list, next, nil
}

// Unblock implements outbox.Store.
func (s *Store) Unblock(ctx context.Context, who address.Address) (bool, error) {
	raw, err := s.guarded(ctx, func(ctx context.Context) (any, error) {
		return s.client.Del(ctx, s.base+"b:"+string(who)).Result()
	})
	return raw == int64(1), err
}

// OnWaiting implements outbox.Store.
func (s *Store) OnWaiting(f func()) (cancel func()) {
	return s.addHook(func(hook int) { s.onWaiting[hook] = f }, func(hook int) { delete(s.onWaiting, hook) })
}

func (s *Store) tellWaiting() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.onWaiting {
		f()
	}
}
