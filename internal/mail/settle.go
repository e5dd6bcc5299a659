package mail

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/doorpost-auth/doorpost/internal/outbox"
)

// send makes one attempt in a slot and stores the result. It is false if the result could not be
// stored, or if another process has taken over.
func (d *delivery) send(slots chan struct{}) (settled bool) {
	began := d.begin(d.cut, slots)
	if d.before >= outbox.MaxCopies {
		d.over()
		return d.giveUp(outbox.Failed, "", because(outbox.ErrEnough, d.m.Problem), 0)
	}
	message, err := d.compose()
	if err != nil {
		d.over()
		return d.giveUp(outbox.Failed, "", fmt.Sprintf("writing the message: %v", RedactError(err)), 0)
	}
	ctx, cancel := context.WithDeadline(began, earlier(time.Now().Add(d.opts.Timeout), d.m.Deadline))
	var heldBack error
	message.Copies = d.before
	message.OnHandOver = func(copies int) error {
		heldBack = d.handOver(ctx, copies)
		return heldBack
	}
	receipt, failure := try(ctx, d.mailer, message)
	cancel()
	d.over()
	switch {
	case failure == nil:
		return d.settle(0, func(m *outbox.Message, _ int) { m.Accept(time.Now(), receipt.Mailer, receipt.ID) })
	case heldBack != nil && final(heldBack) && !errors.Is(heldBack, outbox.ErrEnough):
		d.letGo(heldBack)
		return false
	}
	return d.failed(failure, heldBack)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// compose writes the message. The text of a panic may contain anything, so only its
// type is reported.
func (d *delivery) compose() (m Message, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("a panic with a %T", r)
		}
	}()
	return d.write(d.m)
}

// failed decides what becomes of the message after a failed attempt.
func (d *delivery) failed(failure *SendError, heldBack error) (settled bool) {
	copies := failure.PossibleCopies
	if !d.handed {
		copies = 0 // whatever the mailer says: it did not hand the message over
	}
	due := time.Now().Add(backoff(d.tries, failure.RetryAfter))
	switch {
	case failure.Undeliverable:
		return d.giveUp(outbox.Bounced, failure.Mailer, failure.Error(), copies)
	case !failure.Temporary && !failure.Unauthorized:
		return d.giveUp(outbox.Failed, failure.Mailer, failure.Error(), copies)
	case d.before+copies >= outbox.MaxCopies || errors.Is(heldBack, outbox.ErrEnough):
		return d.giveUp(outbox.Failed, failure.Mailer, because(outbox.ErrEnough, failure.Error()), copies)
	case d.cut.Err() != nil:
		due = time.Now() // the next process need not wait
	case !due.Before(d.m.Deadline):
		return d.giveUp(outbox.Expired, failure.Mailer, because(errTooLate, failure.Error()), copies)
	}
	return d.settle(copies, func(m *outbox.Message, more int) {
		m.Defer(time.Now(), due, failure.Mailer, failure.Error(), more)
	})
}

func because(reason error, before string) string {
	words := reason.Error()
	if errors.Is(reason, outbox.ErrEnough) {
		words = "it may have arrived; " + words
	}
	if before == "" {
		return words
	}
	return words + "; the last failure: " + before
}

// giveUp stores that the message is not sent any more.
func (d *delivery) giveUp(state outbox.State, mailer, problem string, copies int) (settled bool) {
	return d.settle(copies, func(m *outbox.Message, more int) {
		m.GiveUp(time.Now(), state, mailer, problem, more)
	})
}

// settle stores the result of an attempt, and repeats that until the store has it:
// before that the message must not be sent again. copies is how many services may have
// accepted the message in this attempt without saying so; change gets how many of
// those the store does not know of.
func (d *delivery) settle(copies int, change func(m *outbox.Message, copies int)) (settled bool) {
	for {
		err := d.update(context.Background(), func(m *outbox.Message) error {
			change(m, max(0, d.before+copies-m.Copies))
			return nil
		})
		switch {
		case err == nil:
			d.opts.OnState(d.m)
			d.log()
			return true
		case final(err):
			d.letGo(err)
			return false
		case d.cut.Err() != nil:
			d.logger.Error("the result of an attempt could not be stored; the message may be sent again", "message", d.m.ID, "error", err)
			return false
		}
		pause(d.cut, lookInterval)
	}
}

// letGo leaves the message to another process, or drops one that has ended.
func (d *delivery) letGo(reason error) {
	d.gone = !errors.Is(reason, errTakenOver)
	d.logger.Info("a message is let go", "message", d.m.ID, "reason", reason)
}

// log writes one line about the new state of the message.
func (d *delivery) log() {
	attributes := []any{
		"message", d.m.ID, "state", d.m.State, "to", d.m.To.Mask(), "mailer", d.m.Mailer, "attempts", d.m.Attempts,
		"duration", time.Since(d.m.Created).Round(time.Millisecond),
	}
	switch {
	case d.m.Waiting():
		d.logger.Debug("message not sent yet", append(attributes, "due", d.m.Due, "problem", d.m.Problem)...)
	case d.m.State == outbox.Sent:
		d.logger.Info("message sent", append(attributes, "provider_id", d.m.ProviderID)...)
	default:
		d.logger.Error("message not sent", append(attributes, "problem", d.m.Problem)...)
	}
}
