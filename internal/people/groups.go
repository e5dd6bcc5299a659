package people

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/address"
)

// Groups are the named sets of people. The nil Groups has none.
type Groups struct {
	members map[string]set
	names   []string // sorted
}

// NewGroups makes groups from the entries of each. A group has addresses and
// domains as members, not other groups, so that who is in it can be read in
// one place. One without members has those that a store adds.
func NewGroups(entries map[string][]string) (*Groups, error) {
	g := &Groups{members: make(map[string]set, len(entries)), names: slices.Sorted(maps.Keys(entries))}
	for _, name := range g.names {
		if err := CheckGroupName(name); err != nil {
			return nil, err
		}
		members, err := parseSet(entries[name])
		switch {
		case err != nil:
			return nil, fmt.Errorf("group %s: %w", name, err)
		case len(members.groups) > 0:
			return nil, fmt.Errorf("group %s: a group has addresses and domains as members, not the group %q; list its members", name, members.groups[0])
		case members.everyone:
			return nil, fmt.Errorf("group %s: everyone (*) is not a group; write allow * at the site", name)
		}
		g.members[name] = members
	}
	return g, nil
}

// Of lists the groups that somebody is in, sorted by name: those that the
// configuration puts them in, and those of its groups that a store does.
func (g *Groups) Of(a address.Address, s *Standing) []string {
	if g == nil {
		return nil
	}
	var in []string
	for _, name := range g.names {
		if g.has(name, a) || s.isIn(name) {
			in = append(in, name)
		}
	}
	return in
}

func (g *Groups) has(name string, a address.Address) bool {
	if g == nil {
		return false
	}
	members, known := g.members[name]
	return known && (members.addresses[a] || members.domains[a.Domain()])
}

// hasMailbox reports whether an address with a fold is a member.
func (g *Groups) hasMailbox(name, fold string) bool {
	return g != nil && g.members[name].folds[fold]
}

// Has reports whether there is a group of that name.
func (g *Groups) Has(name string) bool {
	if g == nil {
		return false
	}
	_, known := g.members[name]
	return known
}

// Check returns an error if one of the entries of a rule names a group that does
// not exist.
func (g *Groups) Check(entries []string) error {
	for _, entry := range entries {
		name, isGroup := strings.CutPrefix(entry, groupPrefix)
		if !isGroup || g.Has(name) {
			continue
		}
		known := "there is no group yet"
		if g != nil && len(g.names) > 0 {
			known = "there are: " + strings.Join(g.names, ", ")
		}
		return fmt.Errorf("there is no group %q; %s; make it in the global option doorpost: group %s alice@example.com", name, known, name)
	}
	return nil
}
