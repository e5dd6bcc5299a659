package people

import (
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
)

// Standing is what a store knows of a person beside the configuration: groups
// and grants. Each session of the person carries a copy, so that a request can
// be decided about without the person being looked up. It does not change; a
// nil Standing has nothing.
type Standing struct {
	Groups []string // sorted
	Grants []Grant
}

// Grant lets a person into one site whose rules do not, because an owner
// approved. It counts where the site has owners to ask, and nowhere else.
type Grant struct {
	Origin string    // the first one of the site
	Until  time.Time // zero: for good
}

// IsEmpty reports whether it has nothing, as that of nearly everybody.
func (s *Standing) IsEmpty() bool { return s == nil || len(s.Groups) == 0 && len(s.Grants) == 0 }

// isIn reports whether a person is in a group by word of the store.
func (s *Standing) isIn(group string) bool { return s != nil && slices.Contains(s.Groups, group) }

// IsGranted reports whether a person was granted a site for now.
func (s *Standing) IsGranted(site string, now time.Time) bool {
	return s != nil && slices.ContainsFunc(s.Grants, func(g Grant) bool { return g.counts(site, now) })
}

func (g Grant) counts(site string, now time.Time) bool {
	return g.Origin == site && (g.Until.IsZero() || now.Before(g.Until))
}

// Person is somebody that a store knows: whose address was proven, or who was
// added by an operator, an invitation or an approval.
type Person struct {
	Address  address.Address
	Added    time.Time // first known
	Proven   time.Time // when the address was proven first; zero: not yet
	Disabled bool      // may not sign in, whatever the rules say
	Standing
	Language string          // BCP 47, last chosen; may be empty
	Recovery address.Address // a second proven address that signs in as this person; may be empty

	// Barred is somebody else who was disabled and has the same mailbox, or had it
	// within FormerFor: nobody signs in by it. It is empty for nobody.
	Barred address.Address

	// Revision counts the changes of Disabled, Standing and Address, from 1. It is
	// 0 for somebody who is not known.
	Revision uint64
}

// FormerFor is how long an address that a person gave up, or proposed, is kept out
// with them when they are disabled.
const FormerFor = 90 * 24 * time.Hour

// MayNotSignIn reports whether the person may not sign in, whatever the rules say.
func (p Person) MayNotSignIn() bool { return p.Disabled || p.Barred != "" }

// IsKnown reports whether the store has the person.
func (p Person) IsKnown() bool { return !p.Added.IsZero() }
