package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/outbox"
)

// Failover is a Mailer made of several, or of one. It tries them in the order
// given: when one fails for a while or its service refuses us, the next one takes
// over. When a service refuses the message or its recipient for good, no other is
// tried, because it would refuse too.
//
// A mailer that fails again and again, or whose service refuses us, is not tried for
// 15 s, then for twice as long each time, up to 5 min. If its service asks to wait, it
// is not tried for that long.
type Failover struct {
	mailers []watched
	logger  *slog.Logger
}

type watched struct {
	Mailer
	*breaker
}

// NewFailover makes one mailer of at least one. A takeover is logged as a
// warning, with the message's id; the beginning of a pause as an error.
func NewFailover(logger *slog.Logger, first Mailer, others ...Mailer) *Failover {
	f := &Failover{logger: logger}
	for _, m := range append([]Mailer{first}, others...) {
		f.mailers = append(f.mailers, watched{m, &breaker{since: time.Now()}})
	}
	return f
}

// Name joins the names of the mailers, in their order, with +.
func (f *Failover) Name() string {
	names := make([]string, len(f.mailers))
	for i, m := range f.mailers {
		names[i] = m.Name()
	}
	return strings.Join(names, "+")
}

// Health is the state of each mailer, in their order. It is safe for
// concurrent use.
func (f *Failover) Health() []MailerHealth {
	list := make([]MailerHealth, len(f.mailers))
	for i, m := range f.mailers {
		list[i] = m.health(m.Name())
	}
	return list
}

// Send tries one mailer after the other. They share the time until ctx ends, so that
// one that hangs leaves some for the next. When all fail, the error is temporary if
// one of the failures is, and its RetryAfter is the time until a mailer may be tried
// again.
func (f *Failover) Send(ctx context.Context, m Message) (Receipt, error) {
	var failures []*SendError
	for i, mailer := range f.mailers {
		way := mailer.admit(time.Now())
		if way == shut {
			continue
		}
		if len(failures) > 0 {
			f.logger.WarnContext(ctx, "a mailer failed, the next one takes over",
				"message", m.ID, "mailer", failures[len(failures)-1].Mailer, "next", mailer.Name(), "error", failures[len(failures)-1])
		}
		receipt, failure := f.sendWithin(ctx, mailer, m, 1+f.ready(i+1))
		change := mailer.note(time.Now(), way, judge(ctx, failure), failure, Organization(Mailbox{Address: m.To}.Domain()))
		f.report(m.ID, mailer, change, failure, f.ready(i+1) > 0)
		if failure == nil {
			if len(failures) > 0 {
				receipt.Before = failures[0]
			}
			return receipt, nil
		}
		failures = append(failures, failure)
		m.Copies += failure.PossibleCopies
		if errors.Is(failure, ErrNotHandedOver) || !failure.Temporary && !failure.Unauthorized ||
			ctx.Err() != nil || m.Copies >= outbox.MaxCopies {
			break
		}
	}
	return Receipt{}, f.summary(failures)
}

// ready counts the mailers from index from on that may be tried now.
func (f *Failover) ready(from int) (n int) {
	for _, mailer := range f.mailers[from:] {
		if mailer.wait(time.Now()) == 0 {
			n++
		}
	}
	return n
}

// sendWithin sends with one of shares equal parts of the time until ctx ends.
func (f *Failover) sendWithin(ctx context.Context, mailer Mailer, m Message, shares int) (Receipt, *SendError) {
	if deadline, ok := ctx.Deadline(); ok && shares > 1 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/time.Duration(shares))
		defer cancel()
	}
	return try(ctx, mailer, m)
}

// report logs what a message told of a mailer. If another takes over, that is logged
// instead of the first failure.
func (f *Failover) report(message string, mailer watched, c transition, failure *SendError, another bool) {
	switch c {
	case began:
		if !another {
			f.logger.Warn("a mailer failed, its messages wait and are tried again", "message", message, "mailer", mailer.Name(), "error", failure)
		}
	case opened:
		f.logger.Error("a mailer is left alone for a while because it fails", "mailer", mailer.Name(),
			"until", time.Now().Add(mailer.wait(time.Now())), "error", mailer.health("").Problem)
	case doubted:
		f.logger.Error("a mailer took no message to several domains in a row", "mailer", mailer.Name(), "error", mailer.health("").Problem)
	case closed:
		f.logger.Info("a mailer works again", "mailer", mailer.Name())
	}
}

// summary makes one failure of those of the mailers that were tried.
func (f *Failover) summary(failures []*SendError) *SendError {
	pause := f.mailers[0].wait(time.Now())
	for _, mailer := range f.mailers[1:] {
		pause = min(pause, mailer.wait(time.Now()))
	}
	if len(failures) == 0 {
		return &SendError{
			Mailer: f.Name(), Temporary: true, RetryAfter: max(pause, trialWait),
			Err: fmt.Errorf("it failed and is not tried for another %s; the last failure: %s",
				max(pause, trialWait).Round(time.Second), f.mailers[0].health("").Problem),
		}
	}
	all := *failures[0]
	for _, failure := range failures[1:] {
		all.Mailer += "+" + failure.Mailer
		all.Temporary = all.Temporary || failure.Temporary
		all.Unauthorized = all.Unauthorized || failure.Unauthorized
		all.AboutMessage = all.AboutMessage && failure.AboutMessage
		all.PossibleCopies += failure.PossibleCopies
	}
	if len(failures) > 1 {
		var err error = failures[0]
		for _, failure := range failures[1:] {
			err = fmt.Errorf("%w; then %w", err, failure) // errors.Join would break the log line
		}
		all.Err = err
	}
	all.RetryAfter = pause
	if last := failures[len(failures)-1]; !last.Temporary && !last.Unauthorized {
		// Refused for good: no later try will change that.
		all.Temporary, all.Unauthorized, all.Undeliverable, all.RetryAfter = false, false, last.Undeliverable, 0
	}
	return &all
}

// try calls a mailer once, and keeps our contract even if the mailer breaks its own:
// an error that is not a *SendError counts as temporary, and its text is redacted. A
// panic in a library must not stop the server; its text may contain anything, so only
// its type is reported.
func try(ctx context.Context, mailer Mailer, m Message) (receipt Receipt, failure *SendError) {
	defer func() {
		if r := recover(); r != nil {
			receipt, failure = Receipt{}, &SendError{
				Mailer: mailer.Name(), Temporary: true, PossibleCopies: 1, Err: fmt.Errorf("the mailer panicked with a %T", r),
			}
		}
	}()
	receipt, err := mailer.Send(ctx, m)
	if err == nil {
		return receipt, nil
	}
	if failure, ok := errors.AsType[*SendError](err); ok {
		return Receipt{}, failure
	}
	return Receipt{}, &SendError{
		Mailer: mailer.Name(), Temporary: true, Err: fmt.Errorf("unexpected failure: %w", RedactError(err)),
	}
}
