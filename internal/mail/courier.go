package mail

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/doorpost-auth/doorpost/internal/outbox"
)

const (
	// lookInterval is how often a courier looks for messages without being woken:
	// those of a process that died, those that another process released, and those
	// that were stored without a wake-up.
	lookInterval = time.Second
	// storeTimeout bounds one call of the store.
	storeTimeout = 2 * time.Second
	// cancelGrace is how long Close waits for attempts after it has cancelled them.
	// They return at once; the time is for storing their results, and for a mailer
	// that does not return.
	cancelGrace = 2*storeTimeout + time.Second
)

var (
	errTooLate  = errors.New("the message would arrive too late to be of use")
	errShutdown = errors.New("doorpost is stopping")
)

// Courier sends the messages of an outbox, outside the requests that asked for them.
// Several couriers may work on one store, in one process or in several: each claims
// the messages that it sends.
//
// The store records an attempt before a service can take the message, and the result
// afterwards. So no message is lost in a crash, and the mailbox gets at most
// outbox.MaxCopies of it.
type Courier struct {
	store  outbox.Store
	mailer Mailer
	write  func(outbox.Message) (Message, error)
	logger *slog.Logger
	opts   CourierOptions

	slots
	wake chan struct{} // has a value if there may be messages to claim

	stopping context.Context // ends when Close is called: nothing new begins
	stop     context.CancelFunc
	cut      context.Context // ends when Close stops waiting: attempts end
	cutOff   context.CancelCauseFunc

	looking sync.WaitGroup
	running sync.WaitGroup // deliveries

	mu     sync.Mutex
	held   map[string]*delivery
	full   bool // there may be more to claim as soon as there is room
	down   bool // the last call of the store failed
	closed bool
}

// NewCourier makes a Courier that does nothing until Start. write composes a message;
// it is called before each attempt, so that no link and no code stays in memory in
// between. If it fails, the message fails for good.
func NewCourier(store outbox.Store, mailer Mailer, write func(outbox.Message) (Message, error), logger *slog.Logger, o CourierOptions) *Courier {
	o = o.withDefaults()
	c := &Courier{
		store: store, mailer: mailer, write: write, logger: logger, opts: o,
		slots: slots{quick: make(chan struct{}, o.AtOnce), slow: make(chan struct{}, slowFor*o.AtOnce)},
		wake:  make(chan struct{}, 1),
		held:  make(map[string]*delivery),
	}
	c.stopping, c.stop = context.WithCancel(context.Background())
	c.cut, c.cutOff = context.WithCancelCause(context.Background())
	return c
}

// Start begins the work and returns. Call it once, and Close afterwards.
func (c *Courier) Start() { c.looking.Go(c.look) }

// look claims messages whenever there may be some.
func (c *Courier) look() {
	defer c.store.OnWaiting(c.lookAgain)()
	ticker := time.NewTicker(lookInterval)
	defer ticker.Stop()
	for {
		c.claim()
		select {
		case <-c.stopping.Done():
			return
		case <-c.wake:
		case <-ticker.C:
		}
	}
}

func (c *Courier) lookAgain() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// claim claims as many messages as there is room for.
func (c *Courier) claim() {
	c.mu.Lock()
	room := c.opts.Held - len(c.held)
	c.full = room <= 0
	c.mu.Unlock()
	if room <= 0 || c.stopping.Err() != nil {
		return
	}
	// A cancelled claim may have succeeded in the store, and then nobody would send
	// the messages: so Close lets it finish.
	ctx, cancel := context.WithTimeout(c.cut, storeTimeout)
	defer cancel()
	messages, err := c.store.Claim(ctx, room)
	c.storeAnswered(err)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.full = err == nil && len(messages) >= room
	for _, m := range messages {
		if d := c.held[m.ID]; d != nil {
			d.again = true // it ended and waits again, while this delivery still runs
			continue
		}
		d := &delivery{Courier: c, m: m, to: Organization(Mailbox{Address: string(m.To)}.Domain())}
		c.held[m.ID] = d
		c.running.Go(d.run)
	}
}

// storeAnswered logs when the store begins to fail, and when it works again.
func (c *Courier) storeAnswered(err error) {
	c.mu.Lock()
	was := c.down
	c.down = err != nil
	c.mu.Unlock()
	switch {
	case err != nil && !was:
		c.logger.Error("messages wait: the store fails", "error", err)
	case err == nil && was:
		c.logger.Info("messages are sent again: the store works")
	}
}

func (c *Courier) release(ids ...string) {
	if len(ids) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	c.storeAnswered(c.store.Release(ctx, ids...))
}

// Close stops claiming, releases the messages that wait, and waits for the attempts
// that run. When ctx ends before they do, it cancels them, stores their results, and
// releases what is still to be sent. Closing twice is harmless.
func (c *Courier) Close(ctx context.Context) {
	defer c.cutOff(errShutdown)
	defer context.AfterFunc(ctx, func() { c.cutOff(errShutdown) })()
	c.stop()
	c.looking.Wait()
	c.mu.Lock()
	c.closed = true
	var waiting []string
	for id, d := range c.held {
		if !d.busy {
			waiting = append(waiting, id)
			delete(c.held, id)
		}
	}
	c.mu.Unlock()
	c.release(waiting...)

	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.running.Wait()
	}()
	select {
	case <-ended:
		return
	case <-c.cut.Done():
	}
	timer := time.NewTimer(cancelGrace)
	defer timer.Stop()
	select {
	case <-ended:
	case <-timer.C:
		c.logger.Error("doorpost stops although a mailer does not return; its messages may arrive twice", "mailer", c.mailer.Name())
	}
}
