package session

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/assertion"
	"github.com/doorpost-auth/doorpost/internal/people"
)

// Session is one that was found. Its exported fields do not change; what changes
// is behind methods, which are safe for concurrent use. An instance may hold many:
// TestASessionInUseTakesLittleMemory bounds the size.
type Session struct {
	Key     Key
	Address address.Address // empty for a token of a service

	// Assertions are those that were signed for it.
	Assertions assertion.Signed

	Subject people.Subject

	name     cookieName
	state    state                // where no room is lost before it
	rest     atomic.Pointer[rest] // nil for nothing, as with nearly everybody
	signedIn instant
	checked  instant    // when the store last confirmed it
	expires  instant    // as the store has it
	seen     instant    // as the store has it
	retryAt  instant    // the store did not answer, and is not asked again before
	asking   sync.Mutex // held by the one request that asks the store, see Keeper.confirm
}

// rest is what few sessions have.
type rest struct {
	standing *people.Standing
	program  *program // of a token, which a program has in place of a session
}

// program is nil for a session of a person.
func (s *Session) program() *program {
	if r := s.rest.Load(); r != nil {
		return r.program
	}
	return nil
}

// instant is a time that can be read while it is being written. It takes a third of
// the memory of a time.Time.
type instant struct{ unixNano atomic.Int64 }

func (i *instant) Load() time.Time   { return time.Unix(0, i.unixNano.Load()) }
func (i *instant) Store(t time.Time) { i.unixNano.Store(t.UnixNano()) }
func (i *instant) Clear()            { i.unixNano.Store(0) }

// state is what takes a bit or two. In one word it leaves room for the subject.
type state struct{ bits atomic.Uint32 }

// The bits of a state. The others are the index of the method in methods.
const (
	isEnded   = 1 << iota
	isDoubted // news of its end may have been missed
	stateBits = iota
)

func (s *state) is(bit uint32) bool { return s.bits.Load()&bit != 0 }
func (s *state) set(bit uint32)     { s.bits.Or(bit) }
func (s *state) clear(bit uint32)   { s.bits.And(^bit) }

// SignedIn is when the address was proven.
func (s *Session) SignedIn() time.Time { return s.signedIn.Load() }

// Method is how the address was proven.
func (s *Session) Method() Method { return methods[s.state.bits.Load()>>stateBits] }

// Expires is when the session ends unless it is used before.
func (s *Session) Expires() time.Time { return s.expires.Load() }

// Standing is what the store knows of the person, nil for nothing.
func (s *Session) Standing() *people.Standing {
	if r := s.rest.Load(); r != nil {
		return r.standing
	}
	return nil
}

// Ended reports whether the session was ended since it was found.
func (s *Session) Ended() bool { return s.state.is(isEnded) }

func (s *Session) end() { s.state.set(isEnded) }

// Doubt makes the session be looked up again before it counts, for when news of
// its end may have been missed.
func (s *Session) Doubt() {
	s.state.set(isDoubted)
	s.retryAt.Clear()
}

// learn stores the store's answer about the session.
func (s *Session) learn(r Record, now time.Time) {
	s.seen.Store(r.Seen)
	s.expires.Store(r.Expires)
	if program := s.program(); program != nil || r.Standing != nil {
		s.rest.Store(&rest{r.Standing, program})
	} else {
		s.rest.Store(nil)
	}
	s.state.clear(isDoubted)
	s.retryAt.Clear()
	s.checked.Store(now)
}

// isOver reports whether the session has expired, as far as this instance knows:
// another one may have seen it since.
func (s *Session) isOver(now time.Time) bool { return !now.Before(s.expires.Load()) }

// age is how long ago the store confirmed the session.
func (s *Session) age(now time.Time) time.Duration { return now.Sub(s.checked.Load()) }

// isFresh reports whether the store confirmed the session a moment ago.
func (s *Session) isFresh(now time.Time) bool {
	age := s.age(now)
	return age < Freshness && age > -Freshness && !s.state.is(isDoubted)
}

// isPutOff reports whether the store did not answer a moment ago, and is not asked
// again for the session yet.
func (s *Session) isPutOff(now time.Time) bool {
	wait := s.retryAt.Load().Sub(now)
	return wait > 0 && wait <= retryInterval
}
