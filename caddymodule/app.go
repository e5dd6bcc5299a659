// Package caddymodule is where Doorpost meets Caddy: it translates the
// configuration into the parts of the gate and a request into their terms.
// Policy is elsewhere; no other package imports Caddy.
package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/doorpost-auth/doorpost/internal/mail/console"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/text"
)

func init() {
	caddy.RegisterModule(new(App))
	caddy.RegisterModule(Handler{})
	caddy.RegisterModule(BoltStore{})
	caddy.RegisterModule(MemoryStore{})
	caddy.RegisterModule(MailgunMailer{})
	caddy.RegisterModule(SMTPMailer{})
	caddy.RegisterModule(ConsoleMailer{})
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

	// Brand is how pages and messages present the sites.
	Brand BrandConfig `json:"brand,omitzero"`

	ctx       caddy.Context
	logger    *slog.Logger
	store     StoreModule
	mailer    mail.Mailer
	mailbox   *console.Console // nil unless console is among the mailers
	from      mail.Mailbox
	secrets   [][]byte // as configured, may be none
	groups    *people.Groups
	languages *text.Catalogue
	sites     map[string]*site

	opening sync.Once
	opened  *house
	failed  error
}

// house is what the app has once it runs.
type house struct {
	backend *backend
	ring    keys.Ring
	service *signin.Service
	keeper  *session.Keeper
	postman *postman
}

// CaddyModule implements caddy.Module.
func (*App) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "doorpost", New: func() caddy.Module { return new(App) }}
}

// Provision resolves and checks the configuration. It opens nothing: a
// configuration can be validated while a server runs on the same store.
func (a *App) Provision(ctx caddy.Context) error {
	a.ctx, a.logger, a.sites = ctx, ctx.Slogger(), make(map[string]*site)
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
		return fmt.Errorf("session: %w", err)
	}
	if err := a.Limits.complete(); err != nil {
		return fmt.Errorf("limit: %w", err)
	}
	if err := a.Brand.resolve(); err != nil {
		return fmt.Errorf("brand: %w", err)
	}
	if a.groups, err = people.NewGroups(a.Groups); err != nil {
		return err
	}
	if len(a.Admins) > 0 {
		if _, err := people.NewRules(a.Admins, nil, a.groups); err != nil {
			return fmt.Errorf("admins: %w", err)
		}
	}
	return nil
}

func (a *App) provisionSecrets() error {
	for i, given := range a.Secrets {
		resolved, err := resolve("secret", given)
		if err != nil {
			return err
		}
		secret, err := keys.ParseSecret(resolved)
		if err != nil {
			return fmt.Errorf("secret %d: %w", i+1, err)
		}
		a.secrets = append(a.secrets, secret)
	}
	if len(a.secrets) > 0 {
		_, err := keys.NewRing(a.secrets...)
		return err
	}
	return nil
}

func (a *App) provisionStore(ctx caddy.Context) error {
	var loaded any
	var err error
	if a.StoreRaw == nil {
		loaded, err = ctx.LoadModuleByID("doorpost.stores.bolt", nil)
	} else {
		loaded, err = ctx.LoadModule(a, "StoreRaw")
	}
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	a.store = loaded.(StoreModule)
	return nil
}

func (a *App) provisionMailers(ctx caddy.Context) error {
	var loaded []any
	if a.MailersRaw == nil {
		a.logger.Warn("no mailer is configured: messages are printed to the console and sent to nobody; configure one with mailer mailgun or mailer smtp")
		console, err := ctx.LoadModuleByID("doorpost.mailers.console", nil)
		if err != nil {
			return fmt.Errorf("mailer: %w", err)
		}
		loaded = []any{console}
	} else {
		configured, err := ctx.LoadModule(a, "MailersRaw")
		if err != nil {
			return fmt.Errorf("mailer: %w", err)
		}
		loaded = configured.([]any)
	}
	needsFrom := false
	var mailers []mail.Mailer
	for _, m := range loaded {
		module := m.(MailerModule)
		mailers = append(mailers, module.Mailer())
		if printer, ok := module.Mailer().(*console.Console); ok {
			a.mailbox = printer
		} else {
			needsFrom = true
		}
	}
	a.mailer = mailers[0]
	if len(mailers) > 1 {
		a.mailer = mail.NewFailover(a.logger, mailers[0], mailers[1:]...)
	}
	return a.provisionFrom(needsFrom)
}

func (a *App) provisionFrom(needed bool) error {
	from := a.From
	switch {
	case from == "" && needed:
		return errors.New(`from is missing: say who sends the messages, for instance from "Example <sign-in@example.com>"`)
	case from == "":
		from = "Doorpost <doorpost@localhost.localdomain>"
	}
	resolved, err := resolve("from", from)
	if err != nil {
		return err
	}
	if a.from, err = mail.ParseMailbox(resolved); err != nil {
		return fmt.Errorf("from: %w", err)
	}
	return nil
}

// Start opens the store, so that a server whose store cannot be opened does
// not start.
func (a *App) Start() error {
	if _, err := a.open(); err != nil {
		return err
	}
	return nil
}

// open opens the store and puts the parts together, once. Apps start in no
// order, so the first request may come before Start.
func (a *App) open() (*house, error) {
	a.opening.Do(func() {
		a.opened, a.failed = a.build()
		if a.failed == nil {
			for _, s := range a.sites {
				s.open(a, a.opened)
			}
		}
	})
	return a.opened, a.failed
}

func (a *App) build() (*house, error) {
	ring, err := a.ring()
	if err != nil {
		return nil, err
	}
	b, err := openBackend(a.store, a.logger)
	if err != nil {
		return nil, err
	}
	h := &house{backend: b, ring: ring, postman: newPostman(a)}
	h.keeper = session.NewKeeper(b.store, b.cache, a.Session.limits(), a.logger)
	h.service = signin.NewService(ring, signin.Service{
		Store: b.store, Postman: h.postman, Limits: a.Limits.limits(), Sessions: a.Session.limits(),
		LinkLife: time.Duration(a.LinkTTL), Logger: a.logger,
	})
	return h, nil
}

// drainTime is how long messages that were promised have to be sent when the
// server stops or loads another configuration.
const drainTime = 10 * time.Second

// Stop sends what is still to be sent.
func (a *App) Stop() error {
	if a.opened != nil {
		a.opened.postman.close(drainTime)
	}
	return nil
}

// Cleanup lets go of the store, which stays open if the next configuration
// uses it too.
func (a *App) Cleanup() error {
	if a.opened != nil {
		return a.opened.backend.release()
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
