package mail

import (
	"math/rand/v2"
	"time"
)

const (
	defaultPending  = 1000
	defaultAtOnce   = 8
	defaultTimeout  = 30 * time.Second
	defaultAttempts = 3
)

// SenderOptions bound a Sender. The zero value means the defaults.
type SenderOptions struct {
	Pending  int           // messages accepted and not yet done with; default 1000
	AtOnce   int           // attempts that run at the same time; default 8
	Timeout  time.Duration // for one attempt; default 30 s
	Attempts int           // at most, for one message; default 3

	// Backoff is the pause after the given failed attempt, counted from 1. The
	// default is about 2 s, then about 8 s, with jitter. A service that asks
	// for a longer pause gets it.
	Backoff func(attempt int) time.Duration

	// OnOutcome, if set, is called once for each message that Send accepted,
	// when it is done with, from the goroutine that sent it; for counters and
	// for the state of health. It must not block.
	OnOutcome func(Outcome)
}

// Outcome is what became of one message.
type Outcome struct {
	MessageID  string        // Message.ID
	Mailer     string        // name of the mailer
	ProviderID string        // the service's id; empty where it gave none or the message was not sent
	Attempts   int           // how often it was tried; zero if its time was over before
	Duration   time.Duration // from Send to now
	Err        error         // nil if the message was handed over; fit for logs
}

// withDefaults fills in what was left out.
func (opts SenderOptions) withDefaults() SenderOptions {
	if opts.Pending <= 0 {
		opts.Pending = defaultPending
	}
	if opts.AtOnce <= 0 {
		opts.AtOnce = defaultAtOnce
	}
	if opts.Timeout <= 0 {
		opts.Timeout = defaultTimeout
	}
	if opts.Attempts <= 0 {
		opts.Attempts = defaultAttempts
	}
	if opts.Backoff == nil {
		opts.Backoff = backoff
	}
	return opts
}

// backoff is 2 s after the first attempt and four times as long after each
// further one, give or take a half, so that messages that failed together do
// not come back together.
func backoff(attempt int) time.Duration {
	pause := 2 * time.Second << (2 * min(attempt-1, 5))
	return pause/2 + rand.N(pause)
}
