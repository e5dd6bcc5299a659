package codec

import (
	"slices"

	"github.com/doorpost-auth/doorpost/internal/address"
)

// Mailbox is what holds for a mailbox, under whatever tags it is written to: it is
// known by the fold of its addresses.
type Mailbox struct {
	Muted    int64             `cbor:"1,keyasint,omitempty"` // until then its reader wants no messages
	Blocked  int64             `cbor:"2,keyasint,omitempty"` // until then it counts as one that does not exist
	Bars     []Bar             `cbor:"3,keyasint,omitempty"`
	Variants []address.Address `cbor:"4,keyasint,omitempty"` // of people who are known under another spelling than the fold
}

// Bar keeps a mailbox out because somebody was disabled who has it, or had.
type Bar struct {
	By       address.Address `cbor:"1,keyasint"`           // who was disabled
	Proposed bool            `cbor:"2,keyasint,omitempty"` // they have named the mailbox only, and proven nothing
}

// BarredBy is who keeps an address of the mailbox out, others than those given; empty
// for nobody. A mailbox that was only named may be anybody's, so people who are
// known by themselves are not kept out for that.
func (m *Mailbox) BarredBy(known bool, but ...address.Address) address.Address {
	for _, b := range m.Bars {
		if !slices.Contains(but, b.By) && !(b.Proposed && known) {
			return b.By
		}
	}
	return ""
}

// Lift takes away what somebody bars.
func (m *Mailbox) Lift(by address.Address) {
	m.Bars = slices.DeleteFunc(m.Bars, func(b Bar) bool { return b.By == by })
}

// IsLasting reports whether something of it has no end.
func (m *Mailbox) IsLasting() bool { return len(m.Bars)+len(m.Variants) > 0 }

// Trail is which other addresses somebody has had, or named, of late.
type Trail []Trace

// Trace is one of them.
type Trace struct {
	Address address.Address `cbor:"1,keyasint"`
	At      int64           `cbor:"2,keyasint"`           // when they gave it up, or named it last
	Proven  bool            `cbor:"3,keyasint,omitempty"` // it was theirs
}

// Add notes an address, once for all times that it was noted before.
func (t Trail) Add(next Trace) Trail {
	var kept Trail
	for _, before := range t {
		if before.Address != next.Address {
			kept = append(kept, before)
			continue
		}
		next.Proven = next.Proven || before.Proven
	}
	return append(kept, next)
}

// Since is what was noted after a time.
func (t Trail) Since(ms int64) (late Trail) {
	for _, trace := range t {
		if trace.At > ms {
			late = append(late, trace)
		}
	}
	return late
}
