package caddymodule

import (
	"errors"
	"fmt"
	"os"

	"github.com/caddyserver/caddy/v2"
	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/doorpost-auth/doorpost/internal/mail/console"
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
	module, ok := loaded.(StoreModule)
	if !ok {
		return fmt.Errorf("store: the module %T is not a store of Doorpost", loaded)
	}
	if _, shared := loaded.(*RedisStore); shared && len(a.secrets) == 0 {
		return errSecretForRedis
	}
	a.store = module
	return nil
}

func (a *App) provisionMailers(ctx caddy.Context) error {
	var loaded []any
	if len(a.MailersRaw) == 0 {
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
		module, ok := m.(MailerModule)
		if !ok {
			return fmt.Errorf("mailer: the module %T is not a mailer of Doorpost", m)
		}
		mailers = append(mailers, module.Mailer())
		a.mailModules = append(a.mailModules, module)
		if m, ok := m.(*MailgunMailer); ok && m.webhook != nil {
			a.webhooks = append(a.webhooks, m.webhook)
		}
		if printer, ok := module.Mailer().(*console.Console); ok {
			a.mailbox = printer
		} else {
			needsFrom = true
		}
	}
	a.mailers = mail.NewFailover(a.logger, mailers[0], mailers[1:]...)
	return a.provisionFrom(needsFrom)
}

var errNoFrom = errors.New(`from is missing: say who sends the messages, for example from "Example <sign-in@example.com>"`)

func (a *App) provisionFrom(needed bool) error {
	from := a.From
	switch {
	case from == "" && needed:
		return errNoFrom
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
			return fmt.Errorf("templates %s: %w", folder, err)
		}
		a.overrides = os.DirFS(folder)
	}
	var err error
	if a.composer, err = mail.NewComposer(a.from, a.overrides); err != nil {
		return fmt.Errorf("templates: %w", err)
	}
	if a.views, err = view.New(a.Brand.view(), a.overrides); err != nil {
		return fmt.Errorf("templates: %w", err)
	}
	return nil
}
