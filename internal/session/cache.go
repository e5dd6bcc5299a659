package session

import (
	"crypto/sha256"
	"sync"
	"sync/atomic"
	"time"
)

// DefaultCacheSize is how many sessions an instance remembers unless it is told
// otherwise.
const DefaultCacheSize = 100_000

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
	mu       sync.RWMutex
	size     int
	sessions index
	turns    turns
}

// NewCache makes a cache for about size sessions. Beyond that, one is
// forgotten for each that is met: it is looked up again at its next request.
func NewCache(size int) *Cache {
	c := new(Cache)
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
	if shard.sessions.count <= size {
		return
	}
	for shard.sessions.count > size {
		shard.sessions.remove(shard.sessions.any())
	}
	shard.sessions.fit()
}

func (c *Cache) shard(name cookieName) *cacheShard { return &c.shards[name[0]%cacheShards] }

func (c *Cache) get(name cookieName) *Session {
	shard := c.shard(name)
	shard.mu.RLock()
	defer shard.mu.RUnlock()
	return shard.sessions.get(name)
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
	if before := shard.sessions.getByKey(s.Key); before != nil {
		shard.sessions.remove(before)
	}
	if shard.sessions.count >= shard.size {
		shard.sessions.remove(shard.sessions.any())
	}
	shard.sessions.put(s)
}

// learn takes in what the store said of a session that is remembered unless one
// was ended or changed since the count of ends was taken. The lock keeps Change
// from coming between, whose doubt would be taken for the one that is settled.
func (c *Cache) learn(s *Session, r Record, now time.Time, ends uint64) {
	shard := c.shard(s.name)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if c.ends.Load() == ends {
		s.learn(r, now)
	}
}

func (c *Cache) remove(name cookieName) {
	shard := c.shard(name)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if s := shard.sessions.get(name); s != nil {
		shard.sessions.remove(s)
	}
}

// End forgets a session for good. It is what a store's OnEnd calls.
func (c *Cache) End(key Key) {
	c.ends.Add(1) // before the shards are looked at, see put
	defer c.ends.Add(1)
	for i := range c.shards {
		shard := &c.shards[i]
		shard.mu.Lock()
		if s := shard.sessions.getByKey(key); s != nil {
			s.state.Or(isEnded)
			shard.sessions.remove(s)
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
		if s := shard.sessions.getByKey(key); s != nil {
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
		for _, s := range shard.sessions.slots {
			if s != nil {
				s.Doubt()
			}
		}
		shard.mu.RUnlock()
	}
}
