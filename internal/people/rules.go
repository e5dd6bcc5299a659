package people

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
)

// Rules say who may enter: those that allow covers and deny does not, and, where
// there are owners to ask, those that an owner let in. An address that deny covers is
// kept out with all other addresses of its mailbox: a plus tag takes no new proof.
type Rules struct {
	allow, deny set
	owners      []address.Address
	site        string // whose grants count
	groups      *Groups
	fingerprint string
}

// NewRules makes rules from the entries of allow and deny, and from the owners
// to ask for access; allow has an entry, or there is an owner. The groups they
// name must exist: a store adds people to groups, and makes none.
func NewRules(allow, deny []string, owners []address.Address, groups *Groups) (*Rules, error) {
	if len(allow) == 0 && len(owners) == 0 {
		return nil, errors.New("nobody is allowed: name who may enter with allow, for instance allow alice@example.com *@example.org, or allow * for anyone who can prove an address")
	}
	r := &Rules{owners: owners, groups: groups}
	for _, option := range []struct {
		name    string
		entries []string
		to      *set
	}{{"allow", allow, &r.allow}, {"deny", deny, &r.deny}} {
		var err error
		if *option.to, err = parseSet(option.entries); err == nil {
			err = groups.Check(option.entries)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", option.name, err)
		}
	}
	r.fingerprint = fingerprint(allow, deny, owners, groups)
	return r, nil
}

// fingerprint covers everything that an answer of the rules depends on.
func fingerprint(allow, deny []string, owners []address.Address, groups *Groups) string {
	described := struct {
		Allow, Deny []string
		Ask         bool
		Groups      map[string][]string
	}{slices.Sorted(slices.Values(allow)), slices.Sorted(slices.Values(deny)), len(owners) > 0, map[string][]string{}}
	if groups != nil {
		for name, members := range groups.members {
			for a := range members.addresses {
				described.Groups[name] = append(described.Groups[name], string(a))
			}
			for domain := range members.domains {
				described.Groups[name] = append(described.Groups[name], "*@"+domain)
			}
			slices.Sort(described.Groups[name])
		}
	}
	canonical, err := json.Marshal(described)
	if err != nil {
		panic("describing rules: " + err.Error()) // strings always marshal
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:8])
}

// At tells which site the rules are of, by its first origin. It is called before
// the rules are asked.
func (r *Rules) At(site string) { r.site = site }

// Admits reports whether somebody with this standing in the store may enter.
func (r *Rules) Admits(a address.Address, s *Standing) bool {
	if s.IsEmpty() { // as it nearly always is
		return r.allow.contains(a, r.groups) && !r.deny.containsMailbox(a, r.groups)
	}
	w, possible := r.way(a)
	return possible && w.admits(s, time.Now())
}

// Owners are the people to ask for access; none where nobody may ask.
func (r *Rules) Owners() []address.Address { return r.owners }

// Fingerprint changes whenever an answer of Admits may have changed that the
// configuration gives.
func (r *Rules) Fingerprint() string { return r.fingerprint }

// Groups lists the groups that somebody is in, by the configuration or by what
// a store knows of them, sorted by name.
func (r *Rules) Groups(a address.Address, s *Standing) []string { return r.groups.Of(a, s) }
