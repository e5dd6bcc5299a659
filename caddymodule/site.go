package caddymodule

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/web"
)

// site is the blocks of one site, which act as one.
type site struct {
	url      string
	origins  gate.Origins
	handlers []*Handler // of its blocks
	blocks   []*gate.Block
	rules    anyOf
	running  atomic.Pointer[door]
}

// door is a site once the app runs.
type door struct {
	gate *gate.Site
	web  *web.Door
}

// join adds a handler to its site.
func (a *App) join(p place, h *Handler, rules *people.Rules) (*site, error) {
	key := p.key(h.URL)
	s := a.sites[key]
	if s == nil {
		s = new(site)
	}
	if err := s.locate(a, p, h.URL); err != nil {
		return nil, err
	}
	rules.At(s.name())
	s.handlers = append(s.handlers, h)
	s.blocks = append(s.blocks, h.block)
	s.rules = append(s.rules, rules)
	a.sites[key] = s
	return s, nil
}

// name is the first of its origins, which grants name.
func (s *site) name() string { return s.origins.All()[0].String() }

// locate finds the origins of the site. The option url, in any of its blocks,
// wins over its address.
func (s *site) locate(a *App, p place, given string) error {
	switch {
	case given != "" && s.url != "" && given != s.url:
		return fmt.Errorf("url: the blocks of this site name both %s and %s; a site has one", s.url, given)
	case given == "" && len(s.blocks) > 0:
		return nil
	}
	var found []gate.Origin
	if given != "" {
		resolved, err := resolve("url", given)
		if err != nil {
			return err
		}
		origin, err := gate.ParseOrigin(resolved)
		if err != nil {
			return fmt.Errorf("url: %w", err)
		}
		s.url, found = given, []gate.Origin{origin}
	} else {
		var err error
		if found, err = p.origins(httpApp(a.ctx)); err != nil {
			return err
		}
	}
	if a.Session.CookieDomain != "" {
		for _, origin := range found {
			if err := gate.CheckCookieDomain(a.Session.CookieDomain, origin); err != nil {
				return fmt.Errorf("session cookie_domain: %w", err)
			}
		}
	}
	var err error
	s.origins, err = gate.NewOrigins(found)
	return err
}

// open puts the site together with what the app opened.
func (s *site) open(a *App, h *house) {
	var cookies []*session.Cookie
	for _, origin := range s.origins.All() {
		scope := origin.String()
		if a.Session.CookieDomain != "" {
			scope = a.Session.CookieDomain
		}
		cookies = append(cookies, session.NewCookie(h.ring, session.CookieOptions{
			Scope: scope, Domain: a.Session.CookieDomain, Secure: origin.IsSecure(), Lifetime: a.Session.limits().Absolute,
		}))
	}
	first := s.blocks[0]
	s.running.Store(&door{
		gate: gate.NewSite(s.origins, cookies, h.keeper, s.blocks...),
		web: web.NewDoor(h.ring, web.Parts{
			Service: h.service, Entry: h.entry, Account: h.account, Roster: h.roster,
			Origins: s.origins, Rules: s.rules, IsAdmin: a.isAdmin, GroupsOf: a.groups.Of, Name: s.name(), Views: a.views, Languages: a.languages,
			Identity: first.Identity,
			Mailbox:  a.mailbox, Hooks: a.hooks(h.outbox), Logger: a.logger,
		}),
	})
}

// isAdmin tells whether somebody may manage people.
func (a *App) isAdmin(s *session.Session) bool {
	return a.admins != nil && a.admins.Admits(s.Address, s.Standing())
}

// door is the site as it runs. The first request may come before the app was
// started, and opens it then.
func (s *site) door(a *App) (*door, error) {
	if d := s.running.Load(); d != nil {
		return d, nil
	}
	if _, err := a.open(); err != nil {
		return nil, err
	}
	return s.running.Load(), nil
}

// anyOf admits whomever any of the blocks of a site admits: that is enough to
// ask for a link. It implements signin.Rules.
type anyOf []*people.Rules

// Admits implements signin.Rules.
func (rules anyOf) Admits(who address.Address, s *people.Standing) bool {
	return slices.ContainsFunc(rules, func(r *people.Rules) bool { return r.Admits(who, s) })
}

// Admission implements signin.Rules.
func (rules anyOf) Admission(who address.Address) people.Admission {
	all := rules[0].Admission(who)
	for _, r := range rules[1:] {
		all.Ways = append(all.Ways, r.Admission(who).Ways...)
	}
	return all
}

// Owners implements signin.Rules: the owners of all blocks, each once.
func (rules anyOf) Owners() (owners []address.Address) {
	for _, r := range rules {
		for _, owner := range r.Owners() {
			if !slices.Contains(owners, owner) {
				owners = append(owners, owner)
			}
		}
	}
	return owners
}

// Fingerprint implements signin.Rules.
func (rules anyOf) Fingerprint() string {
	if len(rules) == 1 {
		return rules[0].Fingerprint()
	}
	var joined strings.Builder
	for _, r := range rules {
		joined.WriteString(r.Fingerprint())
	}
	return joined.String()
}
