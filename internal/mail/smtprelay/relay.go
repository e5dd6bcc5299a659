// Package smtprelay sends mail through an SMTP server that accepts it for
// delivery: a submission service (RFC 6409) or your own relay. It is the
// only package that uses the SMTP library.
package smtprelay

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"github.com/doorpost-auth/doorpost/internal/mail"
)

// TLSMode says how the connection to the server is protected.
type TLSMode string

// The ways to protect a connection. TLS only if the server offers it is not one of
// them: an attacker in between could remove the offer.
const (
	// StartTLS begins unencrypted and demands TLS before anything else (RFC 3207);
	// usual on ports 587 and 25.
	StartTLS TLSMode = "starttls"
	// ImplicitTLS speaks TLS from the first byte (RFC 8314); usual on port 465.
	ImplicitTLS TLSMode = "implicit"
	// NoTLS is for a server on this machine, or, if Config says so, in a private network.
	NoTLS TLSMode = "off"
)

// defaultTimeout bounds a conversation whose context has no deadline.
const defaultTimeout = 30 * time.Second

// Config says which server to use, and how.
type Config struct {
	Addr     string  // host:port
	Username string  // empty: no authentication
	Password string  // given if and only if Username is, or Tokens in its place
	Tokens   Tokens  // sign in with access tokens; nil: with Password, if any
	TLS      TLSMode // empty means StartTLS
	Private  bool    // NoTLS may lead to a private network; not with credentials
	Helo     string  // name we give ourselves; empty: the full name of the machine, or the domain of the sender

	RootCAs    *x509.CertPool // trusted authorities; nil means the system's
	ServerName string         // name in the server's certificate; empty means the host of Addr
}

// Relay is a mail.Mailer that opens a connection for each message and keeps none
// open. It is safe for concurrent use.
type Relay struct {
	host   string
	port   int
	config Config
	tls    *tls.Config
}

