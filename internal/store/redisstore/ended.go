package redisstore

import (
	"context"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/redis/go-redis/v9"
)

// changedMark stands before the key of a session that changed, where those of
// ended ones are told.
const changedMark = "~"

// listenPause is how long to wait before listening again after a failure, and
// pingInterval how often a quiet connection is tried.
const (
	listenPause  = 200 * time.Millisecond
	pingInterval = time.Second
)

// channel is where ends and changes of sessions are told.
func (s *Store) channel() string { return s.base + "ended" }

// listen hears of the sessions that other instances end or change, until ctx ends.
func (s *Store) listen(ctx context.Context) {
	subscription := s.client.Subscribe(ctx, s.channel())
	defer subscription.Close()
	waiting := false // for the answer to a ping
	for ctx.Err() == nil {
		received, err := subscription.ReceiveTimeout(ctx, pingInterval)
		switch message := received.(type) {
		case *redis.Subscription:
			// From here on everything is heard; what was before may not have been.
			// Sessions are looked up now, so nobody may be told that the server
			// does not answer.
			s.broken.leave(answered)
			s.TellDoubt()
		case *redis.Message:
			s.hear(message.Payload)
		}
		if err == nil {
			waiting = false
			continue
		}
		if isTimeout(err) && !waiting {
			if waiting = subscription.Ping(ctx) == nil; waiting {
				continue
			}
		}
		// A connection that fails is replaced, and subscribed anew, at the next
		// look. One that is only silent has to be dropped first.
		waiting = false
		subscription.Close()
		s.lookAround()
		pause(ctx, listenPause)
		subscription = s.client.Subscribe(ctx, s.channel())
	}
}

// hear takes in what another instance tells. Word that this version does not
// know is nothing to it.
func (s *Store) hear(word string) {
	name, changed := strings.CutPrefix(word, changedMark)
	key, ok := session.ParseKey(name)
	switch {
	case ok && changed:
		s.TellChanged(key)
	case ok:
		s.TellEnded(key)
	}
}

// pause waits; it returns false if ctx ended before.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
