package mail

import (
	"errors"
	"sync"
	"time"
)

const (
	// failuresToOpen is how many failures in a row make a mailer be left alone.
	failuresToOpen = 5
	// firstPause is for how long, the first time; it doubles up to longestPause.
	firstPause   = 15 * time.Second
	longestPause = 5 * time.Minute
	// trialWait is when to ask again while another message tries the mailer.
	trialWait = time.Second
)

// MailerHealth is the state of one mailer, for whoever watches over Doorpost.
type MailerHealth struct {
	Name      string
	Available bool      // false while it is left alone because it failed
	Since     time.Time // when that began to be so
	Problem   string    // why it is left alone, fit for logs; empty while it is available
}

// breaker keeps messages from a mailer that fails anyway: they would wait for
// it in vain, and it would be kept from recovering. It is closed while the
// mailer works. Open, it lets nothing through until a pause is over, and then
// one message at a time to try it. It is safe for concurrent use.
type breaker struct {
	mu       sync.Mutex
	failures int           // in a row, while closed
	pause    time.Duration // zero while closed
	until    time.Time     // end of the pause
	trying   bool          // a message tries the mailer
	since    time.Time
	problem  string
}

// change is what a result did to a breaker.
type change int

const (
	nothing change = iota
	opened
	closed
)

// wait is how long no message is let through. It is zero while one is.
func (b *breaker) wait(now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.pause == 0:
		return 0
	case b.trying:
		return max(b.until.Sub(now), trialWait)
	}
	return max(b.until.Sub(now), 0)
}

// admit tells whether a message may go to the mailer, and whether it is the
// one that tries it. What became of an admitted message has to be noted.
func (b *breaker) admit(now time.Time) (admitted, trial bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.pause == 0 {
		return true, false
	}
	if b.trying || now.Before(b.until) {
		return false, false
	}
	b.trying = true
	return true, true
}

// note takes in what became of a message; failure is nil if it was sent, and
// abandoned tells whether it was our doing that it was not.
func (b *breaker) note(now time.Time, trial, abandoned bool, failure *SendError) change {
	b.mu.Lock()
	defer b.mu.Unlock()
	if trial {
		b.trying = false
	}
	switch {
	case failure != nil && (abandoned || errors.Is(failure, ErrNotHandedOver)):
		return nothing
	case failure != nil && failure.RetryAfter > 0:
		return b.open(now, trial, failure.RetryAfter, failure)
	case failure == nil || !failure.Unauthorized && (failure.AboutMessage || !failure.Temporary):
		return b.close(now) // a service that refuses one message for good works
	case !failure.Unauthorized && b.pause == 0 && b.failures+1 < failuresToOpen:
		b.failures++
		return nothing
	}
	return b.open(now, trial, 0, failure)
}

func (b *breaker) close(now time.Time) change {
	was := b.pause
	b.failures, b.pause, b.problem = 0, 0, ""
	if was == 0 {
		return nothing
	}
	b.since = now
	return closed
}

// open begins a pause. Messages that were under way when it began do not make
// it longer, unless the service asks for that.
func (b *breaker) open(now time.Time, trial bool, asked time.Duration, failure *SendError) change {
	was := b.pause
	pause := asked
	switch {
	case was == 0:
		b.pause, b.since = firstPause, now
		if asked == 0 {
			pause = firstPause
		}
	case trial:
		b.pause = min(2*b.pause, longestPause)
		pause = max(b.pause, asked)
	case asked == 0:
		return nothing
	}
	b.failures, b.problem = 0, failure.Error()
	if end := now.Add(pause); end.After(b.until) {
		b.until = end
	}
	if was == 0 {
		return opened
	}
	return nothing
}

func (b *breaker) health(name string) MailerHealth {
	b.mu.Lock()
	defer b.mu.Unlock()
	return MailerHealth{Name: name, Available: b.pause == 0, Since: b.since, Problem: b.problem}
}
