package mail

import (
	"context"
	"errors"
	"time"

	"github.com/doorpost-auth/doorpost/internal/outbox"
)

// delivery is the work on one claimed message until it is sent or given up. It has a
// goroutine of its own.
type delivery struct {
	*Courier
	m      outbox.Message // as the store has it
	to     string         // the organization that it goes to; does not change
	tries  int            // attempts of this courier, including those that did not reach a service
	before int            // copies that a service may have accepted before this attempt
	handed bool           // a service may have the message from this attempt
	copies int            // that a service may have accepted before the last hand-over
	unsure bool           // the store may have recorded one hand-over more than m says
	gone   bool           // nothing is to be sent any more, and nothing to be released

	slot slot

	// Guarded by Courier.mu.
	busy  bool // in an attempt, or storing its result
	again bool // claimed once more meanwhile
}

// run tries until the message is sent, given up, or taken over by another process.
func (d *delivery) run() {
	for settled := true; settled && d.m.Waiting(); {
		d.handed, d.before = false, d.m.Copies
		if d.m.Unsettled {
			d.before++ // the process that was at it died
		}
		slots, late := d.wait()
		switch {
		case slots != nil:
			d.tries++
			settled = d.send(slots)
		case late:
			settled = d.giveUp(outbox.Expired, "", because(errTooLate, d.m.Problem), 0)
		default:
			settled = false
		}
	}
	d.leave()
}

// wait waits until the message is due and there is a slot for it. It returns where the slot is,
// nil for none; late says that it is too late for one.
func (d *delivery) wait() (slots chan struct{}, late bool) {
	ctx, cancel := context.WithDeadline(d.stopping, d.m.Deadline)
	defer cancel()
	if !d.rest() {
		return nil, false
	}
	if d.m.Due.Before(d.m.Deadline) && pause(ctx, untilDue(d.m)) {
		if slots = d.take(ctx); slots != nil {
			if d.rouse(ctx) {
				return slots, false
			}
			<-slots
		}
	}
	return nil, d.rouse(d.stopping)
}

// untilDue is how long to wait for a message. One whose state is of the future has it by a
// clock that was set back since: its pause counts from now.
func untilDue(m outbox.Message) time.Duration {
	now := time.Now()
	if m.Since.After(now) {
		now = m.Since
	}
	return m.Due.Sub(now)
}

// rest allows Close to release the message. It is false if Close has done so already.
func (d *delivery) rest() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.busy = false
	return !d.closed
}

// rouse makes Close wait for the delivery. It is false if Close does not wait any more
// or ctx has ended.
func (d *delivery) rouse(ctx context.Context) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.busy = !d.closed && ctx.Err() == nil
	return d.busy
}

// leave removes the delivery from the courier, and releases a message that is still to
// be sent.
func (d *delivery) leave() {
	d.mu.Lock()
	ours := d.held[d.m.ID] == d // otherwise Close has released it
	if ours {
		delete(d.held, d.m.ID)
	}
	again, full := d.again, d.full
	d.mu.Unlock()
	if ours && (again || d.m.Waiting() && !d.gone) {
		d.release(d.m.ID)
	}
	if full {
		d.lookAgain()
	}
}

// pause waits; it is false if ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 { // as for most messages: they are due when they are claimed
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// Why a courier lets go of a message.
var (
	errTakenOver = errors.New("another process has taken the message over")
	errEnded     = errors.New("the message is not to be sent any more")
)

// handOver records in the store that a service may have the message from now on. It
// does so once if several services are tried and the first refuse for certain.
func (d *delivery) handOver(ctx context.Context, copies int) error {
	if d.handed && copies == d.copies {
		return nil
	}
	if err := d.stay(); err != nil {
		return err
	}
	err := d.update(ctx, func(m *outbox.Message) error {
		if !m.Waiting() {
			return errEnded // a service has reported the result of an earlier attempt
		}
		return m.HandOver()
	})
	if err == nil {
		d.handed, d.copies = true, copies
	} else if !final(err) {
		d.unsure = true
	}
	return err
}

// update changes the message in the store, unless another process has changed it. An
// error that is not final means that the store failed.
func (d *delivery) update(ctx context.Context, change func(*outbox.Message) error) error {
	bounded, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	var refused error
	m, err := d.store.Change(bounded, d.m.ID, outbox.Once{}, func(m *outbox.Message) error {
		refused = errTakenOver
		if m.Attempts == d.m.Attempts || d.unsure && m.Attempts == d.m.Attempts+1 {
			refused = change(m)
		}
		return refused
	})
	if refused != nil {
		return refused
	}
	if err == nil {
		d.m, d.unsure = m, false
	}
	if ctx.Err() == nil {
		d.storeAnswered(err)
	}
	return err
}

// final reports whether an error of update is an answer of the store, and not its
// failure.
func final(err error) bool {
	return errors.Is(err, errTakenOver) || errors.Is(err, errEnded) ||
		errors.Is(err, outbox.ErrUnknown) || errors.Is(err, outbox.ErrEnough)
}
