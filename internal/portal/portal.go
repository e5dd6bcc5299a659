// Package portal takes a sign-in at the portal, the one origin where people sign in, to
// the sites that share it.
//
// A site sends a browser to the portal with the hash of a cookie that it has set, its hop.
// The portal, where somebody is signed in, sends it back with a ticket, which is good
// once, for a minute, for that site, in the browser with that hop. The site makes a session
// of its own of it, which came of the one at the portal and ends with it. A ticket that
// comes with another hop is used up: it may stand in a log for the one with the right hop.
package portal

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/fault"
	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/session"
)

// TicketLife is how long a ticket is good.
const TicketLife = time.Minute

// Hop is the random value of the cookie by which a site knows the browser again that it
// sent to the portal.
type Hop [16]byte

// NewHop makes the hop of a browser that has none.
func NewHop() Hop {
	var h Hop
	rand.Read(h[:]) // never fails, see crypto/rand
	return h
}

// Hash is that of the hop.
func (h Hop) Hash() HopHash { return sha256.Sum256(h[:]) }

// HopHash is what the portal learns of a hop. Nobody can make the cookie of it.
type HopHash [sha256.Size]byte

// String is the one form of the hash that ParseHopHash takes.
func (h HopHash) String() string { return base64.RawURLEncoding.EncodeToString(h[:]) }

// ParseHopHash reads what String wrote. ok is false for any other text.
func ParseHopHash(s string) (h HopHash, ok bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(raw) != len(h) {
		return h, false
	}
	h = HopHash(raw)
	return h, h.String() == s // the decoder leaves line breaks out
}

// Nonce is what is random in a ticket.
type Nonce [16]byte

// Store keeps which tickets were used. It is safe for concurrent use and honours ctx.
type Store interface {
	// Enter uses a ticket up and makes the session of a site, in one step. Of any
	// number of uses of one ticket, at the same time and ever after, exactly one is
	// Entered.
	Enter(ctx context.Context, e Entry) (Result, error)

	// Spend uses a ticket up and lets nobody in. It changes nothing about one that was
	// used.
	Spend(ctx context.Context, now time.Time, ticket Nonce) error
}

// Entry is one use of a ticket.
type Entry struct {
	Now     time.Time
	Ticket  Nonce
	Attempt Nonce       // the same when a use is sent again, since its answer was lost
	Parent  session.Key // of the session at the portal
	Made    session.Key // of the session that is to be made; it may exist, since another ticket made it
	Scope   string      // of that, see session.Record
}

// Outcome says what became of a ticket.
type Outcome int

// The outcomes.
const (
	NoTicket Outcome = iota // not one of ours, for another site or browser, or too old
	Entered                 // the session was made
	Used                    // the ticket was used before
	Over                    // the session at the portal has ended
)

// Result is what became of a ticket, and whose it is.
type Result struct {
	Outcome Outcome
	Address address.Address // with Entered
}

// Service makes tickets and takes them. It is safe for concurrent use.
type Service struct {
	Store Store
	Audit *audit.Log

	signer     session.Signer
	sessionKey []byte
}

// NewService makes a service from its parts and the operator's secrets.
func NewService(ring keys.Ring, parts Service) *Service {
	parts.signer, parts.sessionKey = session.NewSigner(ring, keys.Ticket, TicketLife), ring.For(keys.SiteSession)[0]
	return &parts
}

// ticket is what is signed, under the name of a site: for another one it is garbage.
type ticket struct {
	parent session.Key
	nonce  Nonce
	hop    HopHash
}

func (t ticket) bytes() []byte { return slices.Concat(t.parent[:], t.nonce[:], t.hop[:]) }

func parseTicket(raw []byte) (t ticket, ok bool) {
	const nonce, hop = len(t.parent), len(t.parent) + len(t.nonce)
	if len(raw) != hop+len(t.hop) {
		return t, false
	}
	return ticket{session.Key(raw[:nonce]), Nonce(raw[nonce:hop]), HopHash(raw[hop:])}, true
}

func signedAs(site string) string { return "ticket|" + site }

// Ticket makes a ticket for a site, given as its origin, in the browser whose hop has a
// hash. Nothing is kept of it until it is used. The caller has made sure that the session
// of the portal is good and the site lets its person in.
func (s *Service) Ticket(parent session.Key, site string, hop HopHash) (string, error) {
	t := ticket{parent: parent, hop: hop}
	rand.Read(t.nonce[:])
	return s.signer.Sign(signedAs(site), t.bytes())
}

// Enter takes a ticket at a site in the browser with a hop, or in one without, and returns
// the id of the session that it made, with Entered. Garbage costs no look into the store.
func (s *Service) Enter(ctx context.Context, site, scope string, hop *Hop, given string) (id session.ID, outcome Outcome, err error) {
	raw, genuine := s.signer.Open(signedAs(site), given)
	t, whole := parseTicket(raw)
	switch {
	case !genuine || !whole:
		s.refuse(ctx, site, NoTicket)
		return session.ID{}, NoTicket, nil
	case hop == nil || hop.Hash() != t.hop:
		s.refuse(ctx, site, NoTicket)
		return session.ID{}, NoTicket, fault.Store("using up a ticket of another browser", s.Store.Spend(ctx, time.Now(), t.nonce))
	}
	id = s.sessionID(t.parent, *hop, site)
	e := Entry{Now: time.Now(), Ticket: t.nonce, Parent: t.parent, Made: id.Key(), Scope: scope}
	rand.Read(e.Attempt[:])
	result, err := s.Store.Enter(ctx, e)
	switch {
	case err != nil:
		return session.ID{}, NoTicket, fault.Store("taking a ticket of the portal", err)
	case result.Outcome != Entered:
		s.refuse(ctx, site, result.Outcome)
		return session.ID{}, result.Outcome, nil
	}
	s.Audit.Record(ctx, audit.Entered, result.Address, "site", site, "session", id.Key().String())
	return id, Entered, nil
}

// sessionID is the session that a browser gets at a site. However many tabs enter at
// once, and in whichever order their cookies come, it is one.
func (s *Service) sessionID(parent session.Key, hop Hop, site string) session.ID {
	mac := hmac.New(sha256.New, s.sessionKey)
	mac.Write(parent[:])
	mac.Write(hop[:])
	mac.Write([]byte(site))
	return session.ID(mac.Sum(nil)[:len(session.ID{})])
}

// reasons are why a ticket was refused.
var reasons = map[Outcome]string{
	NoTicket: "no ticket for this site and browser", Used: "ticket used before", Over: "the session at the portal has ended",
}

func (s *Service) refuse(ctx context.Context, site string, outcome Outcome) {
	s.Audit.Record(ctx, audit.Refused, "", "site", site, "reason", reasons[outcome])
}
