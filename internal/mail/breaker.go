package mail

import (
	"context"
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
	// organizationsToDoubt is to how many organizations in a row a mailer takes no message until that is
	// no matter of the recipients any more.
	organizationsToDoubt = 3
)

// MailerHealth is the state of one mailer, for monitoring.
type MailerHealth struct {
	Name      string
	Available bool      // false while its breaker is open because it failed, or it took no message to several organizations in a row
	Since     time.Time // when Available changed
	Problem   string    // the last failure, fit for logs; empty while it is available
}

// breaker stops messages to a mailer that fails, so that they do not wait for it in
// vain and it can recover. It is closed while the mailer works. While it is open, no
// message gets through until a pause is over, and then one at a time to try the
// mailer. It is safe for concurrent use.
//
// What may be about a recipient does not open it, or whoever has a domain could stop the
// mail of all; an operator is told if it goes on. Only silence about whole messages opens it
// once it is no matter of the recipients: each such attempt may leave a copy.
type breaker struct {
	mu       sync.Mutex
	failures int           // in a row, while closed
	pause    time.Duration // zero while closed
	until    time.Time     // end of the pause
	trying   bool          // a message tries the mailer
	since    time.Time
	problem  string
	refused  map[string]bool // organizations to which it took no message since it took the last one, organizationsToDoubt at most
	doubt    string          // the last failure of those
}

// transition is how the result of a message changed a breaker.
type transition int

const (
	unchanged transition = iota
	began                // the first failure in a row, which does not open it
	opened
	closed
	doubted // to too many domains in a row it took no message
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

// passage is how a message gets to a mailer.
type passage int

const (
	shut   passage = iota // it does not
	normal                // the mailer works, as far as is known
	trial                 // alone, to try the mailer
)

// admit says how a message gets to the mailer. The caller calls note with what became
// of one that does.
func (b *breaker) admit(now time.Time) passage {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.pause == 0:
		return normal
	case b.trying || now.Before(b.until):
		return shut
	}
	b.trying = true
	return trial
}

// verdict is what the result of a message says of its mailer.
type verdict int

const (
	nothing     verdict = iota // we gave it up, whatever the mailer would have done
	took                       // it took the message
	works                      // it refuses this message for good
	mayRefuse                  // it refuses this message, or us: that cannot be told
	leavesOpen                 // the same, and whether it took the message cannot be told either
	fails                      // it may be by chance
	wantsNobody                // it refuses us, or asks to wait
)

// judge finds what a failure says of the mailer; nil for a message that was sent.
// sending is the context that it was to be sent in.
func judge(sending context.Context, failure *SendError) verdict {
	switch {
	case failure == nil:
		return took
	case errors.Is(sending.Err(), context.Canceled) || errors.Is(failure, ErrNotHandedOver):
		return nothing
	case failure.AboutMessage && failure.PossibleCopies > 0:
		return leavesOpen
	case failure.AboutMessage:
		return mayRefuse
	case failure.Unauthorized || failure.RetryAfter > 0:
		return wantsNobody
	case !failure.Temporary:
		return works // a service that refuses one message for good is working
	}
	return fails
}

// note records what an admitted message to an organization says of the mailer. failure is nil
// if it was sent.
func (b *breaker) note(now time.Time, p passage, v verdict, failure *SendError, organization string) transition {
	b.mu.Lock()
	defer b.mu.Unlock()
	if p == trial {
		b.trying = false
	}
	switch {
	case v == nothing:
		return unchanged
	case v == took:
		return b.trust(now)
	case v == works:
		return b.close(now)
	case v == mayRefuse, v == leavesOpen && len(b.refused) < organizationsToDoubt:
		return b.mistrust(now, failure, organization)
	case v != wantsNobody && b.pause == 0 && b.failures+1 < failuresToOpen:
		b.failures++
		if b.failures == 1 {
			return began
		}
		return unchanged
	}
	return b.open(now, p, failure)
}

// trust is for a message that the mailer took.
func (b *breaker) trust(now time.Time) transition {
	doubted := len(b.refused) == organizationsToDoubt
	b.refused, b.doubt = nil, ""
	if change := b.close(now); change == closed || !doubted {
		return change
	}
	b.since = now
	return closed
}

// mistrust is for one that it did not take, for a reason that may be the recipient's. It is not
// left alone for that.
func (b *breaker) mistrust(now time.Time, failure *SendError, organization string) transition {
	change := b.close(now)
	b.doubt = failure.Error()
	if len(b.refused) == organizationsToDoubt || b.refused[organization] {
		return change
	}
	if b.refused == nil {
		b.refused = make(map[string]bool)
	}
	if b.refused[organization] = true; len(b.refused) < organizationsToDoubt {
		return change
	}
	b.since = now
	return doubted
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
func (b *breaker) open(now time.Time, p passage, failure *SendError) transition {
	was, asked := b.pause, failure.RetryAfter
	pause := asked
	switch {
	case was == 0:
		b.pause, b.since = firstPause, now
		if asked == 0 {
			pause = firstPause
		}
	case p == trial:
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
	health := MailerHealth{Name: name, Available: b.pause == 0, Since: b.since, Problem: b.problem}
	if health.Available && len(b.refused) == organizationsToDoubt {
		health.Available, health.Problem = false, b.doubt
	}
	return health
}
