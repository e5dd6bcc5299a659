// Package limit counts events that have a limit: messages to one mailbox, requests of
// one network, messages in total.
//
// A count has slots of one sixteenth of the window. A slot counts until all of it is
// older than the window, so that no span of the window's length has more events than
// the limit; the price is a wait of up to a sixteenth longer. A count takes at most 76
// bytes, whatever the limit.
package limit

import (
	"bytes"
	"encoding/binary"
	"errors"
	"time"
)

// slotsInWindow is the number of slots of a window.
const slotsInWindow = 16

// Rule allows Max events in any span of Window. The zero Rule allows no event.
type Rule struct {
	Max    int
	Window time.Duration
}

// Use is one event to be counted under a name, for instance that of a mailbox.
type Use struct {
	Name string
	Rule Rule
}

func (r Rule) slot() time.Duration { return max(r.Window/slotsInWindow, time.Millisecond) }

// Lifetime is how long a count has to be kept after its last event.
func (r Rule) Lifetime() time.Duration { return r.Window + r.slot() }

// Count is how often something happened within the last window. The zero Count is
// empty. A Count is valid for the Window of the Rule that it was made with only.
type Count struct {
	newest int64 // number of the slot that bySlot[0] counts
	bySlot [slotsInWindow + 1]uint32
}

// Take counts one event at the given time and returns zero, if the rule has room for
// it. Otherwise it counts nothing and returns how long to wait until there is room:
// refused events do not extend the wait.
func (c *Count) Take(rule Rule, now time.Time) (wait time.Duration) {
	c.advance(now.UnixNano() / int64(rule.slot()))
	total := 0
	for _, n := range c.bySlot {
		total += int(n)
	}
	if total >= rule.Max {
		return c.untilRoom(rule, now, total)
	}
	c.bySlot[0]++
	return 0
}

// advance moves the slots on to the current one. After the clock steps back, events
// count in the newest slot, so that waits are too long rather than too short.
func (c *Count) advance(current int64) {
	steps := current - c.newest
	if steps <= 0 {
		return
	}
	var moved [slotsInWindow + 1]uint32
	if steps < int64(len(moved)) {
		copy(moved[steps:], c.bySlot[:])
	}
	c.newest, c.bySlot = current, moved
}

func (c *Count) untilRoom(rule Rule, now time.Time, total int) time.Duration {
	for age := slotsInWindow; age >= 0; age-- {
		total -= int(c.bySlot[age])
		if total < rule.Max {
			free := (c.newest - int64(age) + slotsInWindow + 1) * int64(rule.slot())
			return max(time.Duration(free-now.UnixNano()), time.Second)
		}
	}
	return max(rule.Window, time.Second)
}

// The lengths of a Count in a store.
const (
	shortest = 8
	longest  = shortest + 4*(slotsInWindow+1)
)

// MarshalBinary encodes the count for a store, without the zeros at its end:
// most counts are of one event.
func (c *Count) MarshalBinary() ([]byte, error) {
	encoded := binary.BigEndian.AppendUint64(make([]byte, 0, longest), uint64(c.newest))
	for _, n := range c.bySlot {
		encoded = binary.BigEndian.AppendUint32(encoded, n)
	}
	return encoded[:shortest+len(bytes.TrimRight(encoded[shortest:], "\x00"))], nil
}

// UnmarshalBinary decodes what MarshalBinary made.
func (c *Count) UnmarshalBinary(encoded []byte) error {
	if len(encoded) < shortest || len(encoded) > longest {
		return errors.New("a stored count has the wrong length")
	}
	var whole [longest]byte
	copy(whole[:], encoded)
	c.newest = int64(binary.BigEndian.Uint64(whole[:]))
	for i := range c.bySlot {
		c.bySlot[i] = binary.BigEndian.Uint32(whole[shortest+4*i:])
	}
	return nil
}
