package people

import (
	"slices"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/address"
)

// AnyOf are the rules of all blocks of one site; there is at least one. It admits
// whomever one of them admits: that is enough to ask for a link.
type AnyOf []*Rules

// Admits reports whether one of the rules admits somebody.
func (all AnyOf) Admits(who address.Address, s *Standing) bool {
	return slices.ContainsFunc(all, func(r *Rules) bool { return r.Admits(who, s) })
}

// Admission is how the rules decide about an address.
func (all AnyOf) Admission(who address.Address) Admission {
	admission := all[0].Admission(who)
	for _, r := range all[1:] {
		admission.Ways = append(admission.Ways, r.Admission(who).Ways...)
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

// Fingerprint changes whenever that of one of the rules does.
func (all AnyOf) Fingerprint() string {
	var joined strings.Builder
	for _, r := range all {
		joined.WriteString(r.Fingerprint())
	}
	return joined.String()
}
