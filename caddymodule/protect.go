package caddymodule

import (
	"errors"
	"fmt"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/doorpost-auth/doorpost/internal/cli"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/spf13/cobra"
)

func buildProtect(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.String("from", "http://localhost:8080", "The origin that people open")
	flags.String("to", "", "The app: host:port or a URL")
	flags.StringSlice("allow", nil, "Who may enter; may be repeated")
	flags.String("data", "", "The folder for sessions and certificates")
	flags.String("mail-from", "", `The sender of messages: "Example <sign-in@example.com>"`)
	flags.String("mailgun-domain", "", "Send through Mailgun with this domain; the key is read from MAILGUN_API_KEY")
	flags.String("mailgun-region", "us", "The region of the Mailgun domain: us or eu")
	flags.String("smtp", "", "Send through this SMTP server: host:port")
	flags.String("smtp-username", "", "The user name there; the password is read from SMTP_PASSWORD")
	flags.String("smtp-tls", "starttls", "How the connection is protected: starttls, implicit, off (loopback only)")
	starts(cmd, runProtect)
}

func runProtect(flags caddycmd.Flags) error {
	config, err := protectConfig(flags)
	if err != nil {
		return cli.Misuse(err)
	}
	if err := config.claimPort("--from"); err != nil {
		return err
	}
	if err := config.run(); err != nil {
		return fmt.Errorf("starting the gate: %w", err)
	}
	fmt.Printf("The gate in front of %s is open at %s\n%s\n%s\n", config.App, config.Origin, config.mailWords(),
		"There is no admin endpoint, so other commands, such as users or doctor, do not find this gate.")
	select {}
}

// mailWords say what becomes of messages.
func (c gateConfig) mailWords() string {
	switch {
	case c.Mailgun != "":
		return "Messages are sent through Mailgun, as " + c.From
	case c.SMTP != "":
		return "Messages are sent through " + c.SMTP + ", as " + c.From
	case c.Origin.IsLoopback():
		return fmt.Sprintf("Messages are sent to nobody: they are printed here, and appear at %s%s", c.Origin, gate.MailboxPath)
	}
	return "Messages are sent to nobody: they are printed here"
}

// protectConfig is the configuration that the flags stand for.
func protectConfig(flags caddycmd.Flags) (c gateConfig, err error) {
	c = gateConfig{
		App: flags.String("to"), Mailgun: flags.String("mailgun-domain"), Region: flags.String("mailgun-region"),
		SMTP: flags.String("smtp"), Username: flags.String("smtp-username"), Guard: flags.String("smtp-tls"),
	}
	if c.Allow, err = flags.GetStringSlice("allow"); err != nil {
		return c, err
	}
	if c.Mailgun != "" || c.SMTP != "" {
		c.From = flags.String("mail-from")
	}
	switch {
	case c.App == "":
		return c, errors.New("--to is missing: the app, for example --to localhost:3000")
	case len(c.Allow) == 0:
		return c, errors.New("--allow is missing: who may enter, for example --allow you@example.com")
	case c.Mailgun != "" && c.SMTP != "":
		return c, errors.New("--mailgun-domain and --smtp are both given; keep one")
	case c.From == "" && (c.Mailgun != "" || c.SMTP != ""):
		return c, errors.New(`--mail-from is missing: who sends the messages, for example --mail-from "Example <sign-in@example.com>"`)
	}
	if c.Origin, err = gate.ParseOrigin(flags.String("from")); err != nil {
		return c, fmt.Errorf("--from: %w", err)
	}
	if data := flags.String("data"); data != "" {
		c.keepIn(data)
	}
	return c, nil
}
