package session

import (
	"math/rand/v2"
	"testing"
)

// TestSessionsWithHalvesInCommonAreToldApart puts sessions that share the first half of their
// name or key into one shard. Whatever is found by name has that name, and ends by its key.
func TestSessionsWithHalvesInCommonAreToldApart(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		cache := NewCache(cacheShards * (1 + random.IntN(4)))
		var all []*Session
		for range 6 {
			s := new(Session)
			s.name[7], s.name[8+random.IntN(8)] = byte(random.IntN(3)), byte(random.IntN(3))
			s.Key[7], s.Key[8+random.IntN(8)] = byte(random.IntN(3)), byte(random.IntN(3))
			cache.put(s, cache.ends.Load())
			if cache.get(s.name) != s {
				t.Fatal("a session that was just put is not found")
			}
			all = append(all, s)
		}
		for _, s := range all {
			if got := cache.get(s.name); got != nil && got.name != s.name {
				t.Fatalf("for the name %x the session of %x is found", s.name, got.name)
			}
			found := cache.get(s.name) == s
			if cache.End(s.Key); found && (!s.Ended() || cache.get(s.name) != nil) {
				t.Fatalf("a session that is found by name goes on when its key %x has ended", s.Key)
			}
		}
		if n := cache.Len(); n != 0 {
			t.Fatalf("when all have ended, %d are remembered", n)
		}
	}
}
