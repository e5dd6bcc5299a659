package people

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/doorpost-auth/doorpost/internal/address"
)

// AnyOf are the rules of all blocks of one site, or of all sites. It admits
// whomever one of them admits: that is enough to ask for a link.
type AnyOf []*Rules

// Admits reports whether one of the rules admits somebody.
func (all AnyOf) Admits(who address.Address, s *Standing) bool {
	return slices.ContainsFunc(all, func(r *Rules) bool { return r.Admits(who, s) })
}

// Admission is how the rules decide about an address.
func (all AnyOf) Admission(who address.Address) (admission Admission) {
	for _, r := range all {
		if way, ok := r.way(who); ok {
			admission.Ways = append(admission.Ways, way)
		}
		admission.AskAt = r.site
	}
	return admission
}

// Owners are those of all blocks, each once.
func (all AnyOf) Owners() (owners []address.Address) {
	for _, r := range all {
		for _, owner := range r.Owners() {
			if !slices.Contains(owners, owner) {
				owners = append(owners, owner)
			}
		}
	}
	return owners
}

// Behind are the rules of a portal towards somebody who wants to go to one of the sites:
// they admit the same people, and the owners to ask are those of that site. There are none
// to ask if the site is nil.
func (all AnyOf) Behind(site AnyOf) Portal { return Portal{all, site} }

// Portal are rules of all sites, see AnyOf.Behind.
type Portal struct {
	AnyOf
	site AnyOf
}

// Admission is how the rules decide about an address.
func (p Portal) Admission(who address.Address) Admission {
	admission := p.AnyOf.Admission(who)
	admission.AskAt = ""
	if len(p.site) > 0 {
		admission.AskAt = p.site[0].site
	}
	return admission
}

// Owners are those of the site.
func (p Portal) Owners() []address.Address { return p.site.Owners() }

// Fingerprint changes whenever that of one of the rules does.
func (all AnyOf) Fingerprint() string {
	if len(all) == 1 {
		return all[0].fingerprint
	}
	sum := sha256.New()
	for _, r := range all {
		sum.Write([]byte(r.fingerprint))
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}
