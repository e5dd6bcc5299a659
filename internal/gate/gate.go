// Package gate decides whether a request may pass to the app. It deletes whatever
// claims an identity, finds the session, asks the rules, and writes the identity
// that was proven.
//
// Every request of every app behind the gate comes here. One with a session that
// was checked a moment ago costs a scan of its header names, one look into a map for
// the session, a few for the rules, the headers that are set, and an entry in the
// list of live requests, which are cut when their session ends.
package gate

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/assertion"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
)

// Rules say who may enter, and which groups somebody is in.
type Rules interface {
	Admits(who address.Address, s *people.Standing) bool
	Groups(who address.Address, s *people.Standing) []string
}

// Site is the gate of one site. Its blocks act as one.
type Site struct {
	places *places
	keeper *session.Keeper
	blocks []*Block

	// Upgrades are the protocols that reach the app by the header Upgrade.
	Upgrades []string

	// ClientOf tells where a request comes from; nil: nobody knows.
	ClientOf func(*http.Request) netip.Addr

	// OnNewNetwork is told of a token that is used from a network for the first time.
	OnNewNetwork func(*http.Request, *session.Session)

	// Assertions signs what apps are told under HeaderNames.Assertion; nil where no block
	// names one.
	Assertions *assertion.Keys

	// Cors are the origins of other sites whose pages may send requests to the app.
	Cors []string

	name    string // the same in all configurations, see Live.Use
	retired bool   // another configuration has taken over
}

// MaxBlocks is how many blocks a site may have: a visit has a bit for each.
const MaxBlocks = 64

// NewSite makes the gate of a site. cookie makes the session cookie of an origin.
func NewSite(origins Origins, cookie func(Origin) *session.Cookie, keeper *session.Keeper, blocks ...*Block) *Site {
	return &Site{places: newPlaces(origins, cookie), keeper: keeper, blocks: blocks, Upgrades: []string{"websocket"}}
}

// AtPortal says that people sign in to the site elsewhere: the small cookie of its origins
// is the one that marks a browser on its way to the portal. Only before the first request.
func (s *Site) AtPortal() {
	s.places.small = HopCookieName
	s.places.fix()
}

// Block has the rules of one directive.
type Block struct {
	Rules   Rules
	Public  PublicPaths
	Headers HeaderNames

	// Proof is what it asks for beyond a session of a person.
	Proof Proof

	// Tokens are those of programs that it takes.
	Tokens Tokens

	// Matches reports whether the block is for a request; nil: it is for all.
	Matches func(*http.Request) (bool, error)

	// ByPath says that Matches looks at the path, ByMethod that it looks at the method, and
	// ByQuery at the query. A request that can be read in two ways counts as matched then: an
	// app may read it in the other.
	ByPath, ByMethod, ByQuery bool

	// Cuts are what routes before the block may cut off the path that the visitor asked for:
	// /app in handle_path /app/*, "" for nothing. Any other change of it is a rewrite.
	Cuts []string

	// Covers identifies the requests that need a session: two blocks with the same
	// text cover the same requests. The text has no other meaning.
	Covers string
}

// Visit is one request on its way through a site.
type Visit struct {
	site    *Site  // nil for a host that no site of the server has
	other   *Visit // at another site that the same request meets
	sent    cookieValues
	session *session.Session
	ends    uint64 // see session.Keeper.Ends
	err     error
	looked  bool

	credentials credentials
	problem     TokenProblem // of the token

	forWorker bool   // see ForWorker
	place     *place // that Host names, nil for any other Host

	// A bit for each block that let it pass, and for each that only named the person.
	passed, greeted atomic.Uint64
	cleared         uint64        // a bit for each block that let it go on, as somebody's or not
	live            exchange      // see Live
	cells           identityCells // hold the values of identity headers
}

// Origin is the origin of the site that the request's Host names; false if it names
// none of them.
func (v *Visit) Origin() (Origin, bool) {
	if v.place == nil {
		return Origin{}, false
	}
	return v.place.origin, true
}

// ForWorker reports whether the request is for the script of a service worker.
func (v *Visit) ForWorker() bool { return v.forWorker }

// Cookie is the session cookie of the origin. Only for a visit that has one.
func (v *Visit) Cookie() *session.Cookie { return v.place.cookie }

// Session finds who is signed in, nil for nobody; for a program that has a token, what its
// token is good for, whatever cookie comes beside it. The error is of kind
// fault.Unavailable.
func (v *Visit) Session(r *http.Request) (*session.Session, error) {
	if v.looked {
		return v.session, v.err
	}
	v.looked = true
	switch {
	case v.place == nil:
		return nil, nil
	case v.HasToken():
		v.session, v.problem, v.err = v.program(r)
		return v.session, v.err
	case !v.sent.session.sent:
		return nil, nil
	}
	v.ends = v.site.keeper.Ends()
	if v.sent.session.more != nil {
		v.settle()
	}
	v.session, v.err = v.site.keeper.Find(r.Context(), v.Cookie(), v.sent.session.first)
	return v.session, v.err
}

