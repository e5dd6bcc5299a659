package caddymodule

import (
	"fmt"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doorpost-auth/doorpost/internal/gate"
)

func init() {
	httpcaddyfile.RegisterDirective(portalHandler, readPortal)
	httpcaddyfile.RegisterDirectiveOrder(portalHandler, httpcaddyfile.After, "forward_auth")
}

// Portal serves the one origin where people sign in to all sites and see to their
// account. It takes no options: the origin is that of the global option portal.
type Portal struct {
	// Lines are where the directive stands in a Caddyfile, for errors. The adapter writes
	// them; nothing else depends on them.
	Lines Lines `json:"caddyfile,omitempty"`

	app  *App
	site *site
}

func (Portal) CaddyModule() caddy.ModuleInfo {
	return moduleInfo[Portal]("http.handlers.doorpost_portal")
}

func readPortal(h httpcaddyfile.Helper) ([]httpcaddyfile.ConfigValue, error) {
	p := new(Portal)
	if err := p.UnmarshalCaddyfile(h.Dispenser); err != nil {
		return nil, err
	}
	return keptRoute(h, p)
}

// UnmarshalCaddyfile reads the directive.
func (p *Portal) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	p.Lines.noteDirective(d)
	if d.NextArg() || d.NextBlock(d.Nesting()) {
		return d.Errf("doorpost_portal takes no options and no matcher; leave out %q", d.Val())
	}
	return nil
}

// Provision checks that this is the one site of the portal.
func (p *Portal) Provision(ctx caddy.Context) error {
	where := findSiteAddress(ctx)
	if err := p.provision(ctx, where); err != nil {
		return told(p.Lines.atLine(fmt.Errorf("site %s: doorpost_portal: %w", where.name(), err)))
	}
	return told(p.app.checkOtherServers(ctx))
}

func (p *Portal) provision(ctx caddy.Context, where siteAddress) error {
	app, err := ctx.App("doorpost")
	if err != nil {
		return err
	}
	p.app = app.(*App)
	if p.app.portal == (gate.Origin{}) {
		return fmt.Errorf("the global option doorpost%s names no portal; add to it, for example: portal https://login.example.com", alsoAt(p.app.Lines.of(directive)))
	}
	if err := p.app.checkPortalAddress(ctx, where); err != nil {
		return err
	}
	if p.app.portalSite != nil {
		if p.Lines.of(directive) < p.app.portalLines.of(directive) { // servers come in no order
			p.Lines, p.app.portalLines = p.app.portalLines, p.Lines
		}
		return fmt.Errorf("another site has it%s; keep it only at %s", alsoAt(p.app.portalLines.of(directive)), p.app.portal)
	}
	edge, err := p.app.edgeOf(ctx)
	if err != nil {
		return err
	}
	p.site = &site{edge: edge, hosts: where.hosts, views: p.app.views}
	if p.site.origins, err = gate.NewOrigins([]gate.Origin{p.app.portal}); err != nil {
		return err
	}
	edge.sites = append(edge.sites, p.site)
	p.app.portalSite, p.app.portalLines = p.site, p.Lines
	return p.app.checkOnlyPortal()
}

// ServeHTTP implements caddyhttp.MiddlewareHandler. The pages of the portal are answered
// at the edge; what comes here is its start page, or nothing that the portal has.
func (p *Portal) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	site, visit, err := p.site.meet(p.app, r)
	if err != nil {
		return unopened(w, err)
	}
	site.web.Serve(w, r, targetOf(r).Path, visit, clientIP(r))
	return nil
}

var (
	_ caddy.Provisioner           = (*Portal)(nil)
	_ caddyfile.Unmarshaler       = (*Portal)(nil)
	_ caddyhttp.MiddlewareHandler = (*Portal)(nil)
)
