package caddymodule

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/people"
)

// Handler lets a request pass to what comes behind it only with a session of
// somebody who is admitted, and tells the app who that is.
type Handler struct {
	// MatcherSetsRaw says which requests need a session. Default: all. Every
	// other request is public.
	MatcherSetsRaw caddyhttp.RawMatcherSets `json:"match,omitempty" caddy:"namespace=http.matchers"`

	// Allow lists who may enter: alice@example.com, *@example.com (that domain
	// only), group:<name>, * (anyone who can prove an address). Required.
	Allow []string `json:"allow,omitempty"`

	// Deny lists who may not, whatever Allow says.
	Deny []string `json:"deny,omitempty"`

	// Ask names owners of the site: people who are not admitted may ask them to be
	// let in. Default: nobody may ask.
	Ask []string `json:"ask,omitempty"`

	// Public lists paths that anyone may reach: /health, /assets/*. :pwa and
	// :well-known stand for several that go together.
	Public []string `json:"public,omitempty"`

	// Recent is how old the last proof of the address may be: 1m or more. Who is
	// signed in for longer is asked for another. Default: as old as the session.
	Recent caddy.Duration `json:"recent,omitempty"`

	// Require asks for a proof beyond the mail: passkey. Who signed in by mail makes one, or
	// uses the one they have. Default: none.
	Require string `json:"require,omitempty"`

	// URL is the public origin of the site, where its address does not tell it:
	// behind a proxy that speaks TLS, for catch-all and wildcard sites.
	URL string `json:"url,omitempty"`

	// Upgrades lists the protocols that a request may switch to with the header
	// Upgrade (RFC 9110, section 7.8). With any other, Upgrade is deleted. Those of
	// all blocks of a site count together. Default: websocket.
	Upgrades []string `json:"upgrades,omitempty"`

	// Tokens lets programs in that have a token: service for those of services, people also
	// for those that people make for themselves. Default: no program enters.
	Tokens string `json:"tokens,omitempty"`

	// People serves the page of the admins, /_doorpost/people, at this site. Any block
	// of a site may say so. Default: it is not served.
	People bool `json:"people,omitempty"`

	// Cors lists origins of other sites whose pages may send requests to the app:
	// https://dashboard.example.com. A preflight of such a page reaches the app, and it
	// may read a 401 of ours. Those of all blocks of a site count together.
	Cors []string `json:"cors,omitempty"`

	// Session is how long somebody stays signed in here, where that is shorter than
	// elsewhere.
	Session SiteSession `json:"session,omitzero"`

	// Brand is how pages and messages present this site. What is left out is as in the
	// global brand.
	Brand *BrandConfig `json:"brand,omitempty"`

	// Headers in which the app receives who is signed in.
	Headers *HeadersConfig `json:"headers,omitempty"`

	// Assertion is the name of a header in which the app receives a signed word on who is
	// signed in, a JWT that it can check: Doorpost-Assertion. Default: none.
	Assertion string `json:"assertion,omitempty"`

	// Lines are where the directive and its options stand in a Caddyfile, for errors and
	// warnings. The adapter writes them; nothing else depends on them.
	Lines Lines `json:"caddyfile,omitempty"`

	app      *App
	site     *site
	matchers caddyhttp.MatcherSets
	matcher  matcherWords // the same, for operators
	rules    *people.Rules
	partly   bool  // not all requests of the site reach it
	split    split // what keeps some of them from it
	server   *caddyhttp.Server
	block    *gate.Block
}

// HeadersConfig names headers for the app. One that is left out has its
// default name.
type HeadersConfig struct {
	// User is the address, in lower case. Default Remote-User.
	User string `json:"user,omitempty"`

	// Email is the address too. Default Remote-Email.
	Email string `json:"email,omitempty"`

	// Groups are joined by commas. Default Remote-Groups.
	Groups string `json:"groups,omitempty"`

	// Name is the person's name, if known. Default Remote-Name.
	Name string `json:"name,omitempty"`
}

func (c *HeadersConfig) names() (gate.HeaderNames, error) {
	if c == nil {
		c = new(HeadersConfig)
	}
	usual := gate.DefaultHeaderNames
	return gate.HeaderNames{
		User: cmp.Or(c.User, usual.User), Email: cmp.Or(c.Email, usual.Email),
		Groups: cmp.Or(c.Groups, usual.Groups), Name: cmp.Or(c.Name, usual.Name),
	}.Canonical()
}

func (Handler) CaddyModule() caddy.ModuleInfo { return moduleInfo[Handler]("http.handlers.doorpost") }

// Provision checks the configuration and joins the site that the handler
// stands in.
func (h *Handler) Provision(ctx caddy.Context) error {
	where := findSiteAddress(ctx)
	if err := h.provision(ctx, where); err != nil {
		return told(h.Lines.atLine(fmt.Errorf("site %s: %w", where.name(), err)))
	}
	return nil
}

