package mail

import (
	"context"
	"errors"
	"slices"
	"time"
)

const (
	// slowAfter is how long an attempt has a slot that others may be waiting for.
	slowAfter = 2 * time.Second
	// slowFor is how many slow attempts there may be for each of AtOnce.
	slowFor = 5
)

// errMadeWay ends an attempt before the service has the message.
var errMadeWay = errors.New("the server keeps us waiting, and so do too many others")

// slots bound how many attempts run at the same time. A server may be silent because another
// one is, that of a recipient. So an attempt that takes long moves to a slot for slow ones; if
// there is none, the oldest of those that no service has the message of ends. What was slow
// once has no other slot from then on, nor has what goes where several others are slow just now.
// Whoever has a silent server, and asks for many messages to it, keeps nobody else's waiting.
type slots struct {
	quick, slow chan struct{} // one token for each attempt

	ofSlow []*delivery // the oldest first; guarded by Courier.mu
}

// slot is that of an attempt. It is guarded by Courier.mu.
type slot struct {
	in     chan struct{} // where the token is; nil if it was taken away, or there is none
	handed bool          // a service may have the message from now on
	isSlow bool          // an attempt was
	moves  *time.Timer
	end    context.CancelCauseFunc // of the attempt
}

// nextFrom is where the next attempt gets its slot. Half as many slow ones to one organization as
// there are quick slots have others to it begin among the slow ones.
func (d *delivery) nextFrom() chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	alike := 0
	for _, other := range d.ofSlow {
		if other.to == d.to {
			alike++
		}
	}
	if d.slot.isSlow || 2*alike >= cap(d.quick) {
		return d.slow
	}
	return d.quick
}

// take waits for a slot for the next attempt, and returns where it is; nil if ctx ends before.
// Others may have turned out to be slow meanwhile.
func (d *delivery) take(ctx context.Context) chan struct{} {
	for {
		slots := d.nextFrom()
		select {
		case slots <- struct{}{}:
			if slots == d.slow || d.nextFrom() == slots {
				return slots
			}
			<-slots
		case <-ctx.Done():
			return nil
		}
	}
}

// begin is called for an attempt that has got a slot. It returns what the attempt runs in.
func (d *delivery) begin(parent context.Context, slots chan struct{}) (ctx context.Context) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.slot.in, d.slot.handed = slots, false
	ctx, d.slot.end = context.WithCancelCause(parent)
	if slots == d.slow {
		d.ofSlow = append(d.ofSlow, d)
	}
	d.slot.moves = time.AfterFunc(slowAfter, d.makeWay)
	return ctx
}

// makeWay moves a slow attempt.
func (d *delivery) makeWay() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.slot.in == nil {
		return // it is over
	}
	if d.slot.isSlow = true; d.slot.in == d.slow {
		return
	}
	select {
	case d.slow <- struct{}{}:
	default:
		i := slices.IndexFunc(d.ofSlow, func(other *delivery) bool { return !other.slot.handed })
		if i < 0 {
			d.slot.moves.Reset(slowAfter)
			return
		}
		d.ofSlow[i].slot.in = nil
		d.ofSlow[i].slot.end(errMadeWay)
		d.ofSlow = slices.Delete(d.ofSlow, i, i+1)
	}
	<-d.quick
	d.slot.in = d.slow
	d.ofSlow = append(d.ofSlow, d)
}

// stay keeps an attempt from being ended for others. It fails if it was.
func (d *delivery) stay() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.slot.in == nil {
		return errMadeWay
	}
	d.slot.handed = true
	return nil
}

// over gives the slot back after an attempt.
func (d *delivery) over() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.slot.moves.Stop()
	d.slot.end(nil)
	if d.slot.in != nil {
		<-d.slot.in
	}
	d.slot.in = nil
	d.ofSlow = slices.DeleteFunc(d.ofSlow, func(other *delivery) bool { return other == d })
}
