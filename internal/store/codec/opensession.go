package codec

import (
	"slices"

	"github.com/doorpost-auth/doorpost/internal/session"
)

// OpenSession is a session and its end as of its last use, with those that came of it.
type OpenSession struct {
	Key     session.Key   `cbor:"1,keyasint"`
	Expires int64         `cbor:"2,keyasint"`
	Sites   []SiteSession `cbor:"3,keyasint,omitempty"` // the last one made last
}

// SiteSession is a session at a site that came of one at the portal.
type SiteSession struct {
	Key   session.Key `cbor:"1,keyasint"`
	Scope string      `cbor:"2,keyasint"`
	Used  int64       `cbor:"3,keyasint,omitempty"` // last use of it alone
}

// Bounds of the sessions that come of one. A browser has one for each site; more of a
// site are made if it loses its cookies.
const (
	maxSites     = 100
	maxOfOneSite = 3
)

// Is reports whether a key is that of the session, or of one that came of it.
func (s OpenSession) Is(key session.Key) bool {
	return s.Key == key || slices.ContainsFunc(s.Sites, func(site SiteSession) bool { return site.Key == key })
}

// Keys are those of the session and of all that came of it.
func (s OpenSession) Keys() []session.Key {
	keys := []session.Key{s.Key}
	for _, site := range s.Sites {
		keys = append(keys, site.Key)
	}
	return keys
}

// Scopes are those of the sessions that came of it, each once.
func (s OpenSession) Scopes() (scopes []string) {
	for _, site := range s.Sites {
		if !slices.Contains(scopes, site.Scope) {
			scopes = append(scopes, site.Scope)
		}
	}
	return scopes
}

// Use notes a use of a session at a site, if it is one of those.
func (s *OpenSession) Use(key session.Key, at int64) {
	if i := slices.IndexFunc(s.Sites, func(site SiteSession) bool { return site.Key == key }); i >= 0 {
		s.Sites[i].Used = max(s.Sites[i].Used, at)
	}
}

// AddSite adds a session at a site, or notes its use if it is there, and returns those that
// give way to it.
func (s *OpenSession) AddSite(added SiteSession) (dropped []session.Key) {
	if s.Is(added.Key) {
		s.Use(added.Key, added.Used)
		return nil
	}
	ofSite := func(site SiteSession) bool { return site.Scope == added.Scope }
	same := 0
	for _, site := range s.Sites {
		if ofSite(site) {
			same++
		}
	}
	oldest := -1
	switch {
	case same == maxOfOneSite:
		oldest = slices.IndexFunc(s.Sites, ofSite)
	case len(s.Sites) == maxSites:
		oldest = 0
	}
	if oldest >= 0 {
		dropped = append(dropped, s.Sites[oldest].Key)
		s.Sites = slices.Delete(s.Sites, oldest, oldest+1)
	}
	s.Sites = append(s.Sites, added)
	return dropped
}

// OpenSession is the session with a key, or that the one with the key came of; one that
// is over already if none is open.
func (a *Address) OpenSession(key session.Key) OpenSession {
	if i := a.indexOf(key); i >= 0 {
		return a.Sessions[i]
	}
	return OpenSession{Key: key}
}

func (a *Address) indexOf(key session.Key) int {
	return slices.IndexFunc(a.Sessions, func(s OpenSession) bool { return s.Is(key) })
}

// HasSession reports whether a session is among them.
func (a *Address) HasSession(key session.Key) bool { return a.indexOf(key) >= 0 }

// PutSession adds a session, or puts it in the place of itself.
func (a *Address) PutSession(s OpenSession) {
	if i := a.indexOf(s.Key); i >= 0 {
		a.Sessions[i] = s
		return
	}
	a.Sessions = append(a.Sessions, s)
}

// DropSession takes a session out, with all that came of it.
func (a *Address) DropSession(key session.Key) {
	a.Sessions = slices.DeleteFunc(a.Sessions, func(s OpenSession) bool { return s.Is(key) })
}

// KeepSession drops all sessions but one.
func (a *Address) KeepSession(key session.Key) {
	a.Sessions = slices.DeleteFunc(a.Sessions, func(s OpenSession) bool { return !s.Is(key) })
}
