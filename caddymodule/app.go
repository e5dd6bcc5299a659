// Package caddymodule is where Doorpost meets Caddy: it translates the
// configuration into the parts of the gate and a request into their terms.
// Policy is elsewhere; no other package imports Caddy.
package caddymodule

import (
	"encoding/json"
	"io/fs"
	"log/slog"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/gate"
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
	caddy.RegisterModule(Portal{})
	caddy.RegisterModule(EdgeChecker{})
	caddy.RegisterModule(BoltStore{})
	caddy.RegisterModule(MemoryStore{})
	caddy.RegisterModule(RedisStore{})
	caddy.RegisterModule(MailgunMailer{})
	caddy.RegisterModule(SMTPMailer{})
	caddy.RegisterModule(ConsoleMailer{})
	caddy.RegisterModule(AdminAPI{})
}

// moduleInfo is how Caddy gets to know a module of the type T.
func moduleInfo[T any](id caddy.ModuleID) caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: id, New: func() caddy.Module { return any(new(T)).(caddy.Module) }}
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

	// DKIMSelector is the name of the key that the mail service signs with, for
	// doctor to look up. Default: it is not looked up.
	DKIMSelector string `json:"dkim_selector,omitempty"`

	// LinkTTL is the life of a link and its code: 1m to 24h. Default 10m.
	LinkTTL caddy.Duration `json:"link_ttl,omitempty"`

	// Session says how long somebody stays signed in.
	Session SessionConfig `json:"session,omitzero"`

	// Groups are named sets of people, for allow and for the groups header.
	Groups map[string][]string `json:"groups,omitempty"`

	// Admins are who may manage people. Default: nobody.
	Admins []string `json:"admins,omitempty"`

	// Portal is the one origin where people sign in to all sites and see to their
	// account: https://login.example.com. Its site has the handler doorpost_portal.
	// Default: each site has pages of its own.
	Portal string `json:"portal,omitempty"`

	// Limits bound how often somebody may ask for a link.
	Limits LimitsConfig `json:"limits,omitzero"`

	// Mute is how long a mailbox gets no more messages that strangers asked
	// for, after its reader said that it was not them. Default 24h.
	Mute *caddy.Duration `json:"mute,omitempty"`

	// Passkeys says whether people may make passkeys, and sign in by them. Default true.
	Passkeys *bool `json:"passkeys,omitempty"`

	// NotifyNewBrowser says whether people are told of a sign-in in a browser that is
	// new to them. Default true.
	NotifyNewBrowser *bool `json:"notify_new_browser,omitempty"`

	// Brand is how pages and messages present the sites.
	Brand BrandConfig `json:"brand,omitzero"`

	// Templates is a folder with pages and messages that take the place of the
	// built-in ones.
	Templates string `json:"templates,omitempty"`

	// Lines are where the global option and what is in it stand in a Caddyfile, for
	// errors and warnings. The adapter writes them; nothing else depends on them.
	Lines Lines `json:"caddyfile,omitempty"`

	ctx         caddy.Context
	logger      *slog.Logger
	auditLogger *slog.Logger
	store       StoreModule
	mailers     *mail.Failover
	mailModules []MailerModule // in their order
	webhooks    []*mailgunapi.Webhook
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
	portal      gate.Origin        // zero: none
	portalSite  *site              // that serves it
	portalLines Lines              // of doorpost_portal there
	edges       []*edge            // one for each server with a site
	found       []adminapi.Finding // what doctor is told that the log was told

	rest    func() error // what is left to check
	opening sync.Once
	opened  *runningApp
	failed  error
}

func (*App) CaddyModule() caddy.ModuleInfo { return moduleInfo[App]("doorpost") }

// Provision resolves and checks the configuration. It opens nothing: a
// configuration can be validated while a server runs on the same store.
func (a *App) Provision(ctx caddy.Context) error {
	a.ctx, a.logger, a.sites, a.rest = ctx, ctx.Slogger(), make(map[string]*site), sync.OnceValue(a.checkRest)
	// A log of its own, for operators who keep it apart or longer. No stack
	// traces: see Caddy's Context.Slogger.
	a.auditLogger = slog.New(countedEvents{zapslog.NewHandler(ctx.Logger().Core(), zapslog.WithName("doorpost.audit"), zapslog.AddStacktraceAt(slog.Level(127)))})
	for _, step := range []func() error{
		a.provisionSecrets, a.provisionStore, a.provisionMailers, a.provisionFrom, a.provisionOptions, a.provisionPortal,
		a.provisionTemplates, a.provisionMetrics, a.provisionPeople,
	} {
		if err := step(); err != nil {
			return told(a.Lines.atLine(err))
		}
	}
	return nil
}

// httpApp is the http app, whose ports tell what a site's origin is; nil if
// there is none.
func httpApp(ctx caddy.Context) *caddyhttp.App {
	app, _ := ctx.AppIfConfigured("http")
	h, _ := app.(*caddyhttp.App)
	return h
}

var (
	_ caddy.App          = (*App)(nil)
	_ caddy.Provisioner  = (*App)(nil)
	_ caddy.CleanerUpper = (*App)(nil)
)
