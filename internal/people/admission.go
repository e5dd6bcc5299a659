package people

import (
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
)

// Admission is how rules decide about one address, as far as the configuration
// goes. The rest is up to what a store knows of the person, which it decides
// within the step that needs to know. The zero Admission admits nobody.
type Admission struct {
	Ways  []Way  // any of them is enough
	AskAt string // the site whose owners may be asked, by its first origin
}

// Way is how one block of a site may let an address in.
type Way struct {
	Open    bool     // its configuration does
	Groups  []string // or one of these groups of the store does; sorted
	Granted bool     // or a grant for the site does
	Site    string   // by its first origin, which grants name
	Except  []string // but nobody who is in one of these groups of the store; sorted
}

// Admits decides about a person with this standing in the store.
func (a Admission) Admits(s *Standing, now time.Time) bool {
	return slices.ContainsFunc(a.Ways, func(w Way) bool { return w.admits(s, now) })
}

func (w Way) admits(s *Standing, now time.Time) bool {
	if slices.ContainsFunc(w.Except, s.isIn) {
		return false
	}
	return w.Open || slices.ContainsFunc(w.Groups, s.isIn) || w.Granted && s.IsGranted(w.Site, now)
}

// Admission tells how the rules decide about an address.
func (r *Rules) Admission(a address.Address) Admission {
	if way, ok := r.way(a); ok {
		return Admission{Ways: []Way{way}, AskAt: r.site}
	}
	return Admission{AskAt: r.site}
}

// way is false for an address that the rules never let in.
func (r *Rules) way(a address.Address) (Way, bool) {
	if r.deny.containsMailbox(a, r.groups) {
		return Way{}, false
	}
	w := Way{Open: r.allow.contains(a, r.groups), Groups: r.allow.groups, Granted: len(r.owners) > 0, Site: r.site, Except: r.deny.groups}
	return w, w.Open || len(w.Groups) > 0 || w.Granted
}

// MayAsk reports whether a person who is not admitted may ask the owners.
func (a Admission) MayAsk(s *Standing) bool {
	return slices.ContainsFunc(a.Ways, func(w Way) bool { return w.Granted && w.Site == a.AskAt && !slices.ContainsFunc(w.Except, s.isIn) })
}