// New checks the configuration; it does not connect. Its errors name the option and a
// correct value, and never contain the password.
func New(c Config) (*Relay, error) {
	host, portText, err := net.SplitHostPort(c.Addr)
	if err != nil || host == "" {
		return nil, fmt.Errorf("setting up smtp: %q is not a host:port; write for example smtp.example.com:587", c.Addr)
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil || port == 0 {
		return nil, fmt.Errorf("setting up smtp: %q is not a port; write for example %s:587", portText, host)
	}
	switch {
	case c.Tokens != nil && c.Password != "":
		return nil, errors.New("setting up smtp: oauth and password are two ways to sign in; keep one")
	case c.Tokens != nil && c.Username == "":
		return nil, errors.New("setting up smtp: oauth needs username, the mailbox that sends")
	case c.Tokens == nil && (c.Username == "") != (c.Password == ""):
		return nil, errors.New("setting up smtp: give username and password, or neither")
	}
	switch c.TLS {
	case "":
		c.TLS = StartTLS
	case StartTLS, ImplicitTLS:
	case NoTLS:
		if err := checkClearText(c, host); err != nil {
			return nil, fmt.Errorf("setting up smtp: %w", err)
		}
	default:
		return nil, fmt.Errorf("setting up smtp: unknown tls mode %q; use starttls, implicit or off", c.TLS)
	}
	if c.TLS != NoTLS && c.Private {
		return nil, errors.New("setting up smtp: private goes with tls off only; with TLS the server may be anywhere")
	}
	if c.Helo == "" {
		c.Helo = fullName(os.Hostname())
	} else if err := CheckHelo(c.Helo); err != nil {
		return nil, fmt.Errorf("setting up smtp: helo: %w", err)
	}
	if c.ServerName == "" {
		c.ServerName = host
	}
	return &Relay{
		host: host, port: int(port), config: c,
		tls: &tls.Config{ServerName: c.ServerName, RootCAs: c.RootCAs, MinVersion: tls.VersionTLS12},
	}, nil
}

// Name is "smtp".
func (r *Relay) Name() string { return "smtp" }

// Send hands the message to the server. The id in the receipt is the server's answer
// when it took the message, often its queue id.
func (r *Relay) Send(ctx context.Context, m mail.Message) (mail.Receipt, error) {
	if err := m.Check(); err != nil {
		return mail.Receipt{}, &mail.SendError{Mailer: r.Name(), Err: err}
	}
	c, hangUp, err := r.connect(ctx, m.From)
	defer hangUp()
	if err != nil {
		return mail.Receipt{}, r.failure(ctx, connecting, err)
	}
	answer, step, err := transfer(c, m)
	if err != nil {
		return mail.Receipt{}, r.failure(ctx, step, err)
	}
	_ = c.Quit() // the server has the message, whatever it answers now
	return mail.Receipt{Mailer: r.Name(), ID: mail.Redact(answer)}, nil
}

// Check connects, signs in and names the sender as Send does, and quits.
func (r *Relay) Check(ctx context.Context, from mail.Mailbox) error {
	c, hangUp, err := r.connect(ctx, from)
	defer hangUp()
	if err != nil {
		return fmt.Errorf("checking smtp: %w", r.failure(ctx, connecting, err).Err)
	}
	if err := c.Mail(path(from.Address)); err != nil {
		return fmt.Errorf("checking smtp: %w", r.failure(ctx, sender, err).Err)
	}
	_ = c.Quit()
	return nil
}

// connect makes a connection that is encrypted and signed in. hangUp closes it at once;
// call it in any case.
func (r *Relay) connect(ctx context.Context, from mail.Mailbox) (c *smtp.Client, hangUp func(), err error) {
	// The library's client has state, and its deadlines ignore contexts: so there is
	// a client for each message, and the end of ctx closes its connection whatever
	// it is waiting for. The library also leaves connections open after some
	// failures, so hangUp closes too.
	ctx, hangUp = context.WithCancel(ctx)
	var signIn *xoauth2
	if r.config.Tokens != nil {
		token, err := r.config.Tokens.Token(ctx)
		if err != nil {
			return nil, hangUp, err
		}
		signIn = &xoauth2{username: r.config.Username, token: token}
	}
	client, err := r.client(ctx, r.helo(from), signIn, func(dialing context.Context, network, addr string) (net.Conn, error) {
		conn, err := r.dial(dialing, network, addr)
		if err == nil {
			context.AfterFunc(ctx, func() { closeAtOnce(conn) })
		}
		return conn, err
	})
	if err == nil {
		c, err = client.DialToSMTPClientWithContext(ctx)
	}
	if err != nil && signIn != nil {
		err = r.refusedToken(err, signIn)
	}
	return c, hangUp, err
}

func (r *Relay) client(ctx context.Context, helo string, signIn *xoauth2, dial gomail.DialContextFunc) (*gomail.Client, error) {
	timeout := defaultTimeout
	if deadline, ok := ctx.Deadline(); ok {
		timeout = max(time.Until(deadline), time.Millisecond)
	}
	options := []gomail.Option{
		gomail.WithPort(r.port),
		gomail.WithTimeout(timeout),
		gomail.WithHELO(helo),
		gomail.WithDialContextFunc(dial),
		gomail.WithTLSConfig(r.tls.Clone()),
		// Addresses are ASCII; asking for more could make a server refuse.
		gomail.WithoutSMTPUTF8(),
	}
	switch r.config.TLS {
	case ImplicitTLS:
		options = append(options, gomail.WithSSL())
	case NoTLS:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	switch {
	case signIn != nil:
		options = append(options, gomail.WithSMTPAuthCustom(signIn))
	case r.config.Username != "":
		options = append(options,
			gomail.WithUsername(r.config.Username),
			gomail.WithPassword(r.config.Password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1,
				gomail.SMTPAuthPlain, gomail.SMTPAuthLogin, gomail.SMTPAuthCramMD5))
	}
	return gomail.NewClient(r.host, options...)
}

var (
	_ mail.Mailer  = (*Relay)(nil)
	_ mail.Checker = (*Relay)(nil)
)
