// Package limit counts what may happen only so often: messages to one mailbox,
// requests of one network, messages in all.
//
// A count is kept in slots of one sixteenth of the window, each known by its
// end. A slot counts until the whole of it is past, so that no span of the
// window's length ever holds more than the limit, at the price of waiting up to
// a sixteenth longer. Seventeen slots are the most that count, whatever the
// limit. Counts made with another window still count: instances differ while a
// configuration is rolled out.
package limit

import (
	"maps"
	"slices"
	"time"
)

// slotsInWindow is how finely a window is divided.
const slotsInWindow = 16

// Rule allows Max events in any span of Window. The zero Rule allows none.
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

// Slot is the end of the slot that an event falls into, in Unix milliseconds.
func (r Rule) Slot(now time.Time) int64 {
	slot := r.slot().Milliseconds()
	return (now.UnixMilli()/slot + 1) * slot
}

// Past is the end of the newest slot that does not count any more, in Unix
// milliseconds.
func (r Rule) Past(now time.Time) int64 { return now.Add(-r.Window).UnixMilli() }

// Count is how often something happened of late, by the ends of slots.
type Count map[int64]int

// Wait is how long to wait until the rule has room for one more event; zero if
// it has room now. What is refused does not count, so it does not keep the door
// shut.
func (c Count) Wait(rule Rule, now time.Time) time.Duration {
	past, total := rule.Past(now), 0
	for end, n := range c {
		if end > past {
			total += n
		}
	}
	if total < rule.Max {
		return 0
	}
	for _, end := range slices.Sorted(maps.Keys(c)) {
		if end <= past {
			continue
		}
		if total -= c[end]; total < rule.Max {
			return max(time.Duration(end-past)*time.Millisecond, time.Second)
		}
	}
	return max(rule.Window, time.Second)
}

// GiveBack takes back one event that was counted in a slot; nothing if the slot does
// not count any more.
func (c Count) GiveBack(slot int64) {
	if c[slot]--; c[slot] <= 0 {
		delete(c, slot)
	}
}

// Take counts one event if the rule has room for it, and forgets the slots that
// do not count any more. Otherwise it returns how long to wait, as Wait does.
func (c Count) Take(rule Rule, now time.Time) (wait time.Duration) {
	if wait = c.Wait(rule, now); wait > 0 {
		return wait
	}
	past := rule.Past(now)
	maps.DeleteFunc(c, func(end int64, _ int) bool { return end <= past })
	c[rule.Slot(now)]++
	return 0
}
