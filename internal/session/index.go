package session

import (
	"encoding/binary"
	"math/rand/v2"
)

// index finds sessions by one of their names. It is a hash table with linear
// probing (D. E. Knuth, The Art of Computer Programming, volume 3, section 6.4,
// algorithms L and R). It holds pointers only and compares the names in the
// sessions themselves; a map holds each name once more and takes five times as
// much. Names are hashes already, so no other is made of them.
type index[N ~[16]byte] struct {
	nameOf func(*Session) *N
	slots  []*Session // as many as a power of two, at most 4 of 5 of them taken
	count  int
}

const minSlots = 8

// place is where the search for a name begins. The first bytes of a name choose
// the shard, so the last ones are used.
func (x *index[N]) place(name *N) int {
	return int(binary.LittleEndian.Uint64((*name)[8:]) & uint64(len(x.slots)-1))
}

func (x *index[N]) next(slot int) int { return (slot + 1) & (len(x.slots) - 1) }

// find returns the slot of a name, or the free one where it would be.
func (x *index[N]) find(name *N) int {
	slot := x.place(name)
	for x.slots[slot] != nil && *x.nameOf(x.slots[slot]) != *name {
		slot = x.next(slot)
	}
	return slot
}

func (x *index[N]) get(name N) *Session {
	if x.count == 0 {
		return nil
	}
	return x.slots[x.find(&name)]
}

// holds tells whether so many slots are enough for so many sessions.
func holds(slots, sessions int) bool { return sessions*5 <= slots*4 }

// fit makes as many slots as one session more needs.
func (x *index[N]) fit() {
	slots := minSlots
	for !holds(slots, x.count+1) {
		slots *= 2
	}
	before := x.slots
	x.slots = make([]*Session, slots)
	for _, s := range before {
		if s != nil {
			x.slots[x.find(x.nameOf(s))] = s
		}
	}
}

// put adds a session, in place of one that has the same name.
func (x *index[N]) put(s *Session) {
	if !holds(len(x.slots), x.count+1) {
		x.fit()
	}
	slot := x.find(x.nameOf(s))
	if x.slots[slot] == nil {
		x.count++
	}
	x.slots[slot] = s
}

// remove takes out the session of a name, if there is one, and closes the gap:
// whatever stands behind it, up to the next free slot, must still be found from
// where its search begins.
func (x *index[N]) remove(name N) {
	if x.get(name) == nil {
		return
	}
	gap := x.find(&name)
	x.slots[gap] = nil
	x.count--
	for slot := x.next(gap); x.slots[slot] != nil; slot = x.next(slot) {
		moved := x.slots[slot]
		x.slots[slot] = nil
		x.slots[x.find(x.nameOf(moved))] = moved
	}
}

// any returns one of the sessions, of which there is at least one.
func (x *index[N]) any() *Session {
	slot := rand.IntN(len(x.slots))
	for x.slots[slot] == nil {
		slot = x.next(slot)
	}
	return x.slots[slot]
}
