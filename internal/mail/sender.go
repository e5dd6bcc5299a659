package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
)

// cancelGrace is how long Close waits for mailers after it has cancelled them.
// They all return at once; this is for one that does not.
const cancelGrace = 5 * time.Second

var (
	errTooLate  = errors.New("the message would come too late to be of use")
	errShutdown = errors.New("doorpost is stopping")
)

// Sender sends messages outside the request that asked for them, so that a
// request takes the same time whether or not there is something to send. What
// is pending is in memory only: Close says what was lost.
type Sender struct {
	mailer Mailer
	logger *slog.Logger
	opts   SenderOptions

	ctx    context.Context // ends when Close gives up
	cancel context.CancelCauseFunc
	slots  chan struct{} // one token for each attempt that runs

	mu      sync.Mutex
	pending int
	closed  bool
	idle    chan struct{} // closed when closed is set and pending is zero
}

// NewSender makes a Sender; it starts no goroutine until there is a message.
// Whoever makes one closes it.
func NewSender(mailer Mailer, logger *slog.Logger, opts SenderOptions) *Sender {
	opts = opts.withDefaults()
	ctx, cancel := context.WithCancelCause(context.Background())
	return &Sender{
		mailer: mailer, logger: logger, opts: opts,
		ctx: ctx, cancel: cancel,
		slots: make(chan struct{}, opts.AtOnce),
		idle:  make(chan struct{}),
	}
}

// Send accepts a message and returns at once. No attempt starts after the
// deadline, and a running one is cut off there: choose it so that the reader
// still has time to use what the message brings, such as two minutes before
// the link ends. It returns false, and logs why, when too many messages are
// pending or the Sender is closed; the message is lost then.
func (s *Sender) Send(m Message, deadline time.Time) bool {
	s.mu.Lock()
	closed, full := s.closed, s.pending >= s.opts.Pending
	if !closed && !full {
		s.pending++
	}
	s.mu.Unlock()
	switch {
	case closed:
		s.logger.Error("message not sent: doorpost is stopping", "message", m.ID, "to", address.Address(m.To).Mask())
		return false
	case full:
		s.logger.Error("message not sent: too many are waiting; see whether the mail service answers",
			"message", m.ID, "to", address.Address(m.To).Mask(), "pending", s.opts.Pending)
		return false
	}
	go func() {
		defer s.done()
		s.deliver(m, deadline)
	}()
	return true
}

func (s *Sender) done() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending--
	if s.closed && s.pending == 0 {
		close(s.idle)
	}
}

// deliver tries until the message is sent, refused, given up or too late.
func (s *Sender) deliver(m Message, deadline time.Time) {
	start := time.Now()
	ctx, cancel := context.WithDeadlineCause(s.ctx, deadline, errTooLate)
	defer cancel()
	out := Outcome{MessageID: m.ID, Mailer: s.mailer.Name()}
	copies := 0
	for {
		if !s.acquire(ctx) {
			out.Err = because(context.Cause(ctx), out.Err)
			break
		}
		out.Attempts++
		out.ProviderID, out.Err = s.attempt(context.WithValue(ctx, copiesKey{}, copies), m)
		<-s.slots
		if out.Err == nil {
			break
		}
		failure := asSendError(s.mailer.Name(), out.Err)
		out.Err = failure
		copies += failure.PossibleCopies
		if !failure.Temporary || out.Attempts >= s.opts.Attempts || copies >= maxCopies {
			break
		}
		pause := max(s.opts.Backoff(out.Attempts), failure.RetryAfter)
		if !time.Now().Add(pause).Before(deadline) {
			out.Err = because(errTooLate, failure)
			break
		}
		s.logger.Warn("message not sent yet, trying again", "message", m.ID, "mailer", out.Mailer,
			"to", address.Address(m.To).Mask(), "attempt", out.Attempts, "pause", pause, "error", failure)
		wait(ctx, pause)
	}
	out.Duration = time.Since(start)
	s.report(m, out)
}

// acquire waits for a slot; it returns false when ctx ends first.
func (s *Sender) acquire(ctx context.Context) bool {
	if ctx.Err() != nil {
		return false
	}
	select {
	case s.slots <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// because says why no further attempt is made, and what the last one failed of.
func because(reason, last error) error {
	if last == nil {
		return reason
	}
	return fmt.Errorf("%w, after: %w", reason, last)
}

func wait(ctx context.Context, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// attempt runs the mailer once. A panic in a library must not take the whole
// server with it; its text may hold anything, so only its type is reported.
func (s *Sender) attempt(ctx context.Context, m Message) (providerID string, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			err = &SendError{Mailer: s.mailer.Name(), Err: fmt.Errorf("the mailer panicked with a %T", r)}
		}
	}()
	return s.mailer.Send(ctx, m)
}

func (s *Sender) report(m Message, out Outcome) {
	attributes := []any{
		"message", out.MessageID, "mailer", out.Mailer, "to", address.Address(m.To).Mask(),
		"attempts", out.Attempts, "duration", out.Duration,
	}
	failure, _ := errors.AsType[*SendError](out.Err)
	switch {
	case out.Err == nil:
		s.logger.Info("message sent", append(attributes, "provider_id", out.ProviderID)...)
	case failure != nil && failure.Unauthorized:
		s.logger.Error("message not sent: the mail service refused us; check the mailer's credentials and account",
			append(attributes, "error", out.Err)...)
	default:
		s.logger.Error("message not sent", append(attributes, "error", out.Err)...)
	}
	if s.opts.OnOutcome != nil {
		s.opts.OnOutcome(out)
	}
}

// Close takes no more messages and waits for what is pending. When ctx ends
// first, it cancels the rest and returns how many messages that were; each of
// them is logged. Closing twice is harmless.
func (s *Sender) Close(ctx context.Context) (left int) {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		if s.pending == 0 {
			close(s.idle)
		}
	}
	s.mu.Unlock()
	defer s.cancel(errShutdown)
	select {
	case <-s.idle:
		return 0
	case <-ctx.Done():
	}
	s.mu.Lock()
	left = s.pending
	s.mu.Unlock()
	s.cancel(errShutdown)
	timer := time.NewTimer(cancelGrace)
	defer timer.Stop()
	select {
	case <-s.idle:
	case <-timer.C:
	}
	if left > 0 {
		s.logger.Error("doorpost stopped with messages that were not sent", "left", left)
	}
	return left
}
