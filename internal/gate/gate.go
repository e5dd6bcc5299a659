// Package gate decides whether a request may pass to the app: it takes from it
// whatever claims an identity, finds its session, asks the rules, and writes
// the identity that was proven.
//
// Every request of every app behind the gate goes through here. One with a
// session that was checked a moment ago costs a scan of its header names, one
// look into a map for the session, a few for the rules, the headers that are
// set, and a place in a list of what is live, by which it is cut when its session
// ends before it does.
package gate

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
)

// Rules say who may enter, and which groups somebody is in.
type Rules interface {
	Admits(who address.Address, s *people.Standing) bool
	Groups(who address.Address, s *people.Standing) []string
}

// Site is one site's door. Its blocks act as one.
type Site struct {
	origins  Origins
	cookies  []*session.Cookie // one for each origin
	requests []string          // name of the request cookie, one for each origin
	keeper   *session.Keeper
	blocks   []*Block
	names    managed

	name    string // in all configurations, see Live.Use
	retired bool   // another configuration has taken over
}

// NewSite makes the door of a site with one session cookie for each origin.
func NewSite(origins Origins, cookies []*session.Cookie, keeper *session.Keeper, blocks ...*Block) *Site {
	s := &Site{origins: origins, cookies: cookies, keeper: keeper, blocks: blocks}
	for _, origin := range origins.list {
		s.requests = append(s.requests, RequestCookieName(origin))
	}
	for i, b := range blocks {
		b.number = i
		s.names.add(b.Headers)
	}
	return s
}

// RequestCookieName is the name of the cookie that marks a browser that asked
// for a link.
func RequestCookieName(o Origin) string {
	if o.IsSecure() {
		return "__Host-doorpost-ask"
	}
	return "doorpost-ask"
}

// Block says whom one directive lets in.
type Block struct {
	Rules   Rules
	Public  PublicPaths
	Headers HeaderNames

	// Recent is how old the proof of an address may be; 0: as old as the session.
	Recent time.Duration

	// Matches reports whether the block is for a request; nil: it is for all.
	Matches func(*http.Request) (bool, error)

	// Covers says which requests need a session: two blocks with the same text
	// mean the same requests. It is compared only.
	Covers string

	number int // among the blocks of its site
}

// Visit is one request on its way through the site.
type Visit struct {
	site    *Site
	sent    cookieValues
	session *session.Session
	ends    uint64 // see session.Keeper.Ends
	err     error
	looked  bool
	origin  int32 // number of the origin that Host names, -1 for any other Host

	// The blocks that let it pass, and those that only told whose it is: a bit
	// for each.
	passed, greeted atomic.Uint64
	live            exchange      // see Live
	told            identityCells // what the app is told
}

// Arrive begins a visit: it takes from the request what claims an identity,
// our cookies included. Nothing may read the request's identity before, and
// the first block that a request meets calls it, once.
func (s *Site) Arrive(r *http.Request) *Visit {
	s.names.strip(r)
	v := &Visit{site: s, origin: -1}
	if i, ok := s.origins.find(r.Host); ok {
		v.origin = int32(i)
		v.sent = takeCookies(r.Header, s.cookies[i].Name(), s.requests[i])
	} else {
		takeCookies(r.Header, "", "")
	}
	return v
}

// Origin is the address of the site that the visitor uses; false if the Host
// is none of the site's.
func (v *Visit) Origin() (Origin, bool) {
	if v.origin < 0 {
		return Origin{}, false
	}
	return v.site.origins.list[v.origin], true
}

// OriginNumber is the place of that origin among the site's. Only for a visit that
// has one.
func (v *Visit) OriginNumber() int { return int(v.origin) }

// Cookie is the session cookie of the origin. Only for a visit that has one.
func (v *Visit) Cookie() *session.Cookie { return v.site.cookies[v.origin] }

// HadSessionCookie tells whether the browser sent something under the name of
// our session cookie.
func (v *Visit) HadSessionCookie() bool { return v.sent.sessions > 0 }

// RequestCookie is the value of the cookie that marks a browser that asked.
func (v *Visit) RequestCookie() string { return v.sent.request }

// Session finds who is signed in, nil for nobody. The error wraps
// session.ErrUnavailable.
func (v *Visit) Session(r *http.Request) (*session.Session, error) {
	if v.looked {
		return v.session, v.err
	}
	v.looked = true
	if v.origin < 0 || v.sent.session == "" {
		return nil, nil
	}
	v.ends = v.site.keeper.Ends()
	v.session, v.err = v.site.keeper.Find(r.Context(), v.Cookie(), v.sent.session)
	return v.session, v.err
}

// Check decides about a request and, if it passes, writes who is signed in
// into its headers.
func (b *Block) Check(v *Visit, r *http.Request) Verdict {
	s, err := v.Session(r)
	switch {
	case v.origin < 0:
		return WrongHost
	case err != nil:
		return Unavailable
	case s == nil:
		return NoSession
	case !b.Rules.Admits(s.Address, s.Standing()):
		return NotAdmitted
	case b.Recent > 0 && time.Since(s.SignedIn()) >= b.Recent:
		return NotRecent
	}
	v.passed.Or(1 << b.number)
	b.Headers.set(r.Header, b.Identity(s), &v.told)
	return Pass
}

// Greet is for a request to a public path, which passes anyway. It tells whether
// it does so as that of somebody who is signed in and admitted, and then writes
// who that is into its headers.
func (b *Block) Greet(v *Visit, r *http.Request) bool {
	s, err := v.Session(r)
	if err != nil || s == nil || !b.Rules.Admits(s.Address, s.Standing()) {
		return false
	}
	v.greeted.Or(1 << b.number)
	b.Headers.set(r.Header, b.Identity(s), &v.told)
	return true
}

// Identity is what the app is told of somebody.
func (b *Block) Identity(s *session.Session) Identity {
	id := Identity{User: string(s.Address), Email: string(s.Address)}
	if groups := b.Rules.Groups(s.Address, s.Standing()); len(groups) > 0 {
		id.Groups = strings.Join(groups, ",")
	}
	return id
}

// IdentityOf is what the app was told of somebody whom the block let pass, or
// greeted.
func (b *Block) IdentityOf(v *Visit) Identity { return b.Identity(v.session) }

// IsPublic tells whether anyone may make a request: its path is public as it
// stands, and neither it nor the path that the visitor sent has two readings.
func (b *Block) IsPublic(current, sent *url.URL) bool {
	return b.Public.contains(current) && isPlainURL(sent)
}

// CheckCookieDomain tells whether a cookie domain serves an origin.
func CheckCookieDomain(domain string, o Origin) error {
	if o.host != domain && !strings.HasSuffix(o.host, "."+domain) {
		return fmt.Errorf("%s does not lie under cookie_domain %s", o, domain)
	}
	if !o.IsSecure() {
		return fmt.Errorf("%s is not https, which cookie_domain needs", o)
	}
	return nil
}
