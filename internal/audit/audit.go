// Package audit writes down who was let in, who was not and why, and who was
// shown out: one line for each event, in a log of its own. No line has a
// secret, a whole address or what somebody typed in it.
package audit

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/netip"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/keys"
)

// Event is what happened.
type Event string

// The events.
const (
	Asked      Event = "asked"       // for a link; sent tells whether a message was promised, silent why not
	Throttled  Event = "throttled"   // a network asks too often
	Sent       Event = "sent"        // a mail service took the message
	Failed     Event = "failed"      // the message is not sent any more
	Opened     Event = "opened"      // a link, in a browser that did not ask for it: it was asked whether to go on
	Redeemed   Event = "redeemed"    // a link or a code: somebody is signed in
	Refused    Event = "refused"     // a link or a code, for the reason given
	Stopped    Event = "stopped"     // the reader of a message wants no more of them
	SignedOut  Event = "signed out"  // the person ended this session
	Ended      Event = "ended"       // other sessions were ended
	KeyRotated Event = "key rotated" // another secret signs from now on

	Applied  Event = "applied"  // somebody asked the owners of a site to be let in
	Approved Event = "approved" // an owner let them in, until the time given
	Declined Event = "declined" // an owner did not
	Invited  Event = "invited"
	Added    Event = "added"   // a person, to those who are known
	Changed  Event = "changed" // groups of a person
	Disabled Event = "disabled"
	Enabled  Event = "enabled"
	Removed  Event = "removed"
	Moved    Event = "moved"    // a person has another address
	Undone   Event = "undone"   // and has the former one again
	Recovery Event = "recovery" // a person has another recovery address, or none any more
)

// Log writes events. The nil Log writes nothing.
type Log struct {
	logger *slog.Logger
	key    []byte
}

// NewLog makes a log that writes to a logger.
func NewLog(ring keys.Ring, logger *slog.Logger) *Log {
	return &Log{logger: logger, key: ring.For(keys.AuditSubject)[0]}
}

// Record writes an event down. It is about a person, whose address may be
// empty, and, if ctx is that of a request, says where that came from. args are
// as those of slog; the caller keeps secrets out of them.
func (l *Log) Record(ctx context.Context, event Event, who address.Address, args ...any) {
	if l == nil {
		return
	}
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		args = append(args, "client", r.client.String(), "request", r.id)
	}
	if by, ok := ctx.Value(actorKey{}).(string); ok {
		args = append(args, "by", by)
	}
	if who != "" {
		args = append(args, "subject", l.subject(who), "address", who.Mask())
	}
	l.logger.InfoContext(ctx, string(event), args...)
}

// subject tells people apart, and is the same for one person in all lines, as
// long as the secret is: a keyed hash, which nobody without the secret can try
// addresses on.
func (l *Log) subject(who address.Address) string {
	mac := hmac.New(sha256.New, l.key)
	mac.Write([]byte(who))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

type actorKey struct{}

// WithActor makes events say who brought them about, where that is not whom they
// are about: the masked address of an owner or an admin, or what else may.
func WithActor(ctx context.Context, by string) context.Context {
	return context.WithValue(ctx, actorKey{}, by)
}

type requestKey struct{}

type request struct {
	client netip.Addr
	id     string
}

// WithRequest makes the events of a request say where it came from, and gives
// it an id that ties them together.
func WithRequest(ctx context.Context, client netip.Addr) context.Context {
	return context.WithValue(ctx, requestKey{}, &request{client: client, id: rand.Text()[:16]})
}
