package caddymodule

import (
	"cmp"
	"fmt"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

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
	// Max is how many: 1 to 1000000.
	Max int `json:"max"`

	// Window is how long: 1s to 31d.
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
		*one.limit = cmp.Or(*one.limit, &one.fallback)
		if err := (*one.limit).check(); err != nil {
			return wrong("limit "+one.name, err)
		}
	}
	return nil
}

func (l LimitConfig) check() error {
	switch window := time.Duration(l.Window); {
	case l.Max < 1 || l.Max > 1_000_000:
		return fmt.Errorf("%d is not between 1 and 1000000", l.Max)
	case window < time.Second || window > 31*24*time.Hour:
		return fmt.Errorf("a window of %s is not between 1s and 31d", spell(window))
	}
	return nil
}

func (l LimitsConfig) limits() signin.Limits {
	rule := func(c *LimitConfig) limit.Rule { return limit.Rule{Max: c.Max, Window: time.Duration(c.Window)} }
	return signin.Limits{Mailbox: rule(l.Address), Client: rule(l.Client), Total: rule(l.Total)}
}
