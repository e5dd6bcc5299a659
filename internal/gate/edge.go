package gate

import (
	"net/http"
	"net/url"
)

// Edge is what every request to a server meets first, whatever route, order or
// error route it takes: nothing that a client claims to be reaches anything behind
// it. It is safe for concurrent use.
type Edge struct {
	sites []*Site
	names managed // of all sites
}

// NewEdge makes the edge of a server from all sites that it has.
func NewEdge(sites ...*Site) *Edge {
	e := &Edge{sites: sites}
	for _, s := range sites {
		for _, b := range s.blocks {
			e.names.add(b.Headers)
		}
	}
	return e
}

// Arrive begins the visit of a request: to the site that its Host names, or to none.
// It deletes whatever claims an identity under the names of any site, our cookies
// included. Nothing may read an identity from the request before.
func (e *Edge) Arrive(r *http.Request) *Visit {
	v := new(Visit)
	if v.site, v.place = e.find(r.Host); v.site == nil {
		removeCookies(r.Header, "", "")
		e.names.strip(r, nil)
		return v
	}
	v.sent = removeCookies(r.Header, v.place.cookie.Name(), v.place.ask)
	e.names.strip(r, v.site.Upgrades)
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

// Clears reports whether all blocks of the visit's site let the request go on, those
// asked that were not met so far. It is for what answers in place of the app, such as
// error routes. sent is as for Block.Decide.
func (v *Visit) Clears(r *http.Request, sent *url.URL) bool {
	for _, b := range v.site.blocks {
		if v.cleared&v.bit(b) != 0 {
			continue
		}
		if verdict, err := b.Decide(v, r, sent); err != nil || verdict != Pass && verdict != PassUnnamed {
			return false
		}
	}
	return true
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
	last.other = &Visit{site: s, sent: v.sent}
	if origin, ok := v.Origin(); ok {
		last.other.place = s.places.of(origin)
	}
	return last.other
}
