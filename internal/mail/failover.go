package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// maxCopies is how many copies of a message a recipient may get in the worst
// case, when services accept it without saying so. All carry the same link.
const maxCopies = 2

// copiesKey carries, from Sender to Failover, how many copies of the message
// may be on their way already.
type copiesKey struct{}

// Failover is a Mailer made of several. It tries them in the order given: the
// next one takes over when one fails for a while or is refused by its service.
// When a service refuses the message or its recipient for good, no other is
// asked, because it would only learn the same.
type Failover struct {
	mailers []Mailer
	logger  *slog.Logger
}

// NewFailover makes one mailer of at least one; a takeover is logged as a
// warning, with the message's id.
func NewFailover(logger *slog.Logger, first Mailer, others ...Mailer) *Failover {
	return &Failover{mailers: append([]Mailer{first}, others...), logger: logger}
}

// Name is the names of the mailers in their order, joined by +.
func (f *Failover) Name() string {
	names := make([]string, len(f.mailers))
	for i, m := range f.mailers {
		names[i] = m.Name()
	}
	return strings.Join(names, "+")
}

// Send tries one mailer after the other. The time that ctx leaves is shared
// out, so that one that hangs leaves some for the next. When all fail, the
// error is temporary if any of the failures was.
func (f *Failover) Send(ctx context.Context, m Message) (string, error) {
	before, _ := ctx.Value(copiesKey{}).(int)
	all := &SendError{Mailer: f.Name()}
	for i, mailer := range f.mailers {
		providerID, err := sendWithin(ctx, mailer, m, len(f.mailers)-i)
		if err == nil {
			return providerID, nil
		}
		failure := asSendError(mailer.Name(), err)
		all.Temporary = all.Temporary || failure.Temporary
		all.Unauthorized = all.Unauthorized || failure.Unauthorized
		all.RetryAfter = max(all.RetryAfter, failure.RetryAfter)
		all.PossibleCopies += failure.PossibleCopies
		if all.Err == nil {
			all.Err = failure
		} else {
			all.Err = fmt.Errorf("%w; then %w", all.Err, failure) // errors.Join would break the log line
		}
		if !failure.Temporary && !failure.Unauthorized {
			all.Temporary = false // refused for good: no later try will change that
			break
		}
		if ctx.Err() != nil || before+all.PossibleCopies >= maxCopies {
			break
		}
		if i+1 < len(f.mailers) {
			f.logger.WarnContext(ctx, "a mailer failed, the next one takes over",
				"message", m.ID, "mailer", mailer.Name(), "next", f.mailers[i+1].Name(), "error", failure)
		}
	}
	return "", all
}

// sendWithin gives a mailer its share of the time left until ctx ends: all of
// it for the last one.
func sendWithin(ctx context.Context, mailer Mailer, m Message, waiting int) (string, error) {
	if deadline, ok := ctx.Deadline(); ok && waiting > 1 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/time.Duration(waiting))
		defer cancel()
	}
	return mailer.Send(ctx, m)
}

// asSendError keeps a mailer that breaks its contract from breaking ours: an
// error that is no *SendError counts as temporary, and its text is not trusted.
func asSendError(name string, err error) *SendError {
	if failure, ok := errors.AsType[*SendError](err); ok {
		return failure
	}
	return &SendError{Mailer: name, Temporary: true, Err: fmt.Errorf("unexpected failure: %w", RedactError(err))}
}
