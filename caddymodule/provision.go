package caddymodule

import (
	"errors"
	"fmt"

	"github.com/caddyserver/caddy/v2"
	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/doorpost-auth/doorpost/internal/mail/console"
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
		return fmt.Errorf("store: the module %T is no store of Doorpost", loaded)
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
			return fmt.Errorf("mailer: the module %T is no mailer of Doorpost", m)
		}
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

var errNoFrom = errors.New(`from is missing: say who sends the messages, for instance from "Example <sign-in@example.com>"`)

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
