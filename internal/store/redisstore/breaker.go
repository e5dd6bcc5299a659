package redisstore

import (
	"errors"
	"sync"
	"time"
)

// errBroken is what operations return while the server is known not to answer.
var errBroken = errors.New("redis did not answer a moment ago")

// A server that failed so often in a row is let alone for a while, but for one
// operation that tries whether it is back. That bounds how many requests wait
// for a server that hangs.
const (
	breakAfter = 5
	breakFor   = 500 * time.Millisecond
)

// breaker is closed while the server answers.
type breaker struct {
	mu       sync.Mutex
	failures int
	until    time.Time // no operation before, once there were enough failures
}

// What an operation says of the server. An answer that refuses is an answer.
const (
	answered = true
	silent   = false
)

// enter begins an operation; done is told whether the server answered, if that
// is known.
func (b *breaker) enter() (done func(answered bool), err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failures >= breakAfter {
		now := time.Now()
		if now.Before(b.until) {
			return nil, errBroken
		}
		b.until = now.Add(breakFor) // others wait until this one is back
	}
	return b.leave, nil
}

func (b *breaker) leave(answered bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if answered {
		b.failures = 0
		return
	}
	b.failures++
	b.until = time.Now().Add(breakFor)
}
