package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/doorpost-auth/doorpost/internal/mail/mailgunapi"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/post"
	"github.com/doorpost-auth/doorpost/internal/web"
)

// mailgunHook is the path below gate.PathPrefix to which Mailgun sends reports.
const mailgunHook = "/hooks/mailgun"

// hooks are what mail services call to say what became of messages.
func (a *App) hooks(store outbox.Store) map[string]web.Hook {
	if len(a.webhooks) == 0 {
		return nil
	}
	return map[string]web.Hook{mailgunHook: func(ctx context.Context, body []byte, now time.Time) error {
		notice, err := a.openNotice(body, now)
		if err != nil {
			return err
		}
		m, news, err := post.TakeReport(ctx, store, notice.MessageID, notice.Once, notice.Report)
		switch {
		case errors.Is(err, outbox.ErrReplayed):
			return fmt.Errorf("%w: %w", web.ErrHookReplayed, err)
		case err != nil:
			return err
		}
		if news {
			observe(m)
			a.logger.Info("mailgun reports on a message", "message", m.ID, "to", m.To.Mask(), "state", string(m.State), "problem", m.Problem)
		}
		return nil
	}}
}

// openNotice opens a notice with the keys of all mailers: which one sent the
// message it does not say.
func (a *App) openNotice(body []byte, now time.Time) (notice mailgunapi.Notice, err error) {
	for _, webhook := range a.webhooks {
		if notice, err = webhook.Open(body, now); err == nil {
			return notice, nil
		}
	}
	if errors.Is(err, mailgunapi.ErrForged) {
		return notice, fmt.Errorf("%w: %w", web.ErrHookForged, err)
	}
	return notice, fmt.Errorf("%w: %w", web.ErrHookMalformed, err)
}
