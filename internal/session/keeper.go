package session

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/fault"
)

// Freshness is how long an instance relies on the store's last answer about a
// session. News of an end arrives at once; this bounds how long an end goes
// unnoticed when the news is lost.
const Freshness = 5 * time.Second

// retryInterval is how long a session that the store could not confirm goes on
// before the store is asked again.
const retryInterval = time.Second

// clockTolerance is how far in the future a session may have been made: the clocks of two
// instances differ a little, and one that was ahead is set back.
const clockTolerance = 5 * time.Minute

// Limits says how long sessions last.
type Limits struct {
	Idle     time.Duration // without use
	Absolute time.Duration // since the proof of the address
	Grace    time.Duration // since the store last confirmed it, while the store is down
}

// Keeper finds sessions by their cookie. It is safe for concurrent use.
type Keeper struct {
	store  Store
	cache  *Cache
	limits Limits
	whole  Limits // of all sites: how long the store keeps a session
	logger *slog.Logger
	now    func() time.Time
}

// NewKeeper makes a keeper. The caller connects the cache to the store's OnEnd and
// OnChange.
func NewKeeper(store Store, cache *Cache, limits Limits, logger *slog.Logger) *Keeper {
	return &Keeper{store: store, cache: cache, limits: limits, whole: limits, logger: logger, now: time.Now}
}

// Narrowed is a keeper of the same sessions for a site where they end earlier: idle and
// absolute are at most those of k. No other site shares its cookie. Where idle is less, it
// counts from the last use at this site, whatever is done at others behind a portal.
func (k *Keeper) Narrowed(idle, absolute time.Duration) *Keeper {
	narrow := *k
	narrow.limits.Idle, narrow.limits.Absolute = idle, absolute
	return &narrow
}

// lookAgain looks up what was found before.
func (k *Keeper) lookAgain(ctx context.Context, s *Session, now time.Time) (r Record, found bool, err error) {
	if s.program() == nil {
		return k.look(ctx, s.Key, now)
	}
	known, err := k.lookToken(ctx, s.program().ID, now)
	return known.of(s.Key, now), known.has(s.Key, now), err
}

// look looks a session up in the store. found is false for one that is over by the limits
// in force now.
func (k *Keeper) look(ctx context.Context, key Key, now time.Time) (r Record, found bool, err error) {
	r, found, err = k.store.Session(ctx, key, now)
	if err != nil || !found {
		return r, false, err
	}
	r = r.Within(k.whole)
	if k.limits.Idle < k.whole.Idle && !r.Used.IsZero() { // use elsewhere does not count here
		r.Seen = r.Used
	}
	r = r.Within(k.limits)
	return r, now.Before(r.Expires) && r.SignedIn.Sub(now) <= clockTolerance, nil
}

// Limits returns the limits that the keeper was made with.
func (k *Keeper) Limits() Limits { return k.limits }

// Find returns the session of a cookie's value, nil if there is none. The error
// is fault.Unavailable. A session that was checked a moment ago costs one look
// into a map.
func (k *Keeper) Find(ctx context.Context, c *Cookie, value string) (*Session, error) {
	if len(value) != valueLength {
		return nil, nil
	}
	now, name := k.now(), c.nameOf(value)
	s := k.cache.get(name)
	if s == nil {
		return k.lookUp(ctx, c, value, now)
	}
	if k.isSpent(s, now) {
		k.cache.remove(name)
		return k.lookUp(ctx, c, value, now) // another instance may have seen it since
	}
	return k.stillGood(ctx, s, now)
}

// isSpent reports whether a session is over as far as this instance knows.
func (k *Keeper) isSpent(s *Session, now time.Time) bool {
	return s.Ended() || s.isOver(now) || s.program() == nil && now.Sub(s.SignedIn()) >= k.limits.Absolute
}

// stillGood returns a session that was found before, nil if it has ended since.
func (k *Keeper) stillGood(ctx context.Context, s *Session, now time.Time) (*Session, error) {
	if s.isFresh(now) || s.isPutOff(now) {
		return s, nil
	}
	if alive, err := k.confirm(ctx, s, now, true); !alive {
		return nil, err
	}
	return s, nil
}

