package caddymodule

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/web/view"
	"golang.org/x/net/publicsuffix"
)

const defaultLinkTTL = 10 * time.Minute

func checkLinkTTL(d time.Duration) error {
	if d < time.Minute || d > 24*time.Hour {
		return fmt.Errorf("%v is not between 1m and 24h; 10m is a good choice", d)
	}
	return nil
}

// SessionConfig says how long somebody stays signed in.
type SessionConfig struct {
	// Idle ends a session that is not used for so long. Default 7d.
	Idle caddy.Duration `json:"idle,omitempty"`

	// Absolute ends a session however much it is used. Default 30d.
	Absolute caddy.Duration `json:"absolute,omitempty"`

	// Grace is how long sessions that were seen go on while the store does not
	// answer. Default 5m.
	Grace *caddy.Duration `json:"grace,omitempty"`

	// CookieDomain makes one sign-in serve all sites under a domain. Default:
	// each site has its own.
	CookieDomain string `json:"cookie_domain,omitempty"`
}

const (
	defaultIdle     = 7 * 24 * time.Hour
	defaultAbsolute = 30 * 24 * time.Hour
	defaultGrace    = 5 * time.Minute
	maxAbsolute     = 400 * 24 * time.Hour // browsers keep no cookie longer (RFC 6265bis, section 5.5)
)

func (s *SessionConfig) complete() error {
	if s.Idle == 0 {
		s.Idle = caddy.Duration(defaultIdle)
	}
	if s.Absolute == 0 {
		s.Absolute = caddy.Duration(defaultAbsolute)
	}
	if s.Grace == nil {
		grace := caddy.Duration(defaultGrace)
		s.Grace = &grace
	}
	switch {
	case time.Duration(s.Idle) < time.Minute:
		return fmt.Errorf("idle %v is under 1m", time.Duration(s.Idle))
	case time.Duration(s.Absolute) > maxAbsolute:
		return fmt.Errorf("absolute %v is over 400d, the longest that browsers keep a cookie", time.Duration(s.Absolute))
	case s.Idle > s.Absolute:
		return fmt.Errorf("idle %v is longer than absolute %v", time.Duration(s.Idle), time.Duration(s.Absolute))
	case *s.Grace < 0 || time.Duration(*s.Grace) > time.Hour:
		return fmt.Errorf("grace %v is not between 0 and 1h", time.Duration(*s.Grace))
	}
	if s.CookieDomain == "" {
		return nil
	}
	domain, err := parseCookieDomain(s.CookieDomain)
	s.CookieDomain = domain
	return err
}

// parseCookieDomain refuses a domain under which strangers have sites.
func parseCookieDomain(given string) (string, error) {
	domain, err := address.ParseDomain(strings.TrimPrefix(given, "."))
	if err != nil {
		return "", fmt.Errorf("cookie_domain %q: %w", given, err)
	}
	if suffix, _ := publicsuffix.PublicSuffix(domain); suffix == domain {
		return "", fmt.Errorf("cookie_domain %s is a public suffix: other people's sites lie under it; name your own domain, for instance example.%s", domain, domain)
	}
	return domain, nil
}

func (s SessionConfig) limits() session.Limits {
	return session.Limits{Idle: time.Duration(s.Idle), Absolute: time.Duration(s.Absolute), Grace: time.Duration(*s.Grace)}
}

// LimitsConfig bounds how often somebody may ask for a link.
type LimitsConfig struct {
	// Address is messages to one mailbox. Default 5 in 15m.
	Address *LimitConfig `json:"address,omitempty"`

	// Client is requests of one network: an IPv4 address, an IPv6 /64. Default
	// 30 in 15m.
	Client *LimitConfig `json:"client,omitempty"`

	// Total is messages in all. Default 1000 in 1h.
	Total *LimitConfig `json:"total,omitempty"`
}

// LimitConfig allows Max events in any span of Window.
type LimitConfig struct {
	Max    int            `json:"max"`
	Window caddy.Duration `json:"window"`
}

func (l *LimitsConfig) complete() error {
	for _, one := range []struct {
		name     string
		limit    **LimitConfig
		fallback LimitConfig
	}{
		{"address", &l.Address, LimitConfig{5, caddy.Duration(15 * time.Minute)}},
		{"client", &l.Client, LimitConfig{30, caddy.Duration(15 * time.Minute)}},
		{"total", &l.Total, LimitConfig{1000, caddy.Duration(time.Hour)}},
	} {
		if *one.limit == nil {
			*one.limit = &one.fallback
		}
		if err := (*one.limit).check(); err != nil {
			return fmt.Errorf("%s: %w", one.name, err)
		}
	}
	return nil
}

func (l LimitConfig) check() error {
	switch window := time.Duration(l.Window); {
	case l.Max < 1 || l.Max > 1_000_000:
		return fmt.Errorf("%d is not between 1 and 1000000", l.Max)
	case window < time.Second || window > 31*24*time.Hour:
		return fmt.Errorf("a window of %v is not between 1s and 31d", window)
	}
	return nil
}

func (l LimitsConfig) limits() signin.Limits {
	rule := func(c *LimitConfig) limit.Rule { return limit.Rule{Max: c.Max, Window: time.Duration(c.Window)} }
	return signin.Limits{Mailbox: rule(l.Address), Client: rule(l.Client), Total: rule(l.Total)}
}

// BrandConfig is how pages and messages present the sites.
type BrandConfig struct {
	// Name of the site. Default: its host.
	Name string `json:"name,omitempty"`

	// Logo is shown on pages: a path of the site, or an https address.
	Logo string `json:"logo,omitempty"`

	// Accent is the colour of buttons: #rgb or #rrggbb.
	Accent string `json:"accent,omitempty"`

	// Support is whom to ask for help: a mail address or an https address.
	Support string `json:"support,omitempty"`
}

func (b *BrandConfig) resolve() error {
	if len(b.Name) > 100 || strings.ContainsAny(b.Name, "\r\n") {
		return errors.New("name has at most 100 characters, on one line")
	}
	_, err := view.New(b.view())
	return err
}

func (b BrandConfig) view() view.Brand {
	return view.Brand{Name: b.Name, Logo: b.Logo, Accent: b.Accent, Support: b.Support}
}

// resolve fills in what a value names by {env.…} or {file.…}. A name that leads
// to nothing is an error: an empty secret is none.
func resolve(option, given string) (string, error) {
	resolved, err := caddy.NewReplacer().ReplaceOrErr(given, true, true)
	if err != nil {
		return "", fmt.Errorf("%s: %w", option, err)
	}
	if resolved == "" {
		return "", fmt.Errorf("%s is empty", option)
	}
	return resolved, nil
}

// value is one option that may be given by {env.…} or {file.…}.
type value struct {
	name, given string
	to          *string
	required    bool
}

func resolveAll(of string, values ...value) (err error) {
	for _, v := range values {
		if v.given == "" && !v.required {
			continue
		}
		if *v.to, err = resolve(of+" "+v.name, v.given); err != nil {
			return err
		}
	}
	return nil
}
