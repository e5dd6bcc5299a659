package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/doorpost-auth/doorpost/internal/mail/console"
	"github.com/doorpost-auth/doorpost/internal/mail/mailgunapi"
)

// MailerModule is a module in the namespace doorpost.mailers. It is checked
// when it is provisioned, and connects only to send.
type MailerModule interface {
	caddy.Module

	// Mailer is what sends. It is the same each time.
	Mailer() mail.Mailer
}

// MailgunMailer sends through Mailgun's API.
type MailgunMailer struct {
	// Domain as registered with Mailgun: mg.example.com.
	Domain string `json:"domain,omitempty"`

	// APIKey of the account or, better, a sending key of the domain.
	APIKey string `json:"api_key,omitempty"`

	// Region of the domain: us or eu. Default us.
	Region string `json:"region,omitempty"`

	// APIBase is where the API is, if not at Mailgun's own address. It gets /v3
	// when it has no path.
	APIBase string `json:"api_base,omitempty"`

	// WebhookKey is Mailgun's HTTP webhook signing key.
	WebhookKey string `json:"webhook_key,omitempty"`

	client  *mailgunapi.Client
	webhook *mailgunapi.Webhook // nil without a key
}

func (MailgunMailer) CaddyModule() caddy.ModuleInfo {
	return moduleInfo[MailgunMailer]("doorpost.mailers.mailgun")
}

func (m *MailgunMailer) Provision(caddy.Context) error {
	c := mailgunapi.Config{Region: m.Region}
	var webhookKey string
	err := resolveAll(
		value{"domain", m.Domain, &c.Domain, true},
		value{"api_key", m.APIKey, &c.APIKey, true},
		value{"api_base", m.APIBase, &c.APIBase, false},
		value{"webhook_key", m.WebhookKey, &webhookKey, false},
	)
	if err != nil {
		return err
	}
	if webhookKey != "" {
		if m.webhook, err = mailgunapi.NewWebhook(webhookKey); err != nil {
			return err
		}
	}
	m.client, err = mailgunapi.New(c)
	return err
}

func (m *MailgunMailer) Mailer() mail.Mailer { return m.client }

// UnmarshalCaddyfile reads mailer mailgun, as docs/options.md has it.
func (m *MailgunMailer) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if d.NextArg() {
		return d.Err("mailer mailgun does not take a value on its line; its options stand in a block: domain mg.example.com, api_key {env.MAILGUN_API_KEY}")
	}
	return readBlock(d, "mailer mailgun", m.checkWritten,
		option{name: "domain", read: oneValue(&m.Domain, "mg.example.com")},
		option{name: "api_key", read: oneValue(&m.APIKey, "{env.MAILGUN_API_KEY}")},
		option{name: "region", read: oneOf(&m.Region, "us", "eu")},
		option{name: "api_base", read: oneValue(&m.APIBase, "https://api.eu.mailgun.net/v3")},
		option{name: "webhook_key", read: oneValue(&m.WebhookKey, "{env.MAILGUN_WEBHOOK_KEY}")},
	)
}

// checkWritten checks what is written out while its line is known. The client
// made of it is thrown away.
func (m *MailgunMailer) checkWritten() error {
	switch {
	case m.Domain == "":
		return errors.New("mailer mailgun has no domain; write for example domain mg.example.com")
	case m.APIKey == "":
		return errors.New("mailer mailgun has no api_key; write for example api_key {env.MAILGUN_API_KEY}")
	}
	_, err := mailgunapi.New(mailgunapi.Config{
		Domain: written(m.Domain, "mg.example.com"), APIKey: written(m.APIKey, "key"), Region: m.Region, APIBase: written(m.APIBase, ""),
	})
	return err
}

// written is a value as it is written, or, if only a placeholder is, one that
// passes in its place.
func written(given, instead string) string {
	if hasPlaceholder(given) {
		return instead
	}
	return given
}

// printer is where console mailers of all configurations print: the mailbox
// page shows what came in before a reload too.
var printer = console.New(os.Stderr)

// ConsoleMailer prints messages instead of sending them, for trials.
type ConsoleMailer struct{}

func (ConsoleMailer) CaddyModule() caddy.ModuleInfo {
	return moduleInfo[ConsoleMailer]("doorpost.mailers.console")
}

func (*ConsoleMailer) Mailer() mail.Mailer { return printer }

func (*ConsoleMailer) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	return noMore(d, "mailer console")
}

var (
	_ caddy.Provisioner = (*MailgunMailer)(nil)
)

// numbering tells the mailers of a kind apart: the second one is called smtp-2.
func numbering() func(name string) string {
	seen := make(map[string]int)
	return func(name string) string {
		if seen[name]++; seen[name] > 1 {
			return fmt.Sprintf("%s-%d", name, seen[name])
		}
		return name
	}
}

// namedMailer is a mailer under its name among those of the configuration. Its work is measured.
type namedMailer struct {
	mail.Mailer
	name string
}

func (n namedMailer) Name() string { return n.name }

func (n namedMailer) Send(ctx context.Context, m mail.Message) (mail.Receipt, error) {
	begun := time.Now()
	defer func() { mailerSeconds.WithLabelValues(n.name).Observe(time.Since(begun).Seconds()) }()
	receipt, err := n.Mailer.Send(ctx, m)
	receipt.Mailer = n.name
	if failure, ok := errors.AsType[*mail.SendError](err); ok {
		failure.Mailer = n.name
	}
	return receipt, err
}
