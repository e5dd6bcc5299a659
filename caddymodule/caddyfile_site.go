package caddymodule

import (
	"errors"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doorpost-auth/doorpost/internal/assertion"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/people"
)

// readSite reads the site directive. Its matcher stays inside the handler,
// which has to see all requests of the site: what the client sent under the
// names of identity headers is deleted from those that do not match, too.
func readSite(h httpcaddyfile.Helper) ([]httpcaddyfile.ConfigValue, error) {
	if !h.Next() {
		return nil, h.ArgErr()
	}
	here := at(h.Dispenser)
	matcher, err := h.ExtractMatcherSet()
	if err != nil {
		return nil, here.WrapErr(err) // it does not say where
	}
	handler := new(Handler)
	if err := handler.UnmarshalCaddyfile(h.Dispenser); err != nil {
		return nil, err
	}
	if matcher != nil {
		handler.MatcherSetsRaw = caddyhttp.RawMatcherSets{matcher}
	}
	return keptRoute(h, handler)
}

// UnmarshalCaddyfile reads the site directive, as docs/options.md has it.
func (h *Handler) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	h.Lines.noteDirective(d)
	if d.NextArg() {
		return d.Errf("doorpost takes one matcher, such as /admin/* or @name, and options in a block; %q is neither", d.Val())
	}
	letsSomebodyIn := func() error {
		if len(h.Allow) == 0 && len(h.Ask) == 0 {
			return errors.New("doorpost lets nobody in: name who may enter with allow, for example allow alice@example.com *@example.org, or allow * for anyone who can prove an address")
		}
		return nil
	}
	return readBlock(d, "doorpost", letsSomebodyIn, h.Lines.noted(
		option{name: "allow", read: values(&h.Allow, "alice@example.com *@example.org", people.CheckWho), many: true},
		option{name: "deny", read: values(&h.Deny, "mallory@example.org", people.CheckWho), many: true},
		option{name: "ask", read: values(&h.Ask, "owner@example.com", parses(parseOwner)), many: true},
		option{name: "public", read: values(&h.Public, "/health /assets/*", checkPublic), many: true},
		option{name: "url", read: checkedValue(&h.URL, "https://app.example.com", parses(gate.ParseSiteOrigin))},
		option{name: "recent", read: oneOrAlso("15m", requirePasskey, func() { h.Require = requirePasskey }, takeDuration(&h.Recent, checkRecent))},
		option{name: "require", read: oneOf(&h.Require, requirePasskey)},
		option{name: "cors", read: values(&h.Cors, "https://dashboard.example.com", parses(gate.ParseCors)), many: true},
		option{name: "upgrades", read: values(&h.Upgrades, "websocket", gate.CheckUpgrade), many: true},
		option{name: "tokens", read: h.readTokens},
		option{name: "people", read: noValue(&h.People)},
		option{name: "assertion", read: h.readAssertion},
		option{name: "session", read: h.readSession, nested: true},
		option{name: "brand", read: func(d *caddyfile.Dispenser) error {
			h.Brand = new(BrandConfig)
			return h.Brand.read(d)
		}, nested: true},
		option{name: "headers", read: h.readHeaders, nested: true},
	)...)
}

func checkPublic(pattern string) error {
	_, err := gate.ParsePublicPaths([]string{pattern})
	return err
}

func (h *Handler) readAssertion(d *caddyfile.Dispenser) error {
	h.Assertion = assertion.Header
	if d.CountRemainingArgs() == 0 {
		return nil
	}
	return checkedValue(&h.Assertion, assertion.Header, checkHeaderName)(d)
}

func (h *Handler) readHeaders(d *caddyfile.Dispenser) error {
	if d.NextArg() {
		return d.Errf("headers does not take a value such as %q; its options stand in a block: user Remote-User", d.Val())
	}
	h.Headers = new(HeadersConfig)
	eachDiffers := func() error {
		_, err := h.Headers.names()
		return wrong("headers", err)
	}
	return readBlock(d, "headers", eachDiffers,
		option{name: "user", read: checkedValue(&h.Headers.User, "Remote-User", checkHeaderName)},
		option{name: "email", read: checkedValue(&h.Headers.Email, "Remote-Email", checkHeaderName)},
		option{name: "groups", read: checkedValue(&h.Headers.Groups, "Remote-Groups", checkHeaderName)},
		option{name: "name", read: checkedValue(&h.Headers.Name, "Remote-Name", checkHeaderName)},
	)
}

func checkHeaderName(given string) error {
	_, err := gate.HeaderNames{User: given}.Canonical()
	return err
}

var (
	_ caddyfile.Unmarshaler = (*Handler)(nil)
	_ caddy.Provisioner     = (*Handler)(nil)
)
