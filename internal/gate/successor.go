package gate

import (
	"slices"

	"github.com/doorpost-auth/doorpost/internal/session"
)

// configuration has the sites of one configuration, by name.
type configuration struct{ sites map[string]*Site }

// Use adds a configuration that is in use now, with its sites by names that stay the
// same in other configurations. The caller calls retire when another configuration
// has replaced it. From then on the newest one in use decides about requests that
// came through the sites of this one.
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

// keeper is the keeper that decides about a visit's session now. It is nil if the
// visit would not pass any more, because the rules have changed, or the person has,
// such as by leaving a group. The caller holds l.mu.
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
		if !same.wouldPass(v) {
			return nil
		}
		return same.keeper
	}
	// The server has another name now. All sites with the origin must agree.
	var keeper *session.Keeper
	for _, s := range sites {
		switch {
		case !s.serves(v):
		case !s.wouldPass(v):
			return nil
		default:
			keeper = s.keeper
		}
	}
	return keeper
}

// admits reports whether each block that a visit of the site needed still admits the
// person.
func (s *Site) admits(v *Visit) bool {
	for i, b := range s.blocks {
		if v.needed(i) && !b.admits(v.session) {
			return false
		}
	}
	return true
}

// admits reports whether the block lets the requests of a session go on: what it asks of
// their age counts when they come.
func (b *Block) admits(s *session.Session) bool {
	t := s.Token()
	switch {
	case t == nil:
		return b.Rules.Admits(s.Address, s.Standing()) && b.Proof.admits(s)
	case t.IsPersonal():
		return b.Tokens == PersonalTokens && b.Rules.Admits(s.Address, s.Standing())
	}
	return b.Tokens != NoTokens
}

// serves reports whether a site has the origin of a visit to another.
func (s *Site) serves(v *Visit) bool {
	origin, _ := v.Origin()
	return s.places.of(origin) != nil
}

// wouldPass reports whether a visit that passed a site of an earlier configuration
// would pass this one: its cookie is still valid, and each block that the request
// would need admits the person. The site serves the visit's origin.
func (s *Site) wouldPass(v *Visit) bool {
	origin, _ := v.Origin()
	if v.session.Token() == nil {
		if id, ok := s.places.of(origin).cookie.Read(v.sent.session.first); !ok || id.Key() != v.session.Key {
			return false
		}
	}
	sameShape := slices.EqualFunc(s.blocks, v.site.blocks, func(a, b *Block) bool { return a.Covers == b.Covers })
	for i, b := range s.blocks {
		needed := v.neededAny(b.Covers)
		if sameShape {
			needed = v.needed(i)
		}
		if needed && !b.admits(v.session) {
			return false
		}
	}
	return true
}

// needed reports whether the visit needed the block with a number of its own site to
// pass. If it needed none, the blocks that greeted it count. There is a bit for 64
// blocks; any others count as needed.
func (v *Visit) needed(number int) bool {
	blocks := v.passed.Load()
	if blocks == 0 {
		blocks = v.greeted.Load()
	}
	return number >= 64 || blocks&(1<<number) != 0
}

// neededAny reports whether a visit needed a block that covers the same requests. It
// is true if its site has no such block: then nobody knows.
func (v *Visit) neededAny(covers string) bool {
	known := false
	for i, b := range v.site.blocks {
		if b.Covers != covers {
			continue
		}
		if v.needed(i) {
			return true
		}
		known = true
	}
	return !known
}
