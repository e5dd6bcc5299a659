package caddymodule

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/spf13/cobra"
)

func protectCommand() caddycmd.Command {
	return caddycmd.Command{
		Name:  "protect",
		Usage: "--to <host:port> --allow <who> [--from <origin>] [--data <folder>] [mail flags]",
		Short: "Puts a gate in front of an app, without a configuration file",
		Long: `
Puts a gate in front of an app, without a configuration file:

	doorpost protect --to localhost:3000 --allow you@example.com

--from is where people open it; with an https origin whose name leads to this
machine, a certificate is obtained. --allow takes what the option of that name
takes, and may be given several times: alice@example.com, *@example.com, *.

Without a mail flag, messages are printed here and sent to nobody. To send them,
give --mail-from and either of

	--mailgun-domain <domain>   and the key in MAILGUN_API_KEY
	--smtp <host:port>          and, if it wants them, --smtp-username and the
	                            password in SMTP_PASSWORD

Sessions are kept in --data, by default Caddy's data folder.`,
		CobraFunc: func(cmd *cobra.Command) {
			cmd.Args = cobra.NoArgs
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
			cmd.RunE = caddycmd.WrapCommandFuncForCobra(runProtect)
		},
	}
}

func runProtect(flags caddycmd.Flags) (int, error) {
	config, err := protectConfig(flags)
	if err != nil {
		return caddy.ExitCodeFailedStartup, err
	}
	if err := runCaddyfile(config); err != nil {
		return caddy.ExitCodeFailedStartup, fmt.Errorf("starting the gate: %w", err)
	}
	fmt.Printf("The gate in front of %s is open at %s\n", flags.String("to"), flags.String("from"))
	select {}
}

// protectConfig writes the configuration file that the flags stand for.
func protectConfig(flags caddycmd.Flags) (string, error) {
	if flags.String("to") == "" {
		return "", errors.New("--to is missing: the app, for example --to localhost:3000")
	}
	allow, err := flags.GetStringSlice("allow")
	if err != nil || len(allow) == 0 {
		return "", errors.New("--allow is missing: who may enter, for example --allow you@example.com")
	}
	origin, err := gate.ParseOrigin(flags.String("from"))
	if err != nil {
		return "", fmt.Errorf("--from: %w", err)
	}
	var c configWriter
	c.open("{")
	c.line("admin", "off")
	c.line("persist_config", "off")
	if data := flags.String("data"); data != "" {
		c.line("storage", "file_system", filepath.Join(data, "caddy"))
	}
	c.open("doorpost {")
	if data := flags.String("data"); data != "" {
		c.line("store", "bolt", filepath.Join(data, "doorpost.db"))
	}
	if err := c.mailer(flags); err != nil {
		return "", err
	}
	c.close()
	c.close()
	c.open(origin.String() + " {")
	c.open("doorpost {")
	c.line("allow", allow...)
	c.close()
	c.line("reverse_proxy", flags.String("to"))
	c.close()
	return c.text.String(), c.failed
}

func (c *configWriter) mailer(flags caddycmd.Flags) error {
	domain, server := flags.String("mailgun-domain"), flags.String("smtp")
	switch {
	case domain != "" && server != "":
		return errors.New("--mailgun-domain and --smtp are both given; keep one")
	case domain != "":
		c.open("mailer mailgun {")
		c.line("domain", domain)
		c.line("api_key", "{env.MAILGUN_API_KEY}")
		c.line("region", flags.String("mailgun-region"))
		c.close()
	case server != "":
		quoted, err := quote(server)
		if err != nil {
			return err
		}
		c.open("mailer smtp " + quoted + " {")
		c.line("tls", flags.String("smtp-tls"))
		if user := flags.String("smtp-username"); user != "" {
			c.line("username", user)
			c.line("password", "{env.SMTP_PASSWORD}")
		}
		c.close()
	default:
		c.line("mailer", "console")
		return nil
	}
	if flags.String("mail-from") == "" {
		return errors.New(`--mail-from is missing: who sends the messages, for example --mail-from "Example <sign-in@example.com>"`)
	}
	c.line("from", flags.String("mail-from"))
	return nil
}

// configWriter writes a Caddyfile. The first error stays.
type configWriter struct {
	text   strings.Builder
	failed error
}

func (c *configWriter) open(line string) { c.text.WriteString(line + "\n") }

func (c *configWriter) close() { c.text.WriteString("}\n") }

func (c *configWriter) line(name string, values ...string) {
	c.text.WriteString(name)
	for _, v := range values {
		quoted, err := quote(v)
		if err != nil && c.failed == nil {
			c.failed = err
		}
		c.text.WriteString(" " + quoted)
	}
	c.text.WriteString("\n")
}
