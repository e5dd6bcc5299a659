package caddymodule

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/session"
	"golang.org/x/net/publicsuffix"
)

const defaultLinkTTL = 10 * time.Minute

func checkLinkTTL(d time.Duration) error {
	if d < time.Minute || d > 24*time.Hour {
		return fmt.Errorf("%s is not between 1m and 24h; 10m is a good choice", spell(d))
	}
	return nil
}

// spell writes a duration as an operator would: 7d, 10m, 1h30m.
func spell(d time.Duration) string {
	const day = 24 * time.Hour
	if d != 0 && d%day == 0 {
		return strconv.Itoa(int(d/day)) + "d"
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// defaultMute is how long strangers cannot have somebody written to who said
// that it was not them who asked.
const defaultMute = 24 * time.Hour

func checkMute(d time.Duration) error {
	if d < 0 || d > 31*24*time.Hour {
		return fmt.Errorf("%s is not between 0 and 31d; 24h is a good choice", spell(d))
	}
	return nil
}

// SessionConfig says how long somebody stays signed in, and what a process
// remembers of it.
type SessionConfig struct {
	// Idle ends a session that is not used for so long. Default 7d, or absolute
	// if that is shorter.
	Idle caddy.Duration `json:"idle,omitempty"`

	// Absolute ends a session however much it is used. Default 30d.
	Absolute caddy.Duration `json:"absolute,omitempty"`

	// Grace is how long sessions that were seen go on while the store does not
	// answer. Default 5m.
	Grace *caddy.Duration `json:"grace,omitempty"`

	// Cache is how many sessions a process remembers, so that it need not look
	// into the store: 1000 to 10000000. Default 100000.
	Cache int `json:"cache,omitempty"`

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
	if s.Absolute == 0 {
		s.Absolute = caddy.Duration(defaultAbsolute)
	}
	if s.Idle == 0 {
		s.Idle = min(caddy.Duration(defaultIdle), s.Absolute)
	}
	if s.Grace == nil {
		grace := caddy.Duration(defaultGrace)
		s.Grace = &grace
	}
	if s.Cache == 0 {
		s.Cache = session.DefaultCacheSize
	}
	if err := checkIdle(time.Duration(s.Idle)); err != nil {
		return fmt.Errorf("idle: %w", err)
	}
	if err := checkAbsolute(time.Duration(s.Absolute)); err != nil {
		return fmt.Errorf("absolute: %w", err)
	}
	if err := checkGrace(time.Duration(*s.Grace)); err != nil {
		return fmt.Errorf("grace: %w", err)
	}
	if err := checkCache(s.Cache); err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	if s.Idle > s.Absolute {
		return fmt.Errorf("idle: %s is longer than absolute, %s", spell(time.Duration(s.Idle)), spell(time.Duration(s.Absolute)))
	}
	if s.CookieDomain == "" {
		return nil
	}
	domain, err := parseCookieDomain(s.CookieDomain)
	if err != nil {
		return fmt.Errorf("cookie_domain: %w", err)
	}
	s.CookieDomain = domain
	return nil
}

func checkIdle(d time.Duration) error {
	if d < time.Minute {
		return fmt.Errorf("%s is under 1m; 7d is a good choice", spell(d))
	}
	return nil
}

func checkAbsolute(d time.Duration) error {
	switch {
	case d < time.Minute:
		return fmt.Errorf("%s is under 1m; 30d is a good choice", spell(d))
	case d > maxAbsolute:
		return fmt.Errorf("%s is over 400d, the longest that browsers keep a cookie", spell(d))
	}
	return nil
}

func checkGrace(d time.Duration) error {
	if d < 0 || d > time.Hour {
		return fmt.Errorf("%s is not between 0 and 1h; 5m is a good choice", spell(d))
	}
	return nil
}

func checkCache(sessions int) error {
	if sessions < 1000 || sessions > 10_000_000 {
		return fmt.Errorf("%d is not between 1000 and 10000000; %d is a good choice", sessions, session.DefaultCacheSize)
	}
	return nil
}

// parseCookieDomain refuses a domain under which strangers have sites.
func parseCookieDomain(given string) (string, error) {
	if !strings.Contains(strings.Trim(given, "."), ".") {
		return "", fmt.Errorf("%q has no dot in it; name a domain of yours, for example example.com", given)
	}
	domain, err := address.ParseDomain(strings.TrimPrefix(given, "."))
	if err != nil {
		return "", fmt.Errorf("%q: %w", given, err)
	}
	if suffix, _ := publicsuffix.PublicSuffix(domain); suffix == domain {
		return "", fmt.Errorf("%s is a public suffix: other people's sites lie under it; name your own domain, for example example.%s", domain, domain)
	}
	return domain, nil
}

func (s SessionConfig) limits() session.Limits {
	return session.Limits{Idle: time.Duration(s.Idle), Absolute: time.Duration(s.Absolute), Grace: time.Duration(*s.Grace)}
}
