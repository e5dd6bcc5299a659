package redisstore

import (
	"context"
	"slices"
	"sync"

	"github.com/redis/go-redis/v9"
)

// mostFlying is how many writes of steps are on their way at a time. A step
// that comes while there are as many waits until one is back, and goes with all
// the others that wait by then, in one write. To receive and answer a step
// costs a busy server about as much as half of what a step does; this way it
// pays once for many. Steps that meet no crowd are not held up.
const mostFlying = 2

// wire is the steps that are on their way, and those that wait.
type wire struct {
	mu      sync.Mutex
	flying  int
	waiting []*waiter
}

type waiter struct {
	command redis.Cmder
	back    chan struct{} // closed once the command has its answer
}

// send runs a command. If that ends with ctx the command may still be on its
// way, and may not be looked at; redis.ErrPoolTimeout says that it never was.
func (s *Store) send(ctx context.Context, command redis.Cmder) error {
	w := s.wire.enter(command)
	if w == nil {
		defer s.land()
		return s.client.Process(ctx, command)
	}
	select {
	case <-w.back:
		return command.Err()
	case <-ctx.Done():
		if s.wire.withdraw(w) {
			return redis.ErrPoolTimeout
		}
		return ctx.Err()
	}
}

// enter is nil for a command that may go at once.
func (w *wire) enter(command redis.Cmder) *waiter {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.flying < mostFlying {
		w.flying++
		return nil
	}
	waits := &waiter{command, make(chan struct{})}
	w.waiting = append(w.waiting, waits)
	return waits
}

// withdraw takes back a command that waits; it is false for one that is gone.
func (w *wire) withdraw(waits *waiter) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.Index(w.waiting, waits)
	if i >= 0 {
		w.waiting = slices.Delete(w.waiting, i, i+1)
	}
	return i >= 0
}

// land lets all that wait go, after one write is back.
func (s *Store) land() {
	s.wire.mu.Lock()
	defer s.wire.mu.Unlock()
	if len(s.wire.waiting) == 0 {
		s.wire.flying--
		return
	}
	go s.fly(s.wire.waiting)
	s.wire.waiting = nil
}

// fly sends commands in one write. It has as much time as one of them: whoever
// waits has begun before, and does not wait longer for it.
func (s *Store) fly(together []*waiter) {
	ctx, cancel := s.bounded(context.Background())
	defer cancel()
	write := s.client.Pipeline()
	for _, w := range together {
		_ = write.Process(ctx, w.command) // which keeps it for Exec
	}
	_, _ = write.Exec(ctx) // each command has its own answer or error
	s.land()
	for _, w := range together {
		close(w.back)
	}
}
