package mail

import (
	"errors"
	"sync"
	"time"
)

const (
	// failuresToOpen is how many failures in a row open the breaker of a mailer.
	failuresToOpen = 5
	// firstPause is the first pause of an open breaker; it doubles up to longestPause.
	firstPause   = 15 * time.Second
	longestPause = 5 * time.Minute
	// trialWait is the wait of other messages while one tries the mailer.
	trialWait = time.Second
)

// MailerHealth is the state of one mailer, for monitoring.
type MailerHealth struct {
	Name      string
	Available bool      // false while its breaker is open because it failed
	Since     time.Time // when Available changed
	Problem   string    // the last failure, fit for logs; empty while it is available
}

// breaker stops messages to a mailer that fails, so that they do not wait for it in
// vain and it can recover. It is closed while the mailer works. While it is open, no
// message gets through until a pause is over, and then one at a time to try the
// mailer. It is safe for concurrent use.
type breaker struct {
	mu       sync.Mutex
	failures int           // in a row, while closed
	pause    time.Duration // zero while closed
	until    time.Time     // end of the pause
	trying   bool          // a message tries the mailer
	since    time.Time
	problem  string
}

// transition is how the result of a message changed a breaker.
type transition int

const (
	unchanged transition = iota
	began                // the first failure in a row, which does not open it
	opened
	closed
)

// wait is how long no message gets through, zero if one does now.
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

// admit reports whether a message may go to the mailer, and whether it is the one that
// tries it. The caller calls note with the result of an admitted message.
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

// note records the result of a message. failure is nil if it was sent; abandoned says
// that we gave it up, whatever the mailer would have done.
func (b *breaker) note(now time.Time, trial, abandoned bool, failure *SendError) transition {
	b.mu.Lock()
	defer b.mu.Unlock()
	if trial {
		b.trying = false
	}
	switch {
	case failure != nil && (abandoned || errors.Is(failure, ErrNotHandedOver)):
		return unchanged
	case failure != nil && failure.RetryAfter > 0:
		return b.open(now, trial, failure.RetryAfter, failure)
	case failure == nil || !failure.Unauthorized && (failure.AboutMessage || !failure.Temporary):
		return b.close(now) // a service that refuses one message for good is working
	case !failure.Unauthorized && b.pause == 0 && b.failures+1 < failuresToOpen:
		b.failures++
		if b.failures == 1 {
			return began
		}
		return unchanged
	}
	return b.open(now, trial, 0, failure)
}

func (b *breaker) close(now time.Time) transition {
	was := b.pause
	b.failures, b.pause, b.problem = 0, 0, ""
	if was == 0 {
		return unchanged
	}
	b.since = now
	return closed
}

// open begins a pause. Failures of messages that were under way by then do not make it
// longer, unless the service asks for a longer one.
func (b *breaker) open(now time.Time, trial bool, asked time.Duration, failure *SendError) transition {
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
		return unchanged
	}
	b.failures, b.problem = 0, failure.Error()
	if end := now.Add(pause); end.After(b.until) {
		b.until = end
	}
	if was == 0 {
		return opened
	}
	return unchanged
}

func (b *breaker) health(name string) MailerHealth {
	b.mu.Lock()
	defer b.mu.Unlock()
	return MailerHealth{Name: name, Available: b.pause == 0, Since: b.since, Problem: b.problem}
}
