package codec

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// Person is a people.Person. What is as with nearly everybody takes no room.
type Person struct {
	Added    int64               `cbor:"2,keyasint"`
	Language string              `cbor:"3,keyasint,omitempty"`
	Browsers []signin.BrowserKey `cbor:"4,keyasint,omitempty"` // familiar ones, the last one last
	Proven   int64               `cbor:"5,keyasint,omitempty"` // unless it is Added; notProven
	Disabled bool                `cbor:"6,keyasint,omitempty"`
	Standing *Standing           `cbor:"7,keyasint,omitempty"`
	Recovery address.Address     `cbor:"8,keyasint,omitempty"`
	Changes  uint64              `cbor:"10,keyasint,omitempty"` // as Revision, from 0
	Barred   []string            `cbor:"11,keyasint,omitempty"` // mailboxes that are kept out because the person is disabled
	Subject  people.Subject      `cbor:"12,keyasint,omitzero"`  // from the first sign-in on
}

const notProven = -1

// Standing is a people.Standing; nil for an empty one.
type Standing struct {
	Groups []string `cbor:"1,keyasint,omitempty"`
	Grants []Grant  `cbor:"2,keyasint,omitempty"`
}

// Grant is a people.Grant.
type Grant struct {
	Origin string `cbor:"1,keyasint"`
	Until  int64  `cbor:"2,keyasint,omitempty"`
}

// IsKnown reports whether there is such a person.
func (p Person) IsKnown() bool { return p.Added != 0 }

// IsProven reports whether the address was ever proven.
func (p Person) IsProven() bool { return p.IsKnown() && p.Proven != notProven }

// Prove notes that the address was proven, and is false if it was before.
func (p *Person) Prove(now time.Time) (first bool) {
	switch {
	case p.IsProven():
		return false
	case p.IsKnown():
		p.Proven = Millis(now)
	default:
		p.Added = Millis(now)
	}
	return true
}

// Become makes somebody known whose address was not proven yet.
func (p *Person) Become(now time.Time) { p.Added, p.Proven = Millis(now), notProven }

// Revision is that of a people.Person.
func (p Person) Revision() uint64 {
	if !p.IsKnown() {
		return 0
	}
	return p.Changes + 1
}

// Unpack is the person that the record is of.
func (p Person) Unpack(who address.Address) people.Person {
	unpacked := people.Person{
		Address: who, Added: someTime(p.Added), Disabled: p.Disabled, Language: p.Language, Recovery: p.Recovery,
		Revision: p.Revision(),
	}
	if standing := p.Standing.Unpack(); standing != nil {
		unpacked.Standing = *standing
	}
	switch {
	case !p.IsProven():
	case p.Proven == 0:
		unpacked.Proven = unpacked.Added
	default:
		unpacked.Proven = Time(p.Proven)
	}
	return unpacked
}

// PackStanding makes the record of a standing, nil for an empty one.
func PackStanding(s *people.Standing) *Standing {
	if s.IsEmpty() {
		return nil
	}
	packed := &Standing{Groups: s.Groups}
	for _, g := range s.Grants {
		packed.Grants = append(packed.Grants, Grant{Origin: g.Origin, Until: someMillis(g.Until)})
	}
	return packed
}

// Unpack is the standing that the record is of.
func (s *Standing) Unpack() *people.Standing {
	if s == nil {
		return nil
	}
	unpacked := &people.Standing{Groups: s.Groups}
	for _, g := range s.Grants {
		unpacked.Grants = append(unpacked.Grants, people.Grant{Origin: g.Origin, Until: someTime(g.Until)})
	}
	return unpacked
}
