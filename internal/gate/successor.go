package gate

import (
	"slices"

	"github.com/doorpost-auth/doorpost/internal/session"
)

// configuration is its sites by their names.
type configuration struct{ sites map[string]*Site }

// Use tells that a configuration is in use, by its sites, each under the name
// that it has in other configurations too. The caller calls retire when another
// has taken over. From then on, the newest of those in use decides about what
// came by the sites of this one.
func (l *Live) Use(sites map[string]*Site) (retire func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for name, s := range sites {
		s.name = name
	}
	c := &configuration{sites}
	l.inUse = append(l.inUse, c)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.inUse = slices.DeleteFunc(l.inUse, func(other *configuration) bool { return other == c })
		for _, s := range sites {
			s.retired = true
		}
	}
}

// keeper is the one that decides about a visit's session now; nil if the visit
// would not be let through any more: its rules are others, or what they go by
// is, such as a group that the person is not in any more. The lock of the
// configurations is held.
func (l *Live) keeper(v *Visit) *session.Keeper {
	if !v.site.retired {
		if !v.site.admits(v) {
			return nil
		}
		return v.site.keeper
	}
	if len(l.inUse) == 0 {
		return nil
	}
	sites := l.inUse[len(l.inUse)-1].sites
	if same := sites[v.site.name]; same != nil && same.serves(v) {
		if !same.keeps(v) {
			return nil
		}
		return same.keeper
	}
	// The server has another name now. All sites at the origin have to agree.
	var keeper *session.Keeper
	for _, s := range sites {
		switch {
		case !s.serves(v):
		case !s.keeps(v):
			return nil
		default:
			keeper = s.keeper
		}
	}
	return keeper
}

// admits tells whether each block that a visit of the site met admits the
// person still.
func (s *Site) admits(v *Visit) bool {
	for i, b := range s.blocks {
		if v.met(i) && !b.Rules.Admits(v.session.Address, v.session.Standing()) {
			return false
		}
	}
	return true
}

// serves tells whether a site has the origin of a visit to another.
func (s *Site) serves(v *Visit) bool {
	origin, _ := v.Origin()
	return slices.Contains(s.origins.list, origin)
}

// keeps tells whether a site would let a visit through that an earlier
// configuration did: its cookie still counts, and each block that the request
// would meet admits the person. The site serves the visit's origin.
func (s *Site) keeps(v *Visit) bool {
	origin, _ := v.Origin()
	cookie := s.cookies[slices.Index(s.origins.list, origin)]
	if id, ok := cookie.Read(v.sent.session); !ok || id.Key() != v.session.Key {
		return false
	}
	sameShape := slices.EqualFunc(s.blocks, v.site.blocks, func(a, b *Block) bool { return a.Covers == b.Covers })
	for i, b := range s.blocks {
		meets := v.metAny(b.Covers)
		if sameShape {
			meets = v.met(i)
		}
		if meets && !b.Rules.Admits(v.session.Address, v.session.Standing()) {
			return false
		}
	}
	return true
}

// met tells whether the visit needed the block of a number of its own site to
// let it pass. Where it needed none, those count that told whose it is. There is
// a bit for 64 of them; the others count as met.
func (v *Visit) met(number int) bool {
	blocks := v.passed.Load()
	if blocks == 0 {
		blocks = v.greeted.Load()
	}
	return number >= 64 || blocks&(1<<number) != 0
}

// metAny tells whether a visit met a block that covers the same requests. Where
// there was none, it cannot be told, and counts as met.
func (v *Visit) metAny(covers string) bool {
	known := false
	for i, b := range v.site.blocks {
		if b.Covers != covers {
			continue
		}
		if v.met(i) {
			return true
		}
		known = true
	}
	return !known
}
