package session

import (
	"context"
	"crypto/subtle"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/fault"
	"github.com/doorpost-auth/doorpost/internal/token"
)

// A token is to a program what a session is to a person, and is remembered, confirmed and
// ended as one.

// TokenKey is the key by which instances tell each other of a token, as of a session.
func TokenKey(sum token.Sum) Key { return Key(sum[:16]) }

// program is what a session knows of the token that a program has.
type program struct {
	token.Token
	user, groups string

	mu   sync.Mutex
	uses token.Record // what the store was told of uses
	last netip.Prefix // the network of the last one
}

// Token is what a program has in place of a session; nil for a session of a person.
func (s *Session) Token() *token.Token {
	if p := s.program(); p != nil {
		return &p.Token
	}
	return nil
}

// ServiceIdentity is who an app takes a service for, and its groups. Only for a session with
// the token of a service.
func (s *Session) ServiceIdentity() (user, groups string) {
	p := s.program()
	return p.user, p.groups
}

// storedToken is what the store has of a token; found is false for nothing.
type storedToken struct {
	token.Record
	found bool
}

func (k *Keeper) lookToken(ctx context.Context, id token.ID, now time.Time) (storedToken, error) {
	r, found, err := k.store.Token(ctx, id, now)
	return storedToken{r, found}, err
}

// sum is the sum of the text that a key is of; false for one that is not good, or no more.
func (t storedToken) sum(key Key, now time.Time) (sum token.Sum, good bool) {
	switch {
	case !t.found || t.IsOver(now):
		return sum, false
	case subtle.ConstantTimeCompare(key[:], t.Sum[:len(key)]) == 1:
		return t.Sum, true
	case now.Before(t.FormerUntil) && subtle.ConstantTimeCompare(key[:], t.Former[:len(key)]) == 1:
		return t.Former, true
	}
	return sum, false
}

func (t storedToken) has(key Key, now time.Time) bool {
	_, good := t.sum(key, now)
	return good
}

// never is the end of a token that has none: later than any other.
var never = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)

// of is the token as a session, for one of its texts.
func (t storedToken) of(key Key, now time.Time) Record {
	r := Record{Address: t.Owner, SignedIn: t.Made, Seen: now, Expires: t.Expires, Standing: t.Standing, Method: ByToken}
	if r.Expires.IsZero() {
		r.Expires = never
	}
	if sum, good := t.sum(key, now); good && sum != t.Sum && t.FormerUntil.Before(r.Expires) {
		r.Expires = t.FormerUntil
	}
	return r
}

// ErrTokenOver says that a token has expired. Only who has the token learns it.
var ErrTokenOver = fault.New(fault.Invalid, "the token has expired")

// FindToken returns the session of a token's text, nil for one that is not good. The error
// is ErrTokenOver, or fault.Unavailable. A token that was checked a moment ago costs one
// hash and one look into a map.
func (k *Keeper) FindToken(ctx context.Context, text string) (*Session, error) {
	now, sum := k.now(), token.SumOf(text)
	name := cookieName(sum[:16])
	if s := k.cache.get(name); s != nil && !k.isSpent(s, now) {
		if s, err := k.stillGood(ctx, s, now); s != nil || err != nil {
			return s, err
		} // its owner may have another address by now
	}
	id, ok := token.Parse(text)
	if !ok {
		return nil, nil
	}
	ends := k.cache.ends.Load()
	stored, err := k.lookToken(ctx, id, now)
	switch {
	case err != nil:
		return nil, fault.Store("looking up a token", err)
	case stored.found && stored.IsOver(now) && stored.Sum == sum:
		return nil, ErrTokenOver
	}
	if good, ok := stored.sum(TokenKey(sum), now); !ok || good != sum {
		return nil, nil
	}
	s := newProgram(stored, TokenKey(sum), now)
	k.cache.put(s, ends)
	return s, nil
}

func newProgram(stored storedToken, key Key, now time.Time) *Session {
	p := &program{Token: stored.Token, user: stored.User(), groups: strings.Join(stored.Groups, ",")}
	p.uses.Used, p.uses.UsedFrom = stored.Used, stored.UsedFrom
	s := &Session{
		Key: key, Address: address.Address(strings.Clone(string(stored.Owner))), Subject: stored.Subject, name: cookieName(key),
	}
	s.state.set(uint32(slices.Index(methods[:], ByToken)) << stateBits) // #nosec G115 -- it is one of them
	if !p.IsPersonal() {
		s.Subject = p.ServiceSubject()
	}
	s.rest.Store(&rest{program: p})
	s.signedIn.Store(stored.Made)
	s.learn(stored.of(key, now), now)
	return s
}

// NoteUse tells the store that a token is used by a client, if it does not know that within
// the hour. first says that it was not used from the client's network before.
func (k *Keeper) NoteUse(ctx context.Context, s *Session, client netip.Addr) (first bool) {
	p, now, network := s.program(), k.now(), NetworkOf(client)
	if !p.isNewUse(network, now) {
		return false
	}
	first, err := k.store.UseToken(ctx, p.ID, nameOf(network), now)
	if err != nil {
		k.logger.Warn("writing that a token is in use", "error", err)
	}
	return first
}

func nameOf(network netip.Prefix) string {
	if !network.IsValid() {
		return "unknown"
	}
	return network.String()
}

// isNewUse notes a use, and reports whether the store has to be told.
func (p *program) isNewUse(network netip.Prefix, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if network == p.last && now.Before(p.uses.Used.Add(time.Hour)) {
		return false
	}
	p.last = network
	_, changed := p.uses.NoteUse(nameOf(network), now)
	return changed
}
