package caddymodule

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/doorpost-auth/doorpost/internal/mail/oauth"
	"github.com/doorpost-auth/doorpost/internal/mail/smtprelay"
)

// SMTPMailer sends through an SMTP server.
type SMTPMailer struct {
	// Address is host:port of the server.
	Address string `json:"address,omitempty"`

	// Username and Password, if the server wants them.
	Username string `json:"username,omitempty"`
	Password string `json:"password,omitempty"`

	// OAuth gets access tokens to sign in with in place of a password.
	OAuth *SMTPOAuth `json:"oauth,omitempty"`

	// TLS is starttls (default, required of the server), implicit, or off,
	// which goes to a loopback address only, or, with private, to one of a
	// private network.
	TLS string `json:"tls,omitempty"`

	// Private lets tls off go to an address of a private network too (RFC 1918,
	// RFC 4193). The address is checked at each connection.
	Private bool `json:"private,omitempty"`

	// CAFile is the absolute path of a PEM file. Its certificates are trusted
	// instead of the system's authorities. It is read when the configuration loads.
	CAFile string `json:"ca_file,omitempty"`

	// Helo is the name that the server is told (RFC 5321, section 4.1.1.1).
	// Default: the full name of the machine, or, if it has none, the domain of
	// from.
	Helo string `json:"helo,omitempty"`

	relay *smtprelay.Relay
}

func (SMTPMailer) CaddyModule() caddy.ModuleInfo {
	return moduleInfo[SMTPMailer]("doorpost.mailers.smtp")
}

func (m *SMTPMailer) Provision(caddy.Context) error {
	c := smtprelay.Config{TLS: smtprelay.TLSMode(m.TLS), Private: m.Private}
	var caFile string
	err := resolveAll(
		value{"address", m.Address, &c.Addr, true},
		value{"username", m.Username, &c.Username, false},
		value{"password", m.Password, &c.Password, false},
		value{"tls", m.CAFile, &caFile, false},
		value{"helo", m.Helo, &c.Helo, false},
	)
	if err != nil {
		return err
	}
	if m.OAuth != nil {
		if c.Tokens, err = m.OAuth.source(); err != nil {
			return fmt.Errorf("mailer smtp: %w", err)
		}
	}
	switch {
	case caFile != "" && c.TLS == smtprelay.NoTLS:
		return errors.New("mailer smtp: tls off checks no certificate; leave the CA file out, or use starttls or implicit")
	case caFile != "":
		if c.RootCAs, err = smtprelay.ReadAuthorities(caFile); err != nil {
			return fmt.Errorf("mailer smtp: tls: %w", err)
		}
	}
	m.relay, err = smtprelay.New(c)
	return err
}

// Cleanup lets go of what outlives a configuration.
func (m *SMTPMailer) Cleanup() error {
	if m.OAuth == nil {
		return nil
	}
	return m.OAuth.release()
}

func (m *SMTPMailer) Mailer() mail.Mailer { return m.relay }

// UnmarshalCaddyfile reads mailer smtp, as docs/options.md has it.
func (m *SMTPMailer) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if !d.NextArg() {
		return d.Err("mailer smtp does not name the server; write for example mailer smtp smtp.example.com:587")
	}
	m.Address = d.Val()
	if d.NextArg() {
		return d.Errf("mailer smtp takes one server, and %q is a second value; its options stand in a block", d.Val())
	}
	return readBlock(d, "mailer smtp", m.checkWritten,
		option{name: "username", read: oneValue(&m.Username, "mailbox")},
		option{name: "password", read: oneValue(&m.Password, "{env.SMTP_PASSWORD}")},
		option{name: "oauth", nested: true, read: m.readOAuth},
		option{name: "tls", read: m.readTLS},
		option{name: "helo", read: checkedValue(&m.Helo, "gate.example.com", smtprelay.CheckHelo)},
	)
}

// checkWritten is as that of MailgunMailer.
func (m *SMTPMailer) checkWritten() error {
	c := smtprelay.Config{
		Addr: written(m.Address, "localhost:587"), Username: written(m.Username, "user"), Password: written(m.Password, "password"),
		TLS: smtprelay.TLSMode(m.TLS), Private: m.Private,
	}
	if m.OAuth != nil {
		c.Tokens = new(oauth.Source) // asked for nothing
	}
	_, err := smtprelay.New(c)
	return err
}

// readTLS reads how the connection is protected, and what stands behind that.
func (m *SMTPMailer) readTLS(d *caddyfile.Dispenser) error {
	args := d.RemainingArgs()
	modes := []string{"starttls", "implicit", "off"}
	switch {
	case len(args) == 0:
		return d.Err("tls has no value; write for example tls starttls")
	case !slices.Contains(modes, args[0]):
		return d.Errf("tls must be one of %s, not %q", strings.Join(modes, ", "), args[0])
	case len(args) > 2:
		return d.Errf("tls: %q is one value too many", args[2])
	}
	m.TLS = args[0]
	switch {
	case len(args) == 1:
		return nil
	case m.TLS == "off" && args[1] != "private":
		return d.Errf("tls off takes private, or nothing more, not %q; a CA file stands behind starttls or implicit", args[1])
	case m.TLS == "off":
		m.Private = true
		return nil
	case args[1] == "private":
		return d.Errf("tls %s is as safe anywhere; private stands behind tls off only", m.TLS)
	case !hasPlaceholder(args[1]) && !filepath.IsAbs(args[1]):
		return d.Errf("tls %s takes the absolute path of a CA file, not %q; write for example tls %[1]s /etc/doorpost/ca.pem", m.TLS, args[1])
	}
	m.CAFile = args[1]
	return nil
}

var (
	_ caddy.Provisioner  = (*SMTPMailer)(nil)
	_ caddy.CleanerUpper = (*SMTPMailer)(nil)
)
