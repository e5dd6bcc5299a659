// Package audit logs who got in, who did not and why, and whose sessions ended: one
// line for each event, in a log of its own. No line has a secret, a whole address or
// anything that somebody typed.
package audit

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/netip"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/keys"
)

// Event is what happened.
type Event string

// The events.
const (
	Asked      Event = "asked"       // for a link; sent: a message follows; silent: why not
	Throttled  Event = "throttled"   // a network asks too often
	Sent       Event = "sent"        // a mail service took the message
	Failed     Event = "failed"      // the message is not sent any more
	Opened     Event = "opened"      // a link, in a browser that did not ask for it, which has to confirm
	Redeemed   Event = "redeemed"    // a link or a code: somebody is signed in
	Entered    Event = "entered"     // a site, by a ticket of the portal
	Refused    Event = "refused"     // a link or a code, or somebody at a site, for the reason given
	Stopped    Event = "stopped"     // the reader of a message stopped such messages
	Unblocked  Event = "unblocked"   // an address to which a message bounced
	SignedOut  Event = "signed out"  // the person ended this session
	Ended      Event = "ended"       // other sessions were ended
	KeyRotated Event = "key rotated" // another secret signs from now on

	TokenMade    Event = "token made"
	TokenRotated Event = "token rotated"
	TokenEnded   Event = "token ended"
	TokenRefused Event = "token refused" // for the reason given
	TokenSeen    Event = "token seen"    // used from a network for the first time

	AccessRequested Event = "access requested" // somebody asked the owners of a site to be let in
	AccessGranted   Event = "access granted"   // an owner let them in, until the time given
	AccessRefused   Event = "access refused"   // an owner did not
	Invited         Event = "invited"
	Added           Event = "added"   // a person
	Changed         Event = "changed" // groups of a person
	Disabled        Event = "disabled"
	Enabled         Event = "enabled"
	Removed         Event = "removed"
	Proposed        Event = "proposed" // a person wants to change their account
	Moved           Event = "moved"    // a person has another address
	Proven          Event = "proven"   // a person typed a code that was mailed to them, to act as an admin, to change their passkeys or to make a token
	PasskeyAdded    Event = "passkey added"
	PasskeyRemoved  Event = "passkey removed"
	PasskeyRenamed  Event = "passkey renamed"
	Recovery        Event = "recovery" // the recovery address of a person was set, changed or removed
)

// Log writes events. The nil Log writes nothing.
type Log struct {
	logger   *slog.Logger
	key      []byte
	refusals *Hourly
}

// NewLog makes a log that writes to a logger. refusals outlives it where another log
// goes on in its place.
func NewLog(ring keys.Ring, logger *slog.Logger, refusals *Hourly) *Log {
	return &Log{logger: logger, key: ring.For(keys.AuditSubject)[0], refusals: refusals}
}

// IsFirstRefusal reports whether it was not asked in this hour of the clock about a
// person at a place. Whoever is signed in and refused there is so at each request.
func (l *Log) IsFirstRefusal(who address.Address, place string) bool {
	return l != nil && l.refusals.First(who, place, time.Now())
}

// Record writes an event. who is the person that it is about, and may be empty. If ctx
// is that of a request, the event says where the request came from. args are as those
// of slog; the caller keeps secrets out of them.
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

// subject identifies a person in all lines while the secret is the same. It is a keyed
// hash: nobody without the secret can find out the address by trying.
func (l *Log) subject(who address.Address) string {
	mac := hmac.New(sha256.New, l.key)
	mac.Write([]byte(who))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

type actorKey struct{}

// WithActor makes events say who caused them, if not the person that they are about.
// by is the masked address of an owner or an admin, or the name of a program.
func WithActor(ctx context.Context, by string) context.Context {
	return context.WithValue(ctx, actorKey{}, by)
}

type requestKey struct{}

type request struct {
	client netip.Addr
	id     string
}

// WithRequest makes the events of a request say where it came from, and gives them an
// id in common.
func WithRequest(ctx context.Context, client netip.Addr) context.Context {
	return context.WithValue(ctx, requestKey{}, &request{client: client, id: rand.Text()[:16]})
}
