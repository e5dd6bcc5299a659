package caddymodule

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/fault"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/people"
)

func reportCover(c people.Cover) adminapi.Cover {
	by := "configuration"
	if c.ByStore {
		by = "store"
	}
	return adminapi.Cover{Entry: c.Entry, By: by, Mailbox: c.Mailbox}
}

// explain is what the block says about somebody, wherever they go.
func (h *Handler) explain(who address.Address, standing *people.Standing) adminapi.Block {
	e := h.rules.Explain(who, standing)
	b := adminapi.Block{
		Matcher: h.matcher.text, Public: h.Public, Allow: orNone(h.Allow), Deny: orNone(h.Deny), Partly: h.partly,
		Denied: each(e.Denied, reportCover), Allowed: each(e.Allowed, reportCover), Admits: e.Admitted, MayAsk: e.MayAsk,
	}
	if h.Recent != 0 {
		b.Recent = spell(time.Duration(h.Recent))
	}
	b.Require = h.Require
	if e.Grant != nil {
		grant := reportGrant(*e.Grant)
		b.Grant = &grant
	}
	return b
}

// showWhy reports whether somebody would be let in at a URL, and why.
func showWhy(c *adminCall, who address.Address, order adminapi.WhyOrder) (report adminapi.WhyReport, err error) {
	target, s, err := c.findTarget(order)
	if err != nil {
		return report, err
	}
	p, err := c.rt.lookUp(c.ctx, who)
	if err != nil {
		return report, err
	}
	report = adminapi.WhyReport{
		Address: string(who), URL: target.String(), Site: originOf(target),
		Known: p.IsKnown(), Disabled: p.Disabled, Barred: string(p.Barred), Groups: orNone(c.groups.Of(who, &p.Standing)), Blocks: []adminapi.Block{},
		OwnPage: gate.IsOwnPath(target.Path),
	}
	for _, block := range s.handlers {
		b := block.explain(who, &p.Standing)
		block.check(c.ctx, target, &b)
		if block.matcher.beyondURL {
			report.TakenAs = http.MethodGet
		}
		report.Blocks = append(report.Blocks, b)
	}
	report.Conclude(!p.MayNotSignIn())
	return report, nil
}

// lookUp is somebody as the store has them, known or not.
func (rt *runningApp) lookUp(ctx context.Context, who address.Address) (people.Person, error) {
	p, _, err := rt.admin.People.Person(ctx, who)
	return p, fault.Store("looking a person up", err)
}

// check finds out whether a GET of a URL needs a session here. A matcher that
// fails makes the gate answer with an error, and nobody gets in.
func (h *Handler) check(ctx context.Context, target *url.URL, b *adminapi.Block) {
	r, err := requestFor(ctx, h.server, target, "127.0.0.1:0")
	if err == nil {
		b.Matched, err = h.matchers.AnyMatchWithError(r)
	}
	if err == nil {
		b.Needed, err = h.block.NeedsSession(r, r.URL)
	}
	if b.TwoReadings = b.Needed && !b.Matched; b.TwoReadings {
		b.Matched = true
	}
	if err != nil {
		b.Problem, b.Matched, b.Needed = err.Error(), true, true
	}
}

// requestFor makes the GET of a URL as a server of Caddy would get it, without any header, for
// matchers to look at.
func requestFor(ctx context.Context, server *caddyhttp.Server, target *url.URL, from string) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err == nil {
		r.URL, err = url.ParseRequestURI(target.RequestURI())
	}
	if err != nil {
		return nil, fmt.Errorf("making a request for the URL: %w", err)
	}
	r.RequestURI, r.RemoteAddr = target.RequestURI(), from
	if target.Scheme == "https" {
		r.TLS = &tls.ConnectionState{HandshakeComplete: true, ServerName: target.Hostname()}
	}
	return caddyhttp.PrepareRequest(r, caddy.NewReplacer(), nil, server), nil
}
