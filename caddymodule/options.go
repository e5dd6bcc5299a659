package caddymodule

import (
	"cmp"
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

var checkLinkTTL = between(time.Minute, 24*time.Hour, "1m and 24h; 10m is a good choice")

// between checks a duration. bounds says in words what would be right.
func between(low, high time.Duration, bounds string) func(time.Duration) error {
	return func(d time.Duration) error {
		if d < low || d > high {
			return fmt.Errorf("%s is not between %s", spell(d), bounds)
		}
		return nil
	}
}

// spell writes a duration as an operator would: 7d, 10m, 1h30m.
func spell(d time.Duration) string {
	const day = 24 * time.Hour
	if d != 0 && d%day == 0 {
		return strconv.Itoa(int(d/day)) + "d"
	}
	s := strings.Replace(d.String(), "m0s", "m", 1)
	return strings.Replace(s, "h0m", "h", 1)
}

// defaultMute is how long strangers cannot have somebody written to who said
// that it was not them who asked.
const defaultMute = 24 * time.Hour

var checkMute = between(0, 31*24*time.Hour, "0 and 31d; 24h is a good choice")

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
	s.Absolute = cmp.Or(s.Absolute, caddy.Duration(defaultAbsolute))
	s.Idle = cmp.Or(s.Idle, min(caddy.Duration(defaultIdle), s.Absolute))
	s.Grace = cmp.Or(s.Grace, new(caddy.Duration(defaultGrace)))
	s.Cache = cmp.Or(s.Cache, session.DefaultCacheSize)
	err := cmp.Or(
		wrong("session idle", checkIdle(time.Duration(s.Idle))),
		wrong("session absolute", checkAbsolute(time.Duration(s.Absolute))),
		wrong("session grace", checkGrace(time.Duration(*s.Grace))),
		wrong("session cache", checkCache(s.Cache)),
	)
	if err != nil {
		return err
	}
	if s.Idle > s.Absolute {
		return wrong("session idle", fmt.Errorf("%s is longer than absolute, %s; make idle shorter, or absolute longer", spell(time.Duration(s.Idle)), spell(time.Duration(s.Absolute))))
	}
	if s.CookieDomain == "" {
		return nil
	}
	s.CookieDomain, err = parseCookieDomain(s.CookieDomain)
	return wrong("session cookie_domain", err)
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

var checkGrace = between(0, time.Hour, "0 and 1h; 5m is a good choice")

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