func (h *Handler) provision(ctx caddy.Context, where siteAddress) error {
	app, err := ctx.App("doorpost")
	if err != nil {
		return err
	}
	h.app = app.(*App)
	covers, err := json.Marshal([]any{h.MatcherSetsRaw, h.Public}) // loading takes the matchers away
	if err != nil {
		return fmt.Errorf("matcher: %w", err)
	}
	h.matcher = describeMatchers(h.MatcherSetsRaw)
	if h.MatcherSetsRaw != nil {
		loaded, err := ctx.LoadModule(h, "MatcherSetsRaw")
		if err == nil {
			err = h.matchers.FromInterface(loaded)
		}
		if err != nil {
			return fmt.Errorf("loading the matcher: %w", err)
		}
		for _, pattern := range pathsOf(h.matchers) {
			if pattern == "" || !strings.Contains("/*{", pattern[:1]) {
				return fmt.Errorf("the matcher has the path %q, which no request has, so nothing is protected by it; write /%s", pattern, pattern)
			}
		}
	}
	if h.Recent != 0 {
		if err := checkRecent(time.Duration(h.Recent)); err != nil {
			return wrong("recent", err)
		}
	}
	if err := h.checkRequire(); err != nil {
		return err
	}
	tokens, known := tokenKinds[h.Tokens]
	if !known {
		return wrong("tokens", fmt.Errorf("%q is neither service nor people", h.Tokens))
	}
	h.block = &gate.Block{Covers: string(covers), Tokens: tokens, Proof: gate.Proof{Recent: time.Duration(h.Recent), Passkey: h.Require == requirePasskey}}
	if len(h.matchers) > 0 {
		h.block.Matches = h.matchers.AnyMatchWithError
		h.block.ByPath, h.block.ByMethod = looksAtPath(covers), bytes.Contains(covers, []byte("method"))
		h.block.ByQuery = bytes.Contains(covers, []byte("query"))
	}
	var owners []address.Address
	for _, given := range h.Ask {
		owner, err := parseOwner(given)
		if err != nil {
			return wrong("ask", err)
		}
		owners = append(owners, owner)
	}
	if err := cmp.Or(wrong("allow", h.app.groups.Check(h.Allow)), wrong("deny", h.app.groups.Check(h.Deny))); err != nil {
		return err
	}
	rules, err := people.NewRules(h.Allow, h.Deny, owners, h.app.groups)
	if err != nil {
		return err
	}
	h.block.Rules, h.rules, h.partly = rules, rules, len(where.partly) > 0
	h.split = split{byPath: where.named, byMethod: where.named} // by what invokes it
	if h.Public, err = gate.NamedPaths(h.Public); err == nil {
		h.block.Public, err = gate.ParsePublicPaths(h.Public)
	}
	if err != nil {
		return wrong("public", err)
	}
	for _, protocol := range h.Upgrades {
		if err := gate.CheckUpgrade(protocol); err != nil {
			return wrong("upgrades", err)
		}
	}
	for i, given := range h.Cors {
		origin, err := gate.ParseCors(given)
		if err != nil {
			return wrong("cors", err)
		}
		h.Cors[i] = origin.String()
	}
	if err := h.Session.check(h.app.Session); err != nil {
		return err
	}
	if h.block.Headers, err = h.Headers.names(); err != nil {
		return wrong("headers", err)
	}
	h.block.Headers.Assertion = h.Assertion
	if h.block.Headers, err = h.block.Headers.Canonical(); err != nil {
		return wrong("assertion", err)
	}
	if server, ok := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server); ok {
		registerConn(server)
		h.server = server
	}
	edge, err := h.app.edgeOf(ctx)
	if err != nil {
		return err
	}
	h.site, err = h.app.join(edge, where, h)
	return err
}

// looksAtPath reports whether a matcher may look at the path: any that names it does, in an
// expression too, and so may what the directives vars and map make of a request.
func looksAtPath(matcher []byte) bool {
	return bytes.Contains(matcher, []byte("path")) || bytes.Contains(matcher, []byte("uri")) || bytes.Contains(matcher, []byte(`"vars`))
}

// parseOwner reads an address of the option ask.
func parseOwner(given string) (address.Address, error) {
	owner, err := address.Parse(given)
	if strings.Contains(given, "*") { // a domain, as in allow
		err = errors.New("a message goes to an address, not to a domain")
	}
	if err != nil {
		return "", fmt.Errorf("%q: %w; owners are addresses, for example owner@example.com", given, err)
	}
	return owner, nil
}

func checkRecent(d time.Duration) error {
	if d < time.Minute {
		return fmt.Errorf("%v is too short: a message takes a while; write 1m or more", d)
	}
	return nil
}
