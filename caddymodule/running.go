package caddymodule

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/doorpost-auth/doorpost/internal/access"
	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/admin"
	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/doorpost-auth/doorpost/internal/mail/oauth"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/passkey"
	"github.com/doorpost-auth/doorpost/internal/portal"
	"github.com/doorpost-auth/doorpost/internal/post"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// runningApp is what the app has once it runs.
type runningApp struct {
	backend  *backend
	ring     keys.Ring
	service  *signin.Service
	keeper   *session.Keeper
	access   *access.Service
	account  *account.Service
	admin    *admin.Service
	tickets  *portal.Service
	passkeys *passkey.Service // nil: there are none
	audit    *audit.Log
	signing  signing
	outbox   outbox.Store
	courier  *mail.Courier
	tokens   []*oauth.Source // what they are sent is in the store before that is closed
	retire   func()          // another configuration decides about what goes on
}

// Start opens the store, so that a server whose store cannot be opened does
// not start.
func (a *App) Start() error {
	if err := a.rest(); err != nil {
		return told(err)
	}
	_, err := a.open()
	return told(a.Lines.atLine(err))
}

// open opens the store and puts the parts together, once. Apps start in no
// order, so the first request may come before Start.
func (a *App) open() (*runningApp, error) {
	a.opening.Do(func() {
		if a.failed = a.rest(); a.failed != nil {
			return
		}
		a.opened, a.failed = a.build()
		if a.failed == nil {
			gates := make(map[string]*gate.Site)
			for key, s := range a.sites {
				s.open(a, a.opened)
				gates[key] = s.running.Load().gate
			}
			if a.portalSite != nil {
				a.portalSite.open(a, a.opened)
			}
			for _, e := range a.edges {
				e.open()
			}
			a.warn(a.adviseOnPeople())
			a.warn(a.adviseOnOwners())
			a.opened.retire = a.opened.backend.live.Use(gates)
		}
	})
	return a.opened, a.failed
}

func (a *App) build() (*runningApp, error) {
	ring, err := a.ring()
	if err != nil {
		return nil, err
	}
	b, err := openBackend(a.store, a.Session.Cache, a.logger)
	if err != nil {
		return nil, err
	}
	a.warnOfSwitch(b)
	a.noteStore(b)
	rt := &runningApp{backend: b, ring: ring, audit: audit.NewLog(ring, a.auditLogger, &b.refusals), outbox: b.store}
	if b.signedBy(ring) {
		rt.audit.Record(context.Background(), audit.KeyRotated, "")
	}
	rt.keeper = session.NewKeeper(b.store, b.cache, a.Session.limits(), a.logger)
	rt.service = signin.NewService(ring, signin.Service{
		Store: b.store, Limits: a.Limits.limits(), Sessions: a.Session.limits(),
		LinkLife: time.Duration(a.LinkTTL), Portal: a.portalOrigin(), Mute: time.Duration(*a.Mute), NotifyNewBrowser: *a.NotifyNewBrowser, Audit: rt.audit,
	})
	rt.access = &access.Service{Store: b.store, People: b.store, SignIn: rt.service, Audit: rt.audit}
	rt.account = &account.Service{Store: b.store, People: b.store, SignIn: rt.service, Audit: rt.audit}
	if *a.Passkeys {
		rt.passkeys = passkey.NewService(ring, passkey.Service{Store: b.store, SignIns: rt.service, Audit: rt.audit})
	}
	rt.tickets = portal.NewService(ring, portal.Service{Store: b.store, Audit: rt.audit})
	rt.admin = &admin.Service{People: b.store, Accounts: b.store, Passkeys: b.store, Tokens: b.store, TokenSites: a.tokenSites, Sessions: b.store, Groups: a.groups, Audit: rt.audit, LimitsAt: a.limitsAt}
	if slices.ContainsFunc(slices.Collect(maps.Values(a.sites)), (*site).signs) {
		rt.signing = startSigning(ring, b.store, a.logger)
	}
	for _, module := range a.mailModules {
		if m, ok := module.(*SMTPMailer); ok && m.OAuth != nil {
			rt.tokens = append(rt.tokens, m.OAuth.keepIn(b.store, ring, a.logger))
		}
	}
	writer := post.Writer{Composer: a.composer, Sealer: outbox.NewSealer(ring), Languages: a.languages, Brand: a.brandOf}
	rt.courier = mail.NewCourier(rt.outbox, a.mailers, writer.Write, a.logger, mail.CourierOptions{OnState: func(m outbox.Message) {
		observe(m)
		post.Record(rt.audit, m)
	}})
	rt.courier.Start()
	return rt, nil
}

// How long attempts to send a message may go on when the server stops, and when
// another configuration takes over. What is not sent by then is in the store,
// and is sent by the next process, or by the next configuration.
const (
	stopTime   = 10 * time.Second
	reloadTime = 3 * time.Second
)

// Stop does nothing yet: apps stop in no order, and the http app may go on to
// take requests. See Cleanup.
func (a *App) Stop() error { return nil }

// errUnloaded is what a request meets that comes to a configuration after it
// was replaced.
var errUnloaded = errors.New("this configuration was replaced by another")

// Cleanup ends the sending of messages and lets go of the store, which stays
// open if the next configuration uses it too. All apps have stopped by then. It
// is called on an app that failed to provision, too.
func (a *App) Cleanup() error {
	// A late request waits for its end here, or finds that it came too late:
	// what it opened then, nobody would close.
	a.opening.Do(func() { a.failed = errUnloaded })
	if a.opened == nil {
		return nil
	}
	a.opened.retire()
	wait := reloadTime
	if caddy.Exiting() {
		wait = stopTime
	}
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	a.opened.courier.Close(ctx)
	for _, source := range a.opened.tokens {
		source.Close(ctx)
	}
	a.opened.signing.stop()
	return a.opened.backend.release()
}
