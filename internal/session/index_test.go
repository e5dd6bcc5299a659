package session

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// A map tells what the index must hold. The places are few, so that names get
// into each other's way.
func TestTheIndexHoldsWhatAMapWould(t *testing.T) {
	for _, places := range []uint64{1, 5, 100, 1 << 40} {
		x := index[Key]{nameOf: func(s *Session) *Key { return &s.Key }}
		held := make(map[Key]*Session)
		var names []Key
		for range 60 {
			name := Key(NewID())
			// The last places lie just before the end, where the table goes round.
			binary.LittleEndian.PutUint64(name[8:], ^rand.Uint64N(places))
			names = append(names, name)
		}
		for step := range 5_000 {
			name := names[rand.IntN(len(names))]
			if rand.IntN(2) == 0 {
				s := &Session{Key: name}
				x.put(s)
				held[name] = s
			} else {
				x.remove(name)
				delete(held, name)
			}
			if x.count != len(held) {
				t.Fatalf("step %d: the index counts %d, want %d", step, x.count, len(held))
			}
			if len(held) > 0 && held[x.any().Key] == nil {
				t.Fatalf("step %d: any returns a session that was removed", step)
			}
			if step%100 != 0 {
				continue
			}
			for _, name := range names {
				if x.get(name) != held[name] {
					t.Fatalf("step %d: %v is found as %v, want %v", step, name, x.get(name), held[name])
				}
			}
		}
	}
}
