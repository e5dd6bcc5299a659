package session

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// A map tells what the index must hold. The places are few, so that names and
// keys get into each other's way.
func TestTheIndexHoldsWhatAMapWould(t *testing.T) {
	for _, places := range []uint64{1, 5, 100, 1 << 40} {
		var x index
		held := make(map[*Session]bool)
		var all []*Session
		for range 60 {
			s := &Session{Key: Key(NewID()), name: cookieName(NewID())}
			// The last places lie just before the end, where the table goes round.
			binary.LittleEndian.PutUint64(s.name[8:], ^rand.Uint64N(places))
			binary.LittleEndian.PutUint64(s.Key[8:], ^rand.Uint64N(places))
			all = append(all, s)
		}
		for step := range 5_000 {
			s := all[rand.IntN(len(all))]
			if held[s] {
				x.remove(s)
				delete(held, s)
			} else {
				x.put(s)
				held[s] = true
			}
			if x.count != len(held) {
				t.Fatalf("step %d: the index counts %d, want %d", step, x.count, len(held))
			}
			if len(held) > 0 && !held[x.any()] {
				t.Fatalf("step %d: any returns a session that was removed", step)
			}
			if step%1_000 == 0 {
				x.fit()
			}
			if step%100 != 0 {
				continue
			}
			for _, s := range all {
				var want *Session
				if held[s] {
					want = s
				}
				if byName, byKey := x.get(s.name), x.getByKey(s.Key); byName != want || byKey != want {
					t.Fatalf("step %d: a session is found as %p by its name and %p by its key, want %p", step, byName, byKey, want)
				}
			}
		}
	}
}
