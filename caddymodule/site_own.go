package caddymodule

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/post"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// SiteSession narrows down for one site how long somebody stays signed in.
type SiteSession struct {
	// Idle ends a session that is not used for so long, at most the global idle.
	// Default: that.
	Idle caddy.Duration `json:"idle,omitempty"`

	// Absolute ends a session however much it is used, at most the global absolute.
	// Default: that.
	Absolute caddy.Duration `json:"absolute,omitempty"`
}

// check makes sure that the session of a site is not longer than that of all.
func (s SiteSession) check(all SessionConfig) error {
	for _, option := range []struct {
		name       string
		given, all caddy.Duration
		check      func(time.Duration) error
	}{{"idle", s.Idle, all.Idle, checkIdle}, {"absolute", s.Absolute, all.Absolute, checkAbsolute}} {
		given := time.Duration(option.given)
		if given == 0 {
			continue
		}
		err := option.check(given)
		if err == nil && option.given > option.all {
			err = fmt.Errorf("%s is longer than the global %s; a site may only narrow it down", spell(given), spell(time.Duration(option.all)))
		}
		if err != nil {
			return wrong("session "+option.name, err)
		}
	}
	if s.Idle > s.Absolute && s.Absolute != 0 {
		return wrong("session idle", fmt.Errorf("%s is longer than absolute %s, which ends the session anyhow; leave idle out, or make it shorter",
			spell(time.Duration(s.Idle)), spell(time.Duration(s.Absolute))))
	}
	if s != (SiteSession{}) && all.CookieDomain != "" {
		return wrong("session", errors.New("with cookie_domain all sites share one session; narrow down that, in the global option"))
	}
	return nil
}

func (h *Handler) readSession(d *caddyfile.Dispenser) error {
	return inBlock("session", nil,
		option{name: "idle", read: duration(&h.Session.Idle, "15m", checkIdle)},
		option{name: "absolute", read: duration(&h.Session.Absolute, "12h", checkAbsolute)},
	)(d)
}

// limits are how long sessions last at the site: the shortest of what its blocks say.
func (s *site) limits(all SessionConfig) (idle, absolute time.Duration) {
	idle, absolute = time.Duration(all.Idle), time.Duration(all.Absolute)
	for _, h := range s.handlers {
		idle = min(idle, time.Duration(cmp.Or(h.Session.Idle, all.Idle)))
		absolute = min(absolute, time.Duration(cmp.Or(h.Session.Absolute, all.Absolute)))
	}
	return min(idle, absolute), absolute
}

// limitsAt are those of sessions that have a scope.
func (a *App) limitsAt(scope string) session.Limits {
	limits := a.Session.limits()
	if origin, err := gate.ParseOrigin(scope); err == nil {
		if s := (behindPortal{a}).find(origin); s != nil {
			limits.Idle, limits.Absolute = s.limits(a.Session)
		}
	}
	return limits
}

// proof is what all blocks of the site ask of a proof.
func (s *site) proof() (all gate.Proof) {
	for _, h := range s.handlers {
		all = all.With(h.block.Proof)
	}
	return all
}

// joinBrand takes the brand of a block for the whole site.
func (s *site) joinBrand(a *App, h *Handler) (err error) {
	own := h.Brand
	switch {
	case s.brand == nil:
		s.brand, s.views = new(a.Brand), a.views
	case own != nil && s.ownBrand:
		return wrong("brand", errors.New("two blocks of this site have one; keep one"))
	}
	if own == nil {
		return nil
	}
	s.ownBrand = true
	a.advise(a.adviseOnLogo(*own, h.Lines))
	*s.brand = BrandConfig{
		Name: cmp.Or(own.Name, a.Brand.Name), Logo: cmp.Or(own.Logo, a.Brand.Logo),
		Accent: cmp.Or(own.Accent, a.Brand.Accent), Support: cmp.Or(own.Support, a.Brand.Support),
	}
	if err := s.brand.check(); err != nil {
		return named("brand", err)
	}
	s.views, err = view.New(view.Brand(*s.brand), a.overrides)
	return err
}

// brandOf is how messages present the site that has an origin.
func (a *App) brandOf(origin gate.Origin) post.Brand {
	if s := (behindPortal{a}).find(origin); s != nil {
		return post.Brand(*s.brand)
	}
	return post.Brand(a.Brand)
}