// lookUp finds a session that the cache does not have.
func (k *Keeper) lookUp(ctx context.Context, c *Cookie, value string, now time.Time) (*Session, error) {
	id, ok := c.Read(value)
	if !ok {
		return nil, nil
	}
	ends := k.cache.ends.Load()
	record, found, err := k.look(ctx, id.Key(), now)
	if err != nil {
		return nil, fault.Store("looking up a session", err)
	}
	if !found || record.Scope != c.Scope() {
		return nil, nil
	}
	// The address may share memory with the store's whole answer, which must not
	// stay as long as the session does.
	who := address.Address(strings.Clone(string(record.Address)))
	s := &Session{Key: id.Key(), Address: who, Subject: record.Subject, name: c.nameOf(value)}
	s.state.set(uint32(max(slices.Index(methods[:], record.Method), 0)) << stateBits)
	s.signedIn.Store(record.SignedIn)
	s.learn(record, now)
	k.cache.put(s, ends)
	k.slide(ctx, s, now)
	return s, nil
}

// confirm asks the store again about a session that was found before; used says
// that a request uses it now. One caller asks; meanwhile the others rely on the
// last answer if they may, and else wait. An error is fault.Unavailable and comes
// with false only.
func (k *Keeper) confirm(ctx context.Context, s *Session, now time.Time, used bool) (alive bool, err error) {
	withinGrace := s.age(now) < k.limits.Grace
	if !s.asking.TryLock() {
		if withinGrace && !s.state.is(isDoubted) {
			return true, nil
		}
		s.asking.Lock()
	}
	defer s.asking.Unlock()
	isOver := s.isOver(now)
	switch {
	case s.Ended():
		return false, nil
	case s.isFresh(now) && !isOver: // another request asked while this one waited
		return true, nil
	}
	ends := k.cache.ends.Load()
	record, found, err := k.lookAgain(ctx, s, now)
	switch {
	case err != nil && ctx.Err() != nil:
		return false, fault.Store("looking up a session", err)
	case err != nil && withinGrace && !isOver:
		level := slog.LevelWarn
		if !used { // there may be many, and nobody waits
			level = slog.LevelDebug
		}
		k.logger.Log(ctx, level, "the store does not answer; a session goes on for a while", "error", err, "grace", k.limits.Grace)
		s.retryAt.Store(now.Add(retryInterval))
		return true, nil
	case err != nil:
		return false, fault.Store("looking up a session", err)
	case !found || record.Address != s.Address:
		s.end()
		k.cache.remove(s.name)
		return false, nil
	}
	if s.Ended() {
		return false, nil
	}
	k.cache.learn(s, record, now, ends)
	if used && s.program() == nil {
		k.slide(ctx, s, now)
	}
	return true, nil
}

// slide tells the store that the session is in use, if the last time is long enough
// ago to be worth a write. A write that fails costs nothing but exactness.
func (k *Keeper) slide(ctx context.Context, s *Session, now time.Time) {
	interval := min(max(k.limits.Idle/100, time.Second), time.Hour)
	if now.Sub(s.seen.Load()) < interval {
		return
	}
	if err := k.store.Touch(ctx, s.Key, now, k.whole.Expiry(s.SignedIn(), now)); err != nil {
		k.logger.Warn("writing that a session is in use", "error", err)
		return
	}
	s.seen.Store(now)
	s.expires.Store(k.limits.Expiry(s.SignedIn(), now))
}

// Within is the record with the end that it has by the limits in force, which may be narrower
// than those it was written under.
func (r Record) Within(l Limits) Record {
	if end := l.Expiry(r.SignedIn, r.Seen); end.Before(r.Expires) {
		r.Expires = end
	}
	return r
}

// Expiry is when a session ends that was last used at the given time.
func (l Limits) Expiry(signedIn, used time.Time) time.Time {
	idle, absolute := used.Add(l.Idle), signedIn.Add(l.Absolute)
	if absolute.Before(idle) {
		return absolute
	}
	return idle
}
