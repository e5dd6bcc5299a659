package session

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"
)

// DefaultCacheSize is how many sessions an instance remembers unless the operator
// sets another number.
const DefaultCacheSize = 100_000

// cacheShards spreads the locks. Each shard has a bound of its own.
const cacheShards = 32

// cookieName is the name under which the cache has a session: the first half of a
// SHA-256 of the cookie's value and of the secrets that can read it. It takes less
// memory than the cookie, and nobody who finds it in memory can sign in with it.
// Once a secret is dropped, its cookies have other names.
type cookieName [16]byte

func (c *Cookie) nameOf(value string) cookieName {
	sum := sha256.Sum256(append(append(make([]byte, 0, 128), c.readBy[:]...), value...))
	return cookieName(sum[:16])
}

// Cache remembers the sessions that this instance has seen, by their cookies, so
// that a known one costs neither a decode nor a look into the store. It outlives
// a configuration; all configurations with one store share one cache.
//
// No library fits: a session is found by its cookie and ended by its key, and both
// must be one step.
type Cache struct {
	shards [cacheShards]cacheShard
	// ends is raised before and after each end or change is applied. An answer of
	// the store is remembered only if ends is the same as before the question.
	ends atomic.Uint64
}

// cacheShard finds the same sessions by name and by key: by the first half of both, which takes
// a tenth less memory for a session. Of two that have a half in common it remembers the later.
type cacheShard struct {
	mu     sync.RWMutex
	size   int
	byName map[half]*Session
	byKey  map[half]*Session
}

// half is the first half of a name or key.
type half uint64

func halfOf[T cookieName | Key](whole T) half { return half(binary.NativeEndian.Uint64(whole[:8])) }

// NewCache makes a cache for about size sessions. When it is full, each new one
// pushes another out, which is looked up again at its next request.
func NewCache(size int) *Cache {
	c := new(Cache)
	c.Resize(size)
	return c
}

// Resize makes room for about size sessions. If there are more, some are
// forgotten, and their memory is free.
func (c *Cache) Resize(size int) {
	for i := range c.shards {
		c.shards[i].resize(max(size/cacheShards, 1))
	}
}

func (shard *cacheShard) resize(size int) {
	shard.mu.Lock()
	defer shard.mu.Unlock()
	shard.size = size
	if shard.byName != nil && len(shard.byName) <= size {
		return
	}
	before := shard.byName // a map never shrinks, so there are new ones
	shard.byName, shard.byKey = make(map[half]*Session), make(map[half]*Session)
	for _, s := range before {
		if len(shard.byName) == size {
			break
		}
		shard.add(s)
	}
}

// named is the session with a name, nil for none.
func (shard *cacheShard) named(name cookieName) *Session {
	if s := shard.byName[halfOf(name)]; s != nil && s.name == name {
		return s
	}
	return nil
}

// keyed is the session with a key, nil for none.
func (shard *cacheShard) keyed(key Key) *Session {
	if s := shard.byKey[halfOf(key)]; s != nil && s.Key == key {
		return s
	}
	return nil
}

// add remembers a session in place of those that it has a half in common with: each one that
// is found by name is found by key.
func (shard *cacheShard) add(s *Session) {
	shard.drop(shard.byName[halfOf(s.name)])
	shard.drop(shard.byKey[halfOf(s.Key)])
	shard.byName[halfOf(s.name)], shard.byKey[halfOf(s.Key)] = s, s
}

// drop forgets a session that the shard has, or nil.
func (shard *cacheShard) drop(s *Session) {
	if s != nil {
		delete(shard.byName, halfOf(s.name))
		delete(shard.byKey, halfOf(s.Key))
	}
}

// dropAny forgets one session, a random one as far as Go's maps are random.
func (shard *cacheShard) dropAny() {
	for _, s := range shard.byName {
		shard.drop(s)
		return
	}
}

func (c *Cache) shard(name cookieName) *cacheShard { return &c.shards[name[0]%cacheShards] }

func (c *Cache) get(name cookieName) *Session {
	shard := c.shard(name)
	shard.mu.RLock()
	defer shard.mu.RUnlock()
	return shard.named(name)
}

// put remembers a session unless ends has moved on: what ended may be this one. A
// cookie has one spelling, see Cookie.Read, so one key has one name for each kind
// of cookie that reads it.
func (c *Cache) put(s *Session, ends uint64) {
	shard := c.shard(s.name)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if c.ends.Load() != ends {
		return
	}
	if len(shard.byName) >= shard.size && shard.keyed(s.Key) == nil {
		shard.dropAny()
	}
	shard.add(s)
}

// learn stores the store's answer about a remembered session unless ends has moved
// on. The lock keeps Change from coming between: its doubt would be cleared with
// the one that the answer settles.
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
	shard.drop(shard.named(name))
}

// Len is how many sessions are remembered.
func (c *Cache) Len() (n int) {
	for i := range c.shards {
		shard := &c.shards[i]
		shard.mu.RLock()
		n += len(shard.byName)
		shard.mu.RUnlock()
	}
	return n
}

// End forgets a session for good. It is what a store's OnEnd calls.
func (c *Cache) End(key Key) {
	c.ends.Add(1) // before any shard is searched, see put
	defer c.ends.Add(1)
	for i := range c.shards {
		shard := &c.shards[i]
		shard.mu.Lock()
		if s := shard.keyed(key); s != nil {
			s.end()
			shard.drop(s)
		}
		shard.mu.Unlock()
	}
}

// Change makes a session be looked up again before it counts, because the store's
// record of it changed. It is what a store's OnChange calls.
func (c *Cache) Change(key Key) {
	c.ends.Add(1) // see put
	defer c.ends.Add(1)
	for i := range c.shards {
		shard := &c.shards[i]
		shard.mu.RLock()
		if s := shard.keyed(key); s != nil {
			s.Doubt()
		}
		shard.mu.RUnlock()
	}
}

// Distrust makes every remembered session be looked up again before it counts, for
// when news of ended ones may have been missed. They are not forgotten: while the
// store is down they have their grace.
func (c *Cache) Distrust() {
	c.ends.Add(1)
	defer c.ends.Add(1)
	for i := range c.shards {
		shard := &c.shards[i]
		shard.mu.RLock()
		for _, s := range shard.byName {
			s.Doubt()
		}
		shard.mu.RUnlock()
	}
}
