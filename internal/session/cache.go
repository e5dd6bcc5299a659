package session

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
)

// DefaultCacheSize is how many sessions an instance remembers.
const DefaultCacheSize = 100_000

// Session is one that was found. The fields do not change; what does is
// behind methods.
type Session struct {
	Key      Key
	Address  address.Address
	SignedIn time.Time

	// readBy is which kind of cookie it was found by: one whose secret was
	// dropped since is no cookie any more.
	readBy string

	ended   atomic.Bool
	doubted atomic.Bool  // word of its end may have been missed
	expires atomic.Int64 // Unix nanoseconds
	checked atomic.Int64 // when the store last confirmed it, Unix nanoseconds
	retry   atomic.Int64 // not before this is the store asked again, Unix nanoseconds
	seen    atomic.Int64 // as the store has it, Unix nanoseconds

	refresh sync.Mutex // held by the one request that asks the store again
	cookie  string     // that it was found by
}

// Expires is when the session ends unless it is used before.
func (s *Session) Expires() time.Time { return time.Unix(0, s.expires.Load()) }

// Ended tells whether the session was ended since it was found.
func (s *Session) Ended() bool { return s.ended.Load() }

// Doubt makes the session be looked up again before it counts, for when word of
// its end may have been missed.
func (s *Session) Doubt() {
	s.doubted.Store(true)
	s.retry.Store(0)
}

// cacheShards spreads the locks. Each shard is bounded by itself.
const cacheShards = 32

// Cache remembers the sessions that this instance has seen, under the very
// string of their cookie, so that a known one costs neither a decode nor a
// look into the store. It outlives a configuration; all that use one store
// share one cache.
//
// It is not one of the caches to be had as a library, because the end of a
// session must reach it by another name than the one it is found by, and
// nothing may come between the two.
type Cache struct {
	seed   maphash.Seed
	shards [cacheShards]cacheShard
	// ends counts words of sessions that were ended, at the beginning and at the
	// end of taking each in. A look into the store that was under way meanwhile
	// is not remembered.
	ends atomic.Uint64
}

type cacheShard struct {
	mu       sync.RWMutex
	size     int
	byCookie map[string]*Session
	byKey    map[Key]string // to find the cookie of one that is ended elsewhere
}

// NewCache makes a cache for about size sessions. Beyond that, one is
// forgotten for each that is met: it is looked up again at its next request.
func NewCache(size int) *Cache {
	c := &Cache{seed: maphash.MakeSeed()}
	for i := range c.shards {
		shard := &c.shards[i]
		shard.size = max(size/cacheShards, 1)
		shard.byCookie, shard.byKey = make(map[string]*Session), make(map[Key]string)
	}
	return c
}

func (c *Cache) shard(cookie string) *cacheShard {
	return &c.shards[maphash.String(c.seed, cookie)%cacheShards]
}

func (c *Cache) get(cookie string) *Session {
	shard := c.shard(cookie)
	shard.mu.RLock()
	defer shard.mu.RUnlock()
	return shard.byCookie[cookie]
}

// put remembers a session unless one was ended since the count of ends was
// taken; what is ended then may be this one. A cookie has one spelling, see
// Cookie.Read, so a key stands for one cookie.
func (c *Cache) put(s *Session, ends uint64) {
	shard := c.shard(s.cookie)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if c.ends.Load() != ends {
		return
	}
	if len(shard.byCookie) >= shard.size {
		for other, forgotten := range shard.byCookie { // any one: maps have no order
			delete(shard.byCookie, other)
			delete(shard.byKey, forgotten.Key)
			break
		}
	}
	shard.byCookie[s.cookie], shard.byKey[s.Key] = s, s.cookie
}

func (c *Cache) remove(cookie string) {
	shard := c.shard(cookie)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if s := shard.byCookie[cookie]; s != nil {
		delete(shard.byCookie, cookie)
		delete(shard.byKey, s.Key)
	}
}

// End forgets a session for good. It is what a store's OnEnd calls.
func (c *Cache) End(key Key) {
	c.ends.Add(1) // before the shards are looked at, see put
	defer c.ends.Add(1)
	for i := range c.shards {
		shard := &c.shards[i]
		shard.mu.Lock()
		if cookie, known := shard.byKey[key]; known {
			shard.byCookie[cookie].ended.Store(true)
			delete(shard.byCookie, cookie)
			delete(shard.byKey, key)
		}
		shard.mu.Unlock()
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
		for _, s := range shard.byCookie {
			s.Doubt()
		}
		shard.mu.RUnlock()
	}
}
