package mail

import (
	"math/rand/v2"
	"time"

	"github.com/doorpost-auth/doorpost/internal/outbox"
)

const (
	defaultHeld    = 1000
	defaultAtOnce  = 8
	defaultTimeout = 30 * time.Second
)

// CourierOptions bound a Courier. The zero value means the defaults.
type CourierOptions struct {
	Held    int           // claimed messages, waiting or in an attempt; default 1000
	AtOnce  int           // attempts at the same time, beside slow ones; default 8
	Timeout time.Duration // for one attempt; default 30 s

	// OnState, if set, is called after each change that was stored: sent,
	// deferred, given up. It is for metrics, must not block, and is called from
	// several goroutines.
	OnState func(outbox.Message)
}

// withDefaults sets what is zero to its default.
func (o CourierOptions) withDefaults() CourierOptions {
	if o.Held <= 0 {
		o.Held = defaultHeld
	}
	if o.AtOnce <= 0 {
		o.AtOnce = defaultAtOnce
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.OnState == nil {
		o.OnState = func(outbox.Message) {}
	}
	return o
}

const (
	firstBackoff   = 2 * time.Second
	longestBackoff = time.Minute
)

// backoff is the pause after the given failed attempt, counted from 1: 2 s,
// doubling up to 60 s, or what the service asks for if that is longer. Up to
// half as much again is added, so that messages that failed together do not
// come back together.
func backoff(attempt int, asked time.Duration) time.Duration {
	pause := min(firstBackoff<<min(attempt-1, 10), longestBackoff)
	return max(pause, asked) + rand.N(pause/2)
}
