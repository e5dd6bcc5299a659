package signin

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/outbox"
)

// lateMargin is how much life a link must have left to be worth sending.
const lateMargin = 2 * time.Minute

// Promise is what the message with a link says, beside what stands in
// outbox.Message.
type Promise struct {
	Token   string    `json:"token"` // of the link
	Code    string    `json:"code"`  // as shown
	Asked   time.Time `json:"asked"`
	Expires time.Time `json:"expires"` // end of the link
	Browser string    `json:"browser,omitempty"`
	System  string    `json:"system,omitempty"`
}

// message is the message that brings a link.
func (s *Service) message(link LinkKey, site Site, ask Ask, p Promise) outbox.Message {
	m := outbox.Message{
		ID: messageID(link), Kind: outbox.SignIn, To: ask.Address, Site: site.Origin, Language: ask.Language,
		Created: p.Asked, Deadline: p.Expires.Add(-min(lateMargin, s.LinkLife/2)), State: outbox.Queued, Since: p.Asked, Due: p.Asked,
	}
	content, err := json.Marshal(p)
	if err != nil {
		panic("writing a message: " + err.Error()) // of strings and times it is always possible
	}
	m.Sealed = s.sealer.Seal(m, content)
	return m
}

// OpenPromise reads what the message with a link says.
func OpenPromise(sealer outbox.Sealer, m outbox.Message) (p Promise, err error) {
	content, err := sealer.Open(m)
	if err != nil {
		return p, err
	}
	if err := json.Unmarshal(content, &p); err != nil {
		return p, fmt.Errorf("reading the content of a message: %w", err)
	}
	return p, nil
}

// messageID derives the id of a message from the link that it brings, so that
// a link leads to its message, and every copy of a message has the same id.
// The way back does not exist.
func messageID(link LinkKey) string {
	sum := sha256.Sum256(append([]byte("message\x00"), link[:]...))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16]))
}

// Stop is the reader of a message saying that it was not them who asked: the
// request ends, and for a while only browsers in which they have signed in
// before make us write to them. It is false for a token that is not known, or
// not any more.
func (s *Service) Stop(ctx context.Context, site Site, token string) (stopped bool, err error) {
	link, genuine := s.secrets.openToken(site.Origin, token)
	if !genuine {
		s.Audit.Record(ctx, audit.Refused, "", "site", site.Origin, "reason", reasons[Unknown])
		return false, nil
	}
	now := s.now()
	stopped, err = s.Store.Stop(ctx, Stopping{Now: now, Site: site.Origin, Link: link, Message: messageID(link), Until: now.Add(s.Mute)})
	if err != nil {
		return false, fmt.Errorf("%w: stopping messages: %w", ErrUnavailable, err)
	}
	if stopped {
		s.Audit.Record(ctx, audit.Stopped, "", "site", site.Origin, "message", messageID(link))
	} else {
		s.Audit.Record(ctx, audit.Refused, "", "site", site.Origin, "reason", "nothing to stop")
	}
	return stopped, nil
}
