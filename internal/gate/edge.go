package gate

import (
	"net/http"
	"net/url"

	"github.com/doorpost-auth/doorpost/internal/assertion"
)

// Edge is what every request to a server meets first, whatever route, order or
// error route it takes: nothing that a client claims to be reaches anything behind
// it. It is safe for concurrent use.
type Edge struct {
	sites []*Site
	names managed // of all sites

	// Behind finds the site that a request is led to whose Host names no origin of
	// any site; nil for none. It gets no page, and passes where no session is needed.
	Behind func(*http.Request) *Site
}

// NewEdge makes the edge of a server from all sites that it has.
func NewEdge(sites ...*Site) *Edge {
	e := &Edge{sites: sites}
	e.names.addName(TokenHeader)
	e.names.addName(assertion.Header) // an app may know the name, whether or not its site has one
	for _, s := range sites {
		for _, b := range s.blocks {
			e.names.add(b.Headers)
		}
	}
	return e
}

// Arrive begins the visit of a request: to the site that its Host names, or to none.
// It deletes whatever claims an identity under the names of any site, our cookies and
// tokens included. Nothing may read an identity from the request before.
func (e *Edge) Arrive(r *http.Request) *Visit {
	v := new(Visit)
	v.credentials.take(r)
	if v.site, v.place = e.find(r.Host); v.place == nil {
		removeCookies(r.Header, "", "")
		var upgrades []string
		if e.Behind != nil {
			if v.site = e.Behind(r); v.site != nil {
				upgrades = v.site.Upgrades
			}
		}
		v.forWorker = e.names.strip(r, upgrades)
		return v
	}
	v.sent = removeCookies(r.Header, v.place.cookie.Name(), v.place.small)
	v.forWorker = e.names.strip(r, v.site.Upgrades)
	return v
}

// find finds the site of a Host, nil for none. One that names the host goes before one
// with a wildcard.
func (e *Edge) find(host string) (*Site, *place) {
	for _, s := range e.sites {
		if p := s.places.named(host); p != nil {
			return s, p
		}
	}
	for _, s := range e.sites {
		if p := s.places.wild(host); p != nil {
			return s, p
		}
	}
	return nil, nil
}

// Clears decides whether a request may go on for all blocks of all sites of its host,
// those asked that were not met so far. It is for what answers in place of the app,
// such as error routes. It returns Pass if somebody is signed in who passed, with their
// visit; PassUnnamed if nobody needs to be; or the verdict of the first block that
// does not let it go on, with its visit. sent is as for Block.Decide.
func (e *Edge) Clears(v *Visit, r *http.Request, sent *url.URL) (verdict Verdict, at *Visit, err error) {
	verdict, at = PassUnnamed, v
	for _, s := range e.sites {
		if s != v.site && !s.has(r.Host) {
			continue
		}
		here := v.At(s)
		for _, b := range s.blocks {
			if here.cleared&here.bit(b) == 0 {
				if decided, err := b.Decide(here, r, sent); err != nil || decided != Pass && decided != PassUnnamed {
					return decided, here, err
				}
			}
		}
		if here.passed.Load() != 0 {
			verdict, at = Pass, here
		}
	}
	return verdict, at, nil
}

// has reports whether a Host names an origin of the site.
func (s *Site) has(host string) bool {
	return s.places.named(host) != nil || s.places.wild(host) != nil
}

// Site is the site that the request is at; nil for a host that no site has.
func (v *Visit) Site() *Site { return v.site }

// At is the visit of the same request to a site. A request may meet several: each
// decides for itself.
func (v *Visit) At(s *Site) *Visit {
	if v.site == nil {
		v.site = s
	}
	last := v
	for here := v; here != nil; here = here.other {
		if last = here; here.site == s {
			return here
		}
	}
	last.other = &Visit{site: s, sent: v.sent, credentials: v.credentials}
	if origin, ok := v.Origin(); ok {
		last.other.place = s.places.of(origin)
	}
	return last.other
}
