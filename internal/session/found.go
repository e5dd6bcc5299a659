package session

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/people"
)

// Session is one that was found. The fields do not change; what does is
// behind methods. An instance may hold many: TestASessionInUseTakesLittleMemory
// bounds the size.
type Session struct {
	Key     Key
	Address address.Address

	name     cookieName
	standing atomic.Pointer[people.Standing]
	signedIn int64         // Unix nanoseconds; time.Time takes three times as much
	checked  atomic.Uint32 // when the store last confirmed it, see check
	expires  atomic.Uint32 // whole Unix seconds; in what is left of the last one the store is asked
	seen     atomic.Uint32 // as the store has it, whole Unix seconds
	state    atomic.Uint32 // isEnded, isDoubted, and a number of putOffUnit
}

// What the state of a session is made of. There is room for 12 days of putting
// off, which is longer than any grace.
const (
	isEnded    = 1 << iota
	isDoubted  // word of its end may have been missed
	putOffUnit // for a millisecond more after the last check the store is not asked again, since it did not answer
)

// SignedIn is when the address was proven.
func (s *Session) SignedIn() time.Time { return time.Unix(0, s.signedIn) }

// Expires is when the session ends unless it is used before, to the second.
func (s *Session) Expires() time.Time { return time.Unix(int64(s.expires.Load()), 0) }

func (s *Session) isOver(now time.Time) bool { return now.Unix() >= int64(s.expires.Load()) }

// learn takes in what the store said of the session.
func (s *Session) learn(r Record, now time.Time) {
	s.seen.Store(uint32(r.Seen.Unix()))
	s.expires.Store(uint32(r.Expires.Unix()))
	s.standing.Store(r.Standing)
	s.state.And(isEnded)
	s.check(now)
}

// checkUnit is how exactly a session knows when it was checked. Counted from
// when it was made, 497 days have room; it lasts 400 at most.
const checkUnit = 10 * time.Millisecond

// check notes that the store confirmed the session. For one that was made too
// long ago there is no room to say so: it is not fresh, and is asked for each time.
func (s *Session) check(now time.Time) {
	s.checked.Store(uint32(min(max((now.UnixNano()-s.made())/int64(checkUnit), 0), math.MaxUint32)))
}

// made is when the session was made at the earliest by the clock of this
// instance, in Unix nanoseconds.
func (s *Session) made() int64 { return s.signedIn - int64(clockTolerance) }

// age is how long ago the session was checked.
func (s *Session) age(now time.Time) time.Duration {
	return time.Duration(now.UnixNano() - s.made() - int64(s.checked.Load())*int64(checkUnit))
}

// putOff makes the store be left alone with the session for a while from the
// last check on. Only whoever has the turn of the session calls it.
func (s *Session) putOff(d time.Duration) {
	s.state.And(putOffUnit - 1)
	s.state.Or(uint32(d/time.Millisecond) * putOffUnit)
}

// isFresh tells whether the store confirmed the session a moment ago.
func (s *Session) isFresh(now time.Time) bool {
	age := s.age(now)
	return age < Freshness && age > -Freshness && !s.doubted()
}

// isPutOff tells whether the store did not answer a moment ago, and is not asked
// for the session just now.
func (s *Session) isPutOff(now time.Time) bool {
	putOff := time.Duration(s.state.Load()/putOffUnit) * time.Millisecond
	return putOff > 0 && s.age(now) < putOff
}

// Standing is what the store knows of the person, nil for nothing.
func (s *Session) Standing() *people.Standing { return s.standing.Load() }

// Ended tells whether the session was ended since it was found.
func (s *Session) Ended() bool { return s.state.Load()&isEnded != 0 }

// Doubt makes the session be looked up again before it counts, for when word of
// its end may have been missed.
func (s *Session) Doubt() {
	s.state.Or(isDoubted)
	s.state.And(putOffUnit - 1)
}

func (s *Session) doubted() bool { return s.state.Load()&isDoubted != 0 }
