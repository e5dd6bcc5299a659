package caddymodule

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/text"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

func (a *App) provisionSecrets() error {
	for i, given := range a.Secrets {
		resolved, err := resolve("secret", given)
		if err != nil {
			return err
		}
		secret, err := keys.ParseSecret(resolved)
		if err != nil {
			return named("secret", fmt.Errorf("secret %d: %w", i+1, err))
		}
		a.secrets = append(a.secrets, secret)
	}
	if len(a.secrets) == 0 {
		return nil
	}
	_, err := keys.NewRing(a.secrets...)
	return err
}

// loadGuests loads the modules of one of the app's own fields, or the one that
// stands in if there is none.
func loadGuests[T any](a *App, what, field string, given bool, standIn string) (guests []T, err error) {
	var loaded any
	if given {
		loaded, err = a.ctx.LoadModule(a, field)
	} else {
		loaded, err = a.ctx.LoadModuleByID(standIn, nil)
	}
	if err != nil {
		return nil, guestError(what, err)
	}
	list, several := loaded.([]any)
	if !several {
		list = []any{loaded}
	}
	for _, module := range list {
		guest, ok := module.(T)
		if !ok {
			return nil, wrong(what, fmt.Errorf("the module %T is not a %s of Doorpost", module, what))
		}
		guests = append(guests, guest)
	}
	return guests, nil
}

func (a *App) provisionStore() error {
	stores, err := loadGuests[StoreModule](a, "store", "StoreRaw", a.StoreRaw != nil, "doorpost.stores.bolt")
	if err != nil {
		return err
	}
	a.store = stores[0]
	if _, shared := a.store.(*RedisStore); shared && len(a.secrets) == 0 {
		return named("store", errSecretForRedis)
	}
	return nil
}

func (a *App) provisionMailers() (err error) {
	if len(a.MailersRaw) == 0 {
		a.logger.Warn("no mailer is configured: messages are printed to the console and sent to nobody; configure one with mailer mailgun or mailer smtp")
	}
	if a.mailModules, err = loadGuests[MailerModule](a, "mailer", "MailersRaw", len(a.MailersRaw) > 0, "doorpost.mailers.console"); err != nil {
		return err
	}
	for _, module := range a.mailModules {
		switch m := module.(type) {
		case *ConsoleMailer:
			a.mailbox = printer
		case *MailgunMailer:
			if m.webhook != nil {
				a.webhooks = append(a.webhooks, m.webhook)
			}
		}
	}
	numbered := numbering()
	mailers := each(a.mailModules, func(m MailerModule) mail.Mailer { return namedMailer{m.Mailer(), numbered(m.Mailer().Name())} })
	a.mailers = mail.NewFailover(a.logger, mailers[0], mailers[1:]...)
	return nil
}

var errNoFrom = errors.New(`from is missing: say who sends the messages, for example from "Example <sign-in@example.com>"`)

func (a *App) provisionFrom() error {
	from := a.From
	if from == "" {
		if slices.ContainsFunc(a.mailModules, func(m MailerModule) bool { return m.Mailer() != printer }) {
			return errNoFrom
		}
		from = "Doorpost <doorpost@localhost.localdomain>"
	}
	resolved, err := resolve("from", from)
	if err != nil {
		return err
	}
	a.from, err = mail.ParseMailbox(resolved)
	return wrong("from", err)
}

// provisionOptions fills in what is left out of the other options, and checks
// them.
func (a *App) provisionOptions() error {
	a.LinkTTL = cmp.Or(a.LinkTTL, caddy.Duration(defaultLinkTTL))
	a.Mute = cmp.Or(a.Mute, new(caddy.Duration(defaultMute)))
	a.NotifyNewBrowser = cmp.Or(a.NotifyNewBrowser, new(true))
	a.Passkeys = cmp.Or(a.Passkeys, new(true))
	return cmp.Or(
		wrong("link_ttl", checkLinkTTL(time.Duration(a.LinkTTL))),
		a.Session.complete(),
		a.Limits.complete(),
		wrong("mute", checkMute(time.Duration(*a.Mute))),
		named("brand", a.Brand.check()),
	)
}

func (a *App) provisionPeople() (err error) {
	if a.groups, err = people.NewGroups(a.Groups); err != nil {
		return named("group", err)
	}
	if err := a.groups.Check(a.Admins); err != nil || len(a.Admins) == 0 {
		return wrong("admins", err)
	}
	a.admins, err = people.NewRules(a.Admins, nil, nil, a.groups)
	return wrong("admins", err)
}

// provisionTemplates reads the operator's own pages and messages, and checks
// them.
func (a *App) provisionTemplates() error {
	if a.Templates != "" {
		folder, err := resolve("templates", a.Templates)
		if err != nil {
			return err
		}
		info, err := os.Stat(folder)
		if err == nil && !info.IsDir() {
			err = errors.New("it is not a folder")
		}
		if err != nil {
			return named("templates", fmt.Errorf("templates %s: %w", folder, err))
		}
		a.overrides = os.DirFS(folder)
	}
	var err error
	if a.languages, err = text.Load(); err != nil {
		return err
	}
	if a.composer, err = mail.NewComposer(a.from, a.overrides); err == nil {
		a.views, err = view.New(view.Brand(a.Brand), a.overrides)
	}
	return wrong("templates", err)
}
