package post

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/outbox"
)

// Retried is what became of an operator's wish to have a message sent again.
type Retried struct {
	Message   outbox.Message
	Again     bool   // it is on its way again
	Unblocked bool   // its address was blocked, and is not any more
	Problem   string // why it is not on its way, where that is all that failed
}

// Unblock lets an address be written to again to which a message bounced, and writes that down.
// It reports whether it was blocked.
func Unblock(ctx context.Context, store outbox.Store, log *audit.Log, who address.Address) (was bool, err error) {
	if was, err = store.Unblock(ctx, who); was {
		log.Record(ctx, audit.Unblocked, who)
	}
	return was, err
}

// Retry has a message sent again. One that bounced has blocked its address: an
// operator who has it sent again says that the mailbox works, so the block is
// lifted, even if the time of the message itself is over. The error wraps
// outbox.ErrUnknown, or outbox.ErrNoRetry where nothing was done; any other
// means that the store cannot do its work.
func Retry(ctx context.Context, store outbox.Store, log *audit.Log, id string, now time.Time) (done Retried, err error) {
	m, found, err := store.Message(ctx, id)
	switch {
	case err != nil:
		return done, fmt.Errorf("looking a message up: %w", err)
	case !found:
		return done, outbox.ErrUnknown
	}
	done.Message = m
	if m.State == outbox.Bounced {
		if done.Unblocked, err = Unblock(ctx, store, log, m.To); err != nil {
			return done, fmt.Errorf("unblocking the address: %w", err)
		}
	}
	changed, err := store.Change(ctx, id, outbox.Once{}, func(m *outbox.Message) error { return m.Retry(now) })
	switch {
	case err == nil:
		done.Message, done.Again = changed, true
	case errors.Is(err, outbox.ErrNoRetry) && done.Unblocked:
		done.Problem = strings.TrimPrefix(err.Error(), outbox.ErrNoRetry.Error()+": ")
	default:
		return done, err
	}
	return done, nil
}

// TakeReport takes in what a mail service reports of a message. It is news if it
// changed the state of the message, or says that it arrived. Nothing is news of a
// message that is not known, which somebody else sent from the same domain, nor
// an empty report. The error wraps outbox.ErrReplayed, or means that the store
// cannot do its work.
func TakeReport(ctx context.Context, store outbox.Store, id string, once outbox.Once, report outbox.Report) (m outbox.Message, news bool, err error) {
	m, err = store.Change(ctx, id, once, func(m *outbox.Message) error {
		before := *m
		if report.State != "" {
			m.Apply(report)
		}
		news = m.State != before.State || !m.Delivered.Equal(before.Delivered)
		return nil
	})
	switch {
	case errors.Is(err, outbox.ErrUnknown):
		return m, false, nil
	case err != nil:
		return m, false, err
	}
	return m, news, nil
}

// Record writes into the audit log that a message was sent, or will not be sent
// any more. A message that waits is not written down.
func Record(log *audit.Log, m outbox.Message) {
	event := audit.Sent
	switch {
	case m.Waiting():
		return
	case m.State != outbox.Sent:
		event = audit.Failed
	}
	log.Record(context.Background(), event, m.To,
		"site", m.Origin, "message", m.ID, "state", string(m.State), "mailer", m.Mailer, "provider_id", m.ProviderID, "problem", m.Problem)
}
