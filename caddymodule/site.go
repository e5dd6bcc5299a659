package caddymodule

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync/atomic"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/web"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// site is the blocks of one site, which act as one.
type site struct {
	edge     *edge
	url      string
	urlLine  string              // where it stands
	hosts    []string            // of its address
	routes   caddyhttp.RouteList // those of the server that are for its hosts, once all are known
	origins  gate.Origins
	handlers []*Handler // one for each of its blocks
	brand    *BrandConfig
	ownBrand bool // a block has one
	views    *view.Views
	running  atomic.Pointer[runningSite]
}

// runningSite is a site once the app runs.
type runningSite struct {
	*site
	gate *gate.Site
	web  *web.Door

	split      split
	tellWorker func(script, scope string) // logs a service worker of the app, see noteWorker
}

// join adds a handler to its site.
func (a *App) join(e *edge, where siteAddress, h *Handler) (*site, error) {
	key := where.key(h.URL)
	s := a.sites[key]
	if s == nil {
		s = &site{edge: e, hosts: where.hosts}
		e.sites = append(e.sites, s)
	}
	if err := s.locate(a, where, h); err != nil {
		return nil, err
	}
	if err := s.checkNames(a, h); err != nil {
		return nil, err
	}
	h.rules.At(s.name())
	a.advise(a.adviseOnPeopleAt(s, h))
	if err := s.joinBrand(a, h); err != nil {
		return nil, err
	}
	if s.handlers = append(s.handlers, h); len(s.handlers) > gate.MaxBlocks {
		return nil, fmt.Errorf("the site has more than %d blocks of doorpost; let some of them share one, with a matcher for several paths", gate.MaxBlocks)
	}
	a.sites[key] = s
	return s, a.checkOnlyPortal()
}

// siteKeys are the keys of all sites, always in the same order.
func (a *App) siteKeys() []string { return slices.Sorted(maps.Keys(a.sites)) }

// name is the first of its origins, which grants name.
func (s *site) name() string { return s.origins.All()[0].String() }

// originHosts are the hosts of its origins.
func (s *site) originHosts() []string { return each(s.origins.All(), gate.Origin.Host) }

// rules are those of all its blocks.
func (s *site) rules() people.AnyOf {
	return each(s.handlers, func(h *Handler) *people.Rules { return h.rules })
}

// blocks are the rules of its directives.
func (s *site) blocks() []*gate.Block {
	return each(s.handlers, func(h *Handler) *gate.Block { return h.block })
}

// split is by what some requests of the site do not reach all of its blocks.
func (s *site) split() (all split) {
	for _, h := range s.handlers {
		all = all.or(h.split)
	}
	return all
}

// upgrades are the protocols that its blocks name, nil if they name none.
func (s *site) upgrades() (list []string) {
	for _, h := range s.handlers {
		list = append(list, h.Upgrades...)
	}
	return list
}

// signs reports whether one of its blocks tells the app by an assertion who is signed in.
func (s *site) signs() bool {
	return slices.ContainsFunc(s.handlers, func(h *Handler) bool { return h.Assertion != "" })
}

// servesPeople reports whether one of its blocks wants the page of the admins here.
func (s *site) servesPeople() bool {
	return slices.ContainsFunc(s.handlers, func(h *Handler) bool { return h.People })
}

// locate finds the origins of the site. The option url, in any of its blocks,
// wins over its address.
func (s *site) locate(a *App, where siteAddress, h *Handler) error {
	given := h.URL
	switch {
	case given != "" && s.url != "" && given != s.url:
		return wrong("url", fmt.Errorf("the blocks of this site name both %s%s and %s; a site has one, so keep one", s.url, alsoAt(s.urlLine), given))
	case given == "" && len(s.handlers) > 0:
		return nil
	}
	s.url, s.urlLine = given, h.Lines.of("url")
	var found []gate.Origin
	var err error
	if given == "" {
		found, err = where.origins(httpApp(a.ctx))
	} else if given, err = resolve("url", s.url); err == nil {
		var origin gate.Origin
		origin, err = gate.ParseSiteOrigin(given)
		found, err = []gate.Origin{origin}, wrong("url", err)
	}
	if err != nil {
		return err
	}
	if domain := a.Session.CookieDomain; domain != "" {
		for _, origin := range found {
			if err := gate.CheckCookieDomain(domain, origin); err != nil {
				return fmt.Errorf("session cookie_domain%s: %w", alsoAt(a.Lines.of("session")), err)
			}
		}
	}
	s.origins, err = gate.NewOrigins(found)
	return err
}

// open puts the site together with what the app opened.
func (s *site) open(a *App, rt *runningApp) {
	cookie := func(origin gate.Origin) *session.Cookie {
		return session.NewCookie(rt.ring, session.CookieOptions{
			Scope: cmp.Or(a.Session.CookieDomain, origin.String()), Domain: a.Session.CookieDomain,
			Port: origin.Port(), Secure: origin.IsSecure(), Lifetime: a.Session.limits().Absolute,
		})
	}
	keeper := rt.keeper.Narrowed(s.limits(a.Session))
	atGate := gate.NewSite(s.origins, cookie, keeper, s.blocks()...)
	if upgrades := s.upgrades(); upgrades != nil {
		atGate.Upgrades = upgrades
	}
	atGate.ClientOf, atGate.OnNewNetwork = clientIP, a.noteNewNetwork
	for _, h := range s.handlers {
		atGate.Cors = append(atGate.Cors, h.Cors...)
	}
	parts := web.Parts{
		Service: rt.service, Access: rt.access, Account: rt.account, Admin: rt.admin,
		Origins: s.origins, Rules: s.rules(), Proof: s.proof(), GroupsOf: a.groups.Of, Views: s.views, Languages: a.languages,
		Portal: a.portal, Tickets: rt.tickets, Tokens: rt.backend.store, TokenSites: a.tokenSitesFor(s), Audit: rt.audit,
		Passkeys: rt.passkeys, PasskeyDomain: a.passkeyDomain(), Requiring: a.requiring,
		Mailbox: a.mailbox, Hooks: a.hooks(rt.outbox), Logger: a.logger,
	}
	if s.signs() {
		atGate.Assertions, parts.Assertions = rt.signing.keys, rt.signing.keys
	}
	switch {
	case s == a.portalSite:
		behind := behindPortal{a}
		parts.Behind, parts.Rules, parts.IsAdmin = behind, behind.rules().Behind(nil), a.isAdmin
	case a.portalSite != nil:
		atGate.AtPortal()
	case s.servesPeople():
		parts.IsAdmin = a.isAdmin
	}
	s.running.Store(&runningSite{site: s, gate: atGate, web: web.NewDoor(rt.ring, parts), split: s.split(), tellWorker: a.workerNotice(s)})
}

// isAdmin reports whether somebody may manage people.
func (a *App) isAdmin(s *session.Session) bool {
	return a.admins != nil && a.admins.Admits(s.Address, s.Standing())
}

// meet is the site as it runs, and a visit there. The first request may come before the
// app was started, and opens it then.
func (s *site) meet(a *App, r *http.Request) (*runningSite, *gate.Visit, error) {
	if s.running.Load() == nil {
		if _, err := a.open(); err != nil {
			return nil, nil, err
		}
	}
	visit, err := s.edge.meet(r)
	if err != nil {
		return nil, nil, err
	}
	running := s.running.Load()
	return running, visit.At(running.gate), nil
}
