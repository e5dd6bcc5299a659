// Package people knows who may enter: sets of addresses, named groups, and the
// rules of a site made of them.
package people

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/address"
)

// who is one entry of a rule: an address, all addresses of a domain, a group,
// or everyone. It never is a pattern of any other kind.
type who struct {
	everyone bool
	address  address.Address
	domain   string
	group    string
}

const groupPrefix = "group:"

// String is the entry as it is written in a configuration.
func (w who) String() string {
	switch {
	case w.everyone:
		return "*"
	case w.domain != "":
		return "*@" + w.domain
	case w.group != "":
		return groupPrefix + w.group
	}
	return string(w.address)
}

func parseWho(entry string) (who, error) {
	group, isGroup := strings.CutPrefix(entry, groupPrefix)
	domain, isDomain := strings.CutPrefix(entry, "*@")
	switch {
	case entry == "*":
		return who{everyone: true}, nil
	case isGroup:
		if err := CheckGroupName(group); err != nil {
			return who{}, err
		}
		return who{group: group}, nil
	case isDomain:
		parsed, err := address.ParseDomain(domain)
		if err != nil {
			return who{}, fmt.Errorf("%q: %w", entry, err)
		}
		return who{domain: parsed}, nil
	case strings.HasPrefix(entry, "{") && strings.HasSuffix(entry, "}"):
		return who{}, fmt.Errorf("%q: placeholders are not read here; write who it is, or in a Caddyfile {$NAME}, which is replaced before the file is read", entry)
	case strings.HasPrefix(entry, "@"):
		return who{}, fmt.Errorf("%q must be *%s, for all addresses of that domain", entry, entry)
	case !strings.Contains(entry, "@") || strings.Contains(entry, "*"):
		return who{}, fmt.Errorf("%q must be alice@example.com, *@example.com, group:<name> or *", entry)
	}
	parsed, err := address.Parse(entry)
	if err != nil {
		return who{}, fmt.Errorf("%q: %w", entry, err)
	}
	return who{address: parsed}, nil
}

// CheckGroupName reports whether a group may be called so: 1 to 64 letters,
// digits, dots, dashes and underscores. The name travels in a header, in which
// commas separate groups.
func CheckGroupName(name string) error {
	if name == "" || len(name) > 64 {
		return errors.New("the name of a group has 1 to 64 characters")
	}
	for _, c := range []byte(name) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("._-", c) >= 0) {
			return fmt.Errorf("%q: the name of a group has letters, digits, dots, dashes and underscores only", name)
		}
	}
	return nil
}

// CheckWho tells what is wrong with one entry of a rule, if anything.
func CheckWho(entry string) error {
	_, err := parseWho(entry)
	return err
}

// set is entries made quick to look up, however many there are.
type set struct {
	everyone  bool
	addresses map[address.Address]bool
	domains   map[string]bool
	groups    []string

	folds map[string]bool // of addresses
}

func parseSet(entries []string) (set, error) {
	s := set{addresses: make(map[address.Address]bool), domains: make(map[string]bool), folds: make(map[string]bool)}
	for _, entry := range entries {
		w, err := parseWho(entry)
		switch {
		case err != nil:
			return set{}, err
		case w.everyone:
			s.everyone = true
		case w.group != "":
			s.groups = append(s.groups, w.group)
		case w.domain != "":
			s.domains[w.domain] = true
		default:
			s.addresses[w.address], s.folds[w.address.Fold()] = true, true
		}
	}
	slices.Sort(s.groups)
	s.groups = slices.Compact(s.groups)
	return s, nil
}

// byItself tells which entries other than groups cover somebody.
func (s *set) byItself(a address.Address) (everyone, single, domain bool) {
	return s.everyone, s.addresses[a], len(s.domains) > 0 && s.domains[a.Domain()]
}

// containsMailbox reports whether an entry covers somebody by the configuration, or
// another address of the same mailbox.
func (s *set) containsMailbox(a address.Address, groups *Groups) bool {
	if s.contains(a, groups) {
		return true
	}
	if len(s.folds) == 0 && len(s.groups) == 0 {
		return false
	}
	fold := a.Fold()
	return s.folds[fold] || slices.ContainsFunc(s.groups, func(group string) bool { return groups.hasMailbox(group, fold) })
}

// contains reports whether an entry covers somebody by the configuration.
func (s *set) contains(a address.Address, groups *Groups) bool {
	if everyone, single, domain := s.byItself(a); everyone || single || domain {
		return true
	}
	for _, group := range s.groups {
		if groups.has(group, a) {
			return true
		}
	}
	return false
}

// coveringMailbox lists the entries that cover no more than another address of the
// same mailbox.
func (s *set) coveringMailbox(a address.Address, groups *Groups) (list []who) {
	fold := a.Fold()
	for _, entry := range slices.Sorted(maps.Keys(s.addresses)) {
		if entry != a && entry.Fold() == fold {
			list = append(list, who{address: entry})
		}
	}
	for _, group := range s.groups {
		if !groups.has(group, a) && groups.hasMailbox(group, fold) {
			list = append(list, who{group: group})
		}
	}
	return list
}

// covering lists the entries by which contains says so.
func (s *set) covering(a address.Address, groups *Groups) (list []who) {
	everyone, single, domain := s.byItself(a)
	if everyone {
		list = append(list, who{everyone: true})
	}
	if single {
		list = append(list, who{address: a})
	}
	if domain {
		list = append(list, who{domain: a.Domain()})
	}
	for _, group := range s.groups {
		if groups.has(group, a) {
			list = append(list, who{group: group})
		}
	}
	return list
}
