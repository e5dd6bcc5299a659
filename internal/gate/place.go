package gate

import (
	"sync"
	"sync/atomic"

	"github.com/doorpost-auth/doorpost/internal/session"
)

// place is an origin of a site with what belongs to it alone.
type place struct {
	origin Origin
	name   string // of the origin
	cookie *session.Cookie
	small  string // name of the request cookie, or of the hop, see Site.AtPortal
}

// maxPlaces bounds how many hosts a wildcard site keeps the place of. Anybody can make
// up hosts; those beyond are made anew for each request.
const maxPlaces = 10_000

// places are those of a site, made once.
type places struct {
	origins Origins
	cookie  func(Origin) *session.Cookie
	small   func(Origin) string // names a place's small cookie
	fixed   map[string]*place   // by host and port, those without a wildcard
	met     sync.Map            // by host, those of wildcards
	count   atomic.Int32        // of met
}

func newPlaces(origins Origins, cookie func(Origin) *session.Cookie) *places {
	p := &places{origins: origins, cookie: cookie, small: RequestCookieName}
	p.fix()
	return p
}

// fix makes the places without a wildcard.
func (p *places) fix() {
	p.fixed = make(map[string]*place)
	for _, origin := range p.origins.list {
		if !origin.IsWildcard() {
			p.fixed[origin.HostPort()] = p.make(origin)
		}
	}
}

func (p *places) make(origin Origin) *place {
	return &place{origin: origin, name: origin.String(), cookie: p.cookie(origin), small: p.small(origin)}
}

// named is the place that a request's Host names without a wildcard, nil if there is none.
func (p *places) named(host string) *place {
	if fixed := p.fixed[host]; fixed != nil {
		return fixed
	}
	if origin, ok := p.origins.find(host); ok {
		return p.fixed[origin.HostPort()]
	}
	return nil
}

// wild is the place that a request's Host names by a wildcard, nil if there is none.
func (p *places) wild(host string) *place {
	origin := p.origins.byWildcard(host)
	if origin == (Origin{}) {
		return nil
	}
	if known, ok := p.met.Load(origin.host); ok {
		return known.(*place)
	}
	made := p.make(origin)
	if p.count.Load() < maxPlaces {
		if known, met := p.met.LoadOrStore(origin.host, made); met {
			return known.(*place)
		}
		p.count.Add(1)
	}
	return made
}

// of is the place of an origin, nil if the site does not have it.
func (p *places) of(origin Origin) *place {
	found := p.fixed[origin.HostPort()]
	if found == nil {
		found = p.wild(origin.HostPort())
	}
	if found == nil || found.origin != origin {
		return nil
	}
	return found
}
