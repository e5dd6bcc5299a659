package people

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/doorpost-auth/doorpost/internal/address"
)

// Rules say who may enter: those whom allow covers and deny does not.
type Rules struct {
	allow, deny set
	groups      *Groups
	fingerprint string
}

// NewRules makes rules from the entries of allow, which has at least one, and
// deny. The groups they name must exist.
func NewRules(allow, deny []string, groups *Groups) (*Rules, error) {
	if len(allow) == 0 {
		return nil, errors.New("nobody is allowed: name who may enter with allow, for instance allow alice@example.com *@example.org, or allow * for anyone who can prove an address")
	}
	r := &Rules{groups: groups}
	var err error
	if r.allow, err = parseSet(allow); err != nil {
		return nil, fmt.Errorf("allow: %w", err)
	}
	if r.deny, err = parseSet(deny); err != nil {
		return nil, fmt.Errorf("deny: %w", err)
	}
	for _, name := range slices.Concat(r.allow.groups, r.deny.groups) {
		if !groups.known(name) {
			return nil, fmt.Errorf("group %q does not exist; make it in the global doorpost block: group %s alice@example.com", name, name)
		}
	}
	r.fingerprint = fingerprint(allow, deny, groups)
	return r, nil
}

// fingerprint covers everything that an answer of the rules depends on.
func fingerprint(allow, deny []string, groups *Groups) string {
	described := struct {
		Allow, Deny []string
		Groups      map[string][]string
	}{slices.Sorted(slices.Values(allow)), slices.Sorted(slices.Values(deny)), map[string][]string{}}
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

// Admits tells whether an address may enter.
func (r *Rules) Admits(a address.Address) bool {
	return !r.deny.contains(a, r.groups) && r.allow.contains(a, r.groups)
}

// Fingerprint changes whenever an answer of Admits may have changed.
func (r *Rules) Fingerprint() string { return r.fingerprint }

// Groups lists the groups that an address is in, sorted by name.
func (r *Rules) Groups(a address.Address) []string { return r.groups.Of(a) }
