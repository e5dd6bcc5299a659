// Package caddymodule is where Doorpost meets Caddy: it translates the
// configuration into the parts of the gate and a request into their terms.
// Policy is elsewhere; no other package imports Caddy.
package caddymodule

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/doorpost-auth/doorpost/internal/mail/console"
	"github.com/doorpost-auth/doorpost/internal/mail/mailgunapi"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/text"
	"github.com/doorpost-auth/doorpost/internal/web/view"
	"go.uber.org/zap/exp/zapslog"
)

func init() {
	caddy.RegisterModule(new(App))
	caddy.RegisterModule(Handler{})
	caddy.RegisterModule(EdgeBuilder{})
	caddy.RegisterModule(BoltStore{})
	caddy.RegisterModule(MemoryStore{})
	caddy.RegisterModule(RedisStore{})
	caddy.RegisterModule(MailgunMailer{})
	caddy.RegisterModule(SMTPMailer{})
	caddy.RegisterModule(ConsoleMailer{})
	caddy.RegisterModule(AdminAPI{})
}

// App is what all sites share: where sessions are kept, how mail is sent, and
// how often. Values that hold a secret, a path or an address may be given as
// {env.NAME} or {file./absolute/path}; they are resolved once, when the
// configuration loads.
type App struct {
	// Secrets sign cookies and links: base64 or hex, at least 32 bytes each.
	// The first signs, all verify. Default: one is generated at the first start
	// and kept in Caddy's storage.
	Secrets []string `json:"secrets,omitempty"`

	// StoreRaw is where requests and sessions are kept. Default: bolt, in
	// Caddy's data folder.
	StoreRaw json.RawMessage `json:"store,omitempty" caddy:"namespace=doorpost.stores inline_key=module"`

	// MailersRaw send the messages; the next takes over when one fails.
	// Default: console, with a warning.
	MailersRaw []json.RawMessage `json:"mailers,omitempty" caddy:"namespace=doorpost.mailers inline_key=module"`

	// From is the sender of all messages: "Example <sign-in@example.com>".
	// Required unless the only mailer is console.
	From string `json:"from,omitempty"`

	// LinkTTL is the life of a link and its code: 1m to 24h. Default 10m.
	LinkTTL caddy.Duration `json:"link_ttl,omitempty"`

	// Session says how long somebody stays signed in.
	Session SessionConfig `json:"session,omitzero"`

	// Groups are named sets of people, for allow and for the groups header.
	Groups map[string][]string `json:"groups,omitempty"`

	// Admins are who may manage people. Default: nobody.
	Admins []string `json:"admins,omitempty"`

	// Limits bound how often somebody may ask for a link.
	Limits LimitsConfig `json:"limits,omitzero"`

	// Mute is how long a mailbox gets no more messages that strangers asked
	// for, after its reader said that it was not them. Default 24h.
	Mute *caddy.Duration `json:"mute,omitempty"`

	// Brand is how pages and messages present the sites.
	Brand BrandConfig `json:"brand,omitzero"`

	// Templates is a folder with pages and messages that take the place of the
	// built-in ones.
	Templates string `json:"templates,omitempty"`

	ctx         caddy.Context
	logger      *slog.Logger
	auditLogger *slog.Logger
	store       StoreModule
	mailers     *mail.Failover
	mailModules []MailerModule // in their order
	webhooks    []*mailgunapi.Webhook
	metrics     *metrics
	overrides   fs.FS // the operator's templates, nil for none
	composer    *mail.Composer
	views       *view.Views
	mailbox     *console.Console // nil unless console is among the mailers
	from        mail.Mailbox
	secrets     [][]byte // as configured, may be none
	groups      *people.Groups
	admins      *people.Rules // nil: nobody
	languages   *text.Catalogue
	sites       map[string]*site
	edges       []*edge // one for each server with a site

	opening sync.Once
	opened  *runningApp
	failed  error
}

// CaddyModule implements caddy.Module.
func (*App) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "doorpost", New: func() caddy.Module { return new(App) }}
}

// Provision resolves and checks the configuration. It opens nothing: a
// configuration can be validated while a server runs on the same store.
func (a *App) Provision(ctx caddy.Context) error {
	a.ctx, a.logger, a.sites = ctx, ctx.Slogger(), make(map[string]*site)
	// A log of its own, for operators who keep it apart or longer. No stack
	// traces: see Caddy's Context.Slogger.
	a.auditLogger = slog.New(zapslog.NewHandler(ctx.Logger().Core(), zapslog.WithName("doorpost.audit"), zapslog.AddStacktraceAt(slog.Level(127))))
	var err error
	if a.languages, err = text.Load(); err != nil {
		return err
	}
	if err := a.provisionSecrets(); err != nil {
		return err
	}
	if err := a.provisionStore(ctx); err != nil {
		return err
	}
	if err := a.provisionMailers(ctx); err != nil {
		return err
	}
	if a.LinkTTL == 0 {
		a.LinkTTL = caddy.Duration(defaultLinkTTL)
	}
	if err := checkLinkTTL(time.Duration(a.LinkTTL)); err != nil {
		return fmt.Errorf("link_ttl: %w", err)
	}
	if err := a.Session.complete(); err != nil {
		return fmt.Errorf("session %w", err)
	}
	if err := a.Limits.complete(); err != nil {
		return fmt.Errorf("limit %w", err)
	}
	if a.Mute == nil {
		mute := caddy.Duration(defaultMute)
		a.Mute = &mute
	}
	if err := checkMute(time.Duration(*a.Mute)); err != nil {
		return fmt.Errorf("mute: %w", err)
	}
	if err := a.Brand.check(); err != nil {
		return err
	}
	if err := a.provisionTemplates(); err != nil {
		return err
	}
	if a.metrics, err = newMetrics(ctx.GetMetricsRegistry(), a.mailers); err != nil {
		return err
	}
	if a.groups, err = people.NewGroups(a.Groups); err != nil {
		return err
	}
	if err := a.checkGroups("admins", a.Admins); err != nil || len(a.Admins) == 0 {
		return err
	}
	if a.admins, err = people.NewRules(a.Admins, nil, nil, a.groups); err != nil {
		return fmt.Errorf("admins: %w", err)
	}
	return nil
}

// checkGroups checks that the groups that an option names exist.
func (a *App) checkGroups(option string, who []string) error {
	for _, entry := range who {
		name, isGroup := strings.CutPrefix(entry, "group:")
		if _, exists := a.Groups[name]; !isGroup || exists {
			continue
		}
		known := "there is no group yet"
		if len(a.Groups) > 0 {
			known = "there are: " + strings.Join(slices.Sorted(maps.Keys(a.Groups)), ", ")
		}
		return fmt.Errorf("%s: there is no group %q; %s; make it in the global option doorpost: group %s alice@example.com", option, name, known, name)
	}
	return nil
}

// httpApp is the http app, whose ports tell what a site's origin is; nil if
// there is none.
func httpApp(ctx caddy.Context) *caddyhttp.App {
	app, err := ctx.AppIfConfigured("http")
	if err != nil {
		return nil
	}
	h, _ := app.(*caddyhttp.App)
	return h
}

var (
	_ caddy.App          = (*App)(nil)
	_ caddy.Provisioner  = (*App)(nil)
	_ caddy.CleanerUpper = (*App)(nil)
)