// HasEnded asks the store whether the session of a visit is over. A newer proof may have ended
// it at another instance a moment ago, and this one not heard of that yet.
func (v *Visit) HasEnded(ctx context.Context) bool {
	if v.session == nil {
		return true
	}
	v.session.Doubt()
	s, err := v.site.keeper.Find(ctx, v.Cookie(), v.sent.session.first)
	return s == nil && err == nil
}

// Check decides about a request and, if it passes, writes who is signed in
// into its headers. sent is as for Decide.
func (b *Block) Check(v *Visit, r *http.Request, sent *url.URL) Verdict {
	s, err := v.Session(r)
	switch {
	case v.place == nil:
		return WrongHost
	case err != nil:
		return Unavailable
	case v.HasToken():
		if verdict := b.checkToken(v, r, sent); verdict != Pass {
			return verdict
		}
	case s == nil:
		return NoSession
	case !b.Rules.Admits(s.Address, s.Standing()):
		return NotAdmitted
	default:
		if verdict := b.Proof.Judge(s); verdict != Pass {
			return verdict
		}
	}
	if v.err = b.tell(v, r, s); v.err != nil {
		return Unavailable
	}
	v.passed.Or(v.bit(b))
	return Pass
}

// bit is the bit of a block of the visit's site in passed and greeted.
func (v *Visit) bit(b *Block) uint64 { return 1 << slices.Index(v.site.blocks, b) }

// Greet is for a request to a public path, which passes anyway. If it is of somebody
// who is signed in and admitted, by a passkey where one is required, Greet writes who that is
// into its headers and returns true.
func (b *Block) Greet(v *Visit, r *http.Request, sent *url.URL) bool {
	s, err := v.Session(r)
	switch {
	case err != nil, s == nil:
		return false
	case v.HasToken():
		if b.checkToken(v, r, sent) != Pass {
			return false
		}
	case !b.Rules.Admits(s.Address, s.Standing()), !b.Proof.admits(s):
		return false
	}
	if b.tell(v, r, s) != nil {
		return false
	}
	v.greeted.Or(v.bit(b))
	return true
}

// Identity is what the app learns of the person of a session.
func (b *Block) Identity(s *session.Session) Identity {
	if t := s.Token(); t != nil && !t.IsPersonal() {
		user, groups := s.ServiceIdentity()
		return Identity{User: user, Groups: groups}
	}
	return IdentityOf(s.Address, b.Rules.Groups(s.Address, s.Standing()))
}

// IdentityOf is that of a person who is in groups.
func IdentityOf(who address.Address, groups []string) Identity {
	return Identity{User: string(who), Email: string(who), Groups: strings.Join(groups, ",")}
}

// Method is how the person of a visit signed in, in a word. Only for a visit that passed a
// block or was greeted.
func (v *Visit) Method() string { return v.session.Method().Word() }

// IdentityOf is what the app learned of the person of a visit, which passed the block
// or was greeted by it.
func (b *Block) IdentityOf(v *Visit) Identity { return b.Identity(v.session) }

// tell writes who is signed in into the headers of a request. It writes nothing, and
// returns an error, if the app is to get an assertion and there is no key to sign one.
func (b *Block) tell(v *Visit, r *http.Request, s *session.Session) error {
	id, signed := b.Identity(s), ""
	if b.Headers.Assertion != "" && !s.Subject.IsZero() { // zero: from before there were subjects
		var err error
		if signed, err = v.site.Assertions.Sign(&s.Assertions, v.place.name, assertionOf(s, id)); err != nil {
			return err
		}
	}
	b.Headers.set(r.Header, id, &v.cells)
	if signed != "" {
		r.Header[b.Headers.Assertion] = []string{signed}
	}
	return nil
}

// assertionOf is what an assertion says of the person of a session, beside what the app
// learns by headers.
func assertionOf(s *session.Session, id Identity) assertion.Person {
	return assertion.Person{
		Subject: s.Subject, Email: id.Email, Groups: id.Groups, Methods: s.Method().References(), SignedInAt: s.SignedIn(),
	}
}

// IsPublic reports whether anyone may make a request: its current path is public, and
// neither that nor the path that the visitor sent can be read in two ways.
func (b *Block) IsPublic(r *http.Request, sent *url.URL) bool {
	return b.Public.contains(r.URL.Path) && HasPlainPath(r, sent)
}

// CheckCookieDomain returns an error if an origin cannot have cookies of the domain.
func CheckCookieDomain(domain string, o Origin) error {
	if o.host != domain && !strings.HasSuffix(o.host, "."+domain) {
		return fmt.Errorf("%s is not under cookie_domain %s; name a domain that all sites are under, or leave cookie_domain out", o, domain)
	}
	if !o.IsSecure() {
		return fmt.Errorf("%s is not https, which cookie_domain needs; give the site an https address, or leave cookie_domain out", o)
	}
	return nil
}
