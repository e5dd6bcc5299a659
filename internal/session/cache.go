package session

import (
	"crypto/sha256"
	"sync"
	"sync/atomic"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/people"
)

// DefaultCacheSize is how many sessions an instance remembers unless it is told
// otherwise.
const DefaultCacheSize = 100_000

// Session is one that was found. The fields do not change; what does is
// behind methods. An instance may hold many: TestASessionInUseTakesLittleMemory
// bounds the size.
type Session struct {
	Key     Key
	Address address.Address

	name     cookieName
	signedIn int64        // Unix nanoseconds; time.Time takes three times as much
	checked  atomic.Int64 // when the store last confirmed it, Unix nanoseconds
	standing atomic.Pointer[people.Standing]
	putOff   atomic.Uint32 // not before so long after that is the store asked again, in milliseconds, since it did not answer
	expires  atomic.Uint32 // whole Unix seconds; in what is left of the last one the store is asked
	seen     atomic.Uint32 // as the store has it, whole Unix seconds
	flags    atomic.Uint32 // isEnded, isDoubted

	refresh sync.Mutex // held by the one request that asks the store again
}

// What may be known of a session.
const (
	isEnded   = 1 << iota
	isDoubted // word of its end may have been missed
)

// SignedIn is when the address was proven.
func (s *Session) SignedIn() time.Time { return time.Unix(0, s.signedIn) }

// Expires is when the session ends unless it is used before, to the second.
func (s *Session) Expires() time.Time { return time.Unix(int64(s.expires.Load()), 0) }

func (s *Session) isOver(now time.Time) bool { return now.Unix() >= int64(s.expires.Load()) }

// isPutOff tells whether the store did not answer a moment ago, and is not asked
// for the session just now.
func (s *Session) isPutOff(now time.Time) bool {
	putOff := time.Duration(s.putOff.Load()) * time.Millisecond
	return putOff > 0 && now.UnixNano()-s.checked.Load() < int64(putOff)
}

// Standing is what the store knows of the person, nil for nothing.
func (s *Session) Standing() *people.Standing { return s.standing.Load() }

// Ended tells whether the session was ended since it was found.
func (s *Session) Ended() bool { return s.flags.Load()&isEnded != 0 }

// Doubt makes the session be looked up again before it counts, for when word of
// its end may have been missed.
func (s *Session) Doubt() {
	s.flags.Or(isDoubted)
	s.putOff.Store(0)
}

func (s *Session) doubted() bool { return s.flags.Load()&isDoubted != 0 }

// cacheShards spreads the locks. Each shard is bounded by itself.
const cacheShards = 32

// cookieName is what a session is remembered under: the first half of a SHA-256
// of the very string of its cookie and of what can read it. It takes less memory
// than the cookie, and lets nobody in who finds it there. A cookie whose secret
// was dropped has another name afterwards.
type cookieName [16]byte

func (c *Cookie) nameOf(value string) cookieName {
	sum := sha256.Sum256(append(append(make([]byte, 0, 128), c.readBy[:]...), value...))
	return cookieName(sum[:16])
}

// Cache remembers the sessions that this instance has seen by their cookies, so
// that a known one costs neither a decode nor a look into the store. It outlives
// a configuration; all that use one store share one cache.
//
// It is not one of the caches to be had as a library, because the end of a
// session must reach it by another name than the one it is found by, and
// nothing may come between the two.
type Cache struct {
	shards [cacheShards]cacheShard
	// ends counts words of sessions that were ended, at the beginning and at the
	// end of taking each in. A look into the store that was under way meanwhile
	// is not remembered.
	ends atomic.Uint64
}

type cacheShard struct {
	mu     sync.RWMutex
	size   int
	byName index[cookieName]
	byKey  index[Key] // to find one that is ended elsewhere
}

// NewCache makes a cache for about size sessions. Beyond that, one is
// forgotten for each that is met: it is looked up again at its next request.
func NewCache(size int) *Cache {
	c := new(Cache)
	for i := range c.shards {
		shard := &c.shards[i]
		shard.byName.nameOf = func(s *Session) *cookieName { return &s.name }
		shard.byKey.nameOf = func(s *Session) *Key { return &s.Key }
	}
	c.Resize(size)
	return c
}

// Resize makes the cache one for about size sessions. What is too many is
// forgotten, and takes no memory any more.
func (c *Cache) Resize(size int) {
	for i := range c.shards {
		c.shards[i].resize(max(size/cacheShards, 1))
	}
}

func (shard *cacheShard) resize(size int) {
	shard.mu.Lock()
	defer shard.mu.Unlock()
	shard.size = size
	if shard.byName.count <= size {
		return
	}
	for shard.byName.count > size {
		shard.forget(shard.byName.any())
	}
	shard.byName.fit()
	shard.byKey.fit()
}

func (c *Cache) shard(name cookieName) *cacheShard { return &c.shards[name[0]%cacheShards] }

func (c *Cache) get(name cookieName) *Session {
	shard := c.shard(name)
	shard.mu.RLock()
	defer shard.mu.RUnlock()
	return shard.byName.get(name)
}

// put remembers a session unless one was ended since the count of ends was
// taken; what is ended then may be this one. A cookie has one spelling, see
// Cookie.Read, so one key has one name for each kind of cookie that reads it.
func (c *Cache) put(s *Session, ends uint64) {
	shard := c.shard(s.name)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if c.ends.Load() != ends {
		return
	}
	if before := shard.byKey.get(s.Key); before != nil {
		shard.forget(before)
	}
	if shard.byName.count >= shard.size {
		shard.forget(shard.byName.any())
	}
	shard.byName.put(s)
	shard.byKey.put(s)
}

// forget takes out a session that is in the shard.
func (shard *cacheShard) forget(s *Session) {
	shard.byName.remove(s.name)
	shard.byKey.remove(s.Key)
}

func (c *Cache) remove(name cookieName) {
	shard := c.shard(name)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if s := shard.byName.get(name); s != nil {
		shard.forget(s)
	}
}

// End forgets a session for good. It is what a store's OnEnd calls.
func (c *Cache) End(key Key) {
	c.ends.Add(1) // before the shards are looked at, see put
	defer c.ends.Add(1)
	for i := range c.shards {
		shard := &c.shards[i]
		shard.mu.Lock()
		if s := shard.byKey.get(key); s != nil {
			s.flags.Or(isEnded)
			shard.forget(s)
		}
		shard.mu.Unlock()
	}
}

// Change makes a session be looked up again before it counts, since what the
// store keeps of it changed. It is what a store's OnChange calls.
func (c *Cache) Change(key Key) {
	c.ends.Add(1) // see put
	defer c.ends.Add(1)
	for i := range c.shards {
		shard := &c.shards[i]
		shard.mu.RLock()
		if s := shard.byKey.get(key); s != nil {
			s.Doubt()
		}
		shard.mu.RUnlock()
	}
}

// Distrust makes every session that is remembered be looked up again before
// it counts, for when word of ended ones may have been missed. They are not
// forgotten: while the store is down they have their grace.
func (c *Cache) Distrust() {
	c.ends.Add(1)
	defer c.ends.Add(1)
	for i := range c.shards {
		shard := &c.shards[i]
		shard.mu.RLock()
		for _, s := range shard.byName.slots {
			if s != nil {
				s.Doubt()
			}
		}
		shard.mu.RUnlock()
	}
}
