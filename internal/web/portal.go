package web

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/portal"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// Sites are those that share a portal.
type Sites interface {
	// Find returns a site by an origin of it, with its own rules. found is false for
	// an origin that no site has.
	Find(gate.Origin) (site signin.Site, found bool)

	// Toward is the same site with the rules of the portal: somebody may sign in if any
	// site admits them. Only for an origin that Find finds.
	Toward(gate.Origin) signin.Site

	// Views are the pages in the brand of a site that Find finds.
	Views(gate.Origin) *view.Views

	// Outlived reports whether the proof of a session is older than sessions of a site
	// that Find finds may get.
	Outlived(gate.Origin, *session.Session) bool

	// Admitting are the origins of all sites that admit the person of a session, but
	// for wildcards.
	Admitting(*session.Session) []gate.Origin
}

// Fields of the query by which a site and the portal send a browser to each other.
const (
	siteField   = "site"
	toField     = "to"
	hopField    = "hop"
	ticketField = "ticket"
	triedField  = "tried" // how often a ticket did not work
)

// letThrough sends somebody who is signed in at the portal back to a site, with a
// ticket. Nobody sees a page then. Anybody else gets the form.
func (d *Door) letThrough(c *call) {
	query := c.r.URL.Query()
	site, found := d.entering(c, query)
	if !found {
		d.problem(c, http.StatusNotFound)
		return
	}
	to := d.wants(c, c.wanted.String()+gate.ReturnTo(query.Get(toField)))
	hop, hasHop := portal.ParseHopHash(query.Get(hopField))
	s, err := c.visit.Session(c.r)
	switch {
	case err != nil:
		d.failed(c, gate.SignInFor(to), err)
	case s == nil, query.Has(againField), d.Behind.Outlived(c.wanted, s):
		d.showSignIn(c, to, cmp.Or(readAgain(query), againAnyhow))
	case !site.Rules.Admits(s.Address, s.Standing()):
		d.showNotAdmitted(c, to, s, site.Rules)
	case !hasHop: // not sent by the site, which does it right
		c.seeOther(to)
	default:
		d.giveTicket(c, s, hop, query)
	}
}

// entering is the site that a browser comes from: its origin, written as it is, and once.
func (d *Door) entering(c *call, query url.Values) (site signin.Site, found bool) {
	if len(query[siteField]) != 1 {
		return site, false
	}
	origin, err := gate.ParseOrigin(query.Get(siteField))
	if err != nil || origin.String() != query.Get(siteField) {
		return site, false
	}
	if site, found = d.Behind.Find(origin); found {
		c.wanted = origin
	}
	return site, found
}

func (d *Door) giveTicket(c *call, s *session.Session, hop portal.HopHash, query url.Values) {
	ticket, err := d.Tickets.Ticket(s.Key, c.wanted.String(), hop)
	if err != nil {
		d.Logger.Error("making a ticket", "error", err)
		d.problem(c, http.StatusInternalServerError)
		return
	}
	back := url.Values{ticketField: {ticket}, toField: {gate.ReturnTo(query.Get(toField))}}
	if query.Has(triedField) {
		back.Set(triedField, query.Get(triedField))
	}
	c.seeOther(c.wanted.String() + gate.EnterPath + "?" + back.Encode())
}

// wants is where a person wants to go, as pages carry it: a path of this site, or, at a
// portal, a URL of a site behind it, which the call is about from then on. Anything else
// is the start page.
func (d *Door) wants(c *call, to string) string {
	if d.Behind == nil {
		to = gate.ReturnTo(to)
		c.renews = to == gate.RenewPath
		return to
	}
	if to == gate.AccountPath || to == gate.PeoplePath {
		return to
	}
	scheme, rest, _ := strings.Cut(to, "://")
	host, path, _ := strings.Cut(rest, "/")
	origin, err := gate.ParseOrigin(scheme + "://" + host)
	if err != nil || !strings.HasPrefix(to, origin.String()+"/") {
		return "/"
	}
	if _, found := d.Behind.Find(origin); !found {
		return "/"
	}
	c.wanted = origin
	path = gate.ReturnTo("/" + path)
	c.renews = path == gate.RenewPath
	return origin.String() + path
}

// siteLinks are the sites that somebody may enter, as their account shows them.
func (d *Door) siteLinks(s *session.Session) (links []view.SiteLink) {
	if d.Behind == nil {
		return nil
	}
	for _, origin := range d.Behind.Admitting(s) {
		links = append(links, view.SiteLink{Host: origin.Host(), URL: origin.String() + "/"})
	}
	return links
}
