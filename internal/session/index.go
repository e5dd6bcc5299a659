package session

import (
	"encoding/binary"
	"math/rand/v2"
)

// index finds sessions by their cookie and by their key. It is a hash table with
// linear probing (D. E. Knuth, The Art of Computer Programming, volume 3, section
// 6.4, algorithms L and R), and another that says where in the first one a key
// is. It holds no names and compares those in the sessions themselves; maps would
// hold each name once more. Names are hashes already, so no other is made of
// them.
type index struct {
	slots []*Session // by name; as many as a power of two, at most 4 of 5 of them taken
	byKey []uint32   // as many: where in slots the session of a key is, counted from 1; 0 where there is none
	count int
}

const minSlots = 8

// place is where the search for a name or a key begins. The first bytes of a name
// choose the shard, so the last ones are used.
func (x *index) place(hash *[16]byte) int {
	return int(binary.LittleEndian.Uint64(hash[8:]) & uint64(len(x.slots)-1))
}

func (x *index) next(at int) int { return (at + 1) & (len(x.slots) - 1) }

// find returns the slot of a name, or the free one where it would be.
func (x *index) find(name *cookieName) int {
	slot := x.place((*[16]byte)(name))
	for x.slots[slot] != nil && x.slots[slot].name != *name {
		slot = x.next(slot)
	}
	return slot
}

// findKey returns the place of a key in byKey, or the free one where it would be.
func (x *index) findKey(key *Key) int {
	at := x.place((*[16]byte)(key))
	for x.byKey[at] != 0 && x.slots[x.byKey[at]-1].Key != *key {
		at = x.next(at)
	}
	return at
}

func (x *index) get(name cookieName) *Session {
	if x.count == 0 {
		return nil
	}
	return x.slots[x.find(&name)]
}

func (x *index) getByKey(key Key) *Session {
	if x.count == 0 {
		return nil
	}
	slot := x.byKey[x.findKey(&key)]
	if slot == 0 {
		return nil
	}
	return x.slots[slot-1]
}

// holds tells whether so many slots are enough for so many sessions.
func holds(slots, sessions int) bool { return sessions*5 <= slots*4 }

// fit makes as many slots as one session more needs.
func (x *index) fit() {
	slots := minSlots
	for !holds(slots, x.count+1) {
		slots *= 2
	}
	before := x.slots
	x.slots, x.byKey = make([]*Session, slots), make([]uint32, slots)
	for _, s := range before {
		if s != nil {
			x.set(s)
		}
	}
}

// put adds a session, whose name and key the index does not have.
func (x *index) put(s *Session) {
	if !holds(len(x.slots), x.count+1) {
		x.fit()
	}
	x.set(s)
	x.count++
}

func (x *index) set(s *Session) {
	slot := x.find(&s.name)
	x.slots[slot] = s
	x.byKey[x.findKey(&s.Key)] = uint32(slot + 1)
}

// remove takes out a session that the index has, and closes the gaps: whatever
// stands behind one, up to the next free place, must still be found from where
// its search begins.
func (x *index) remove(s *Session) {
	gap := x.findKey(&s.Key)
	x.byKey[gap] = 0
	for at := x.next(gap); x.byKey[at] != 0; at = x.next(at) {
		moved := x.byKey[at]
		x.byKey[at] = 0
		x.byKey[x.findKey(&x.slots[moved-1].Key)] = moved
	}
	gap = x.find(&s.name)
	x.slots[gap] = nil
	for slot := x.next(gap); x.slots[slot] != nil; slot = x.next(slot) {
		moved := x.slots[slot]
		at := x.findKey(&moved.Key) // as long as the slot that it names is taken
		x.slots[slot] = nil
		to := x.find(&moved.name)
		x.slots[to] = moved
		x.byKey[at] = uint32(to + 1)
	}
	x.count--
}

// any returns one of the sessions, of which there is at least one.
func (x *index) any() *Session {
	slot := rand.IntN(len(x.slots))
	for x.slots[slot] == nil {
		slot = x.next(slot)
	}
	return x.slots[slot]
}
