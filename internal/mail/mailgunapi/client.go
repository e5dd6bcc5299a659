// Package mailgunapi sends mail through Mailgun's Messages API. It is the only
// package that uses Mailgun's library.
package mailgunapi

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/mailgun/mailgun-go/v4"

	"github.com/doorpost-auth/doorpost/internal/mail"
)

// defaultTimeout bounds one call of the API unless the configuration does.
const defaultTimeout = 20 * time.Second

// Config says which account to use.
type Config struct {
	Domain string // sending domain as registered with Mailgun, such as mg.example.com
	APIKey string // of the account or, better, of the domain only

	// Region is where the domain is registered: "us" (also if empty) or "eu".
	Region string
	// APIBase replaces the region's address, for a proxy or a test. Without a path
	// it gets /v3. It must be https except on this machine.
	APIBase string
	// Timeout is for one call, connecting included; 20 s if zero.
	Timeout time.Duration
}

// Client is a mail.Mailer. It is safe for concurrent use.
type Client struct {
	mailgun *mailgun.MailgunImpl
	http    *http.Client
	domain  string
	host    string // for errors
	key     string // to keep it out of errors
}

var domainName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+$`)

// New checks the configuration; it does not connect. Its errors name the option and a
// correct value, and never contain the key.
func New(c Config) (*Client, error) {
	if !domainName.MatchString(c.Domain) {
		return nil, fmt.Errorf("setting up mailgun: domain %q is not a domain name; write for example mg.example.com", c.Domain)
	}
	if c.APIKey == "" || strings.ContainsFunc(c.APIKey, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("setting up mailgun: api_key is empty or has spaces or line breaks in it; write for example {env.MAILGUN_API_KEY}")
	}
	base, err := apiBase(c)
	if err != nil {
		return nil, fmt.Errorf("setting up mailgun: %w", err)
	}
	if c.Timeout <= 0 {
		c.Timeout = defaultTimeout
	}
	client := &http.Client{
		Transport: &guard{scheme: base.Scheme, host: base.Host, next: transport()},
		Timeout:   c.Timeout,
		// The key goes to the configured host and nowhere else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	mg := mailgun.NewMailgun(c.Domain, c.APIKey)
	mg.SetClient(client)
	mg.SetAPIBase(base.String())
	return &Client{mailgun: mg, http: client, domain: c.Domain, host: base.Host, key: c.APIKey}, nil
}

var versionPath = regexp.MustCompile(`/v[1-4]$`)

// apiBase returns the address of the API.
func apiBase(c Config) (*url.URL, error) {
	address := c.APIBase
	if address == "" {
		switch c.Region {
		case "", "us":
			address = mailgun.APIBaseUS
		case "eu":
			address = mailgun.APIBaseEU
		default:
			return nil, fmt.Errorf("unknown region %q; use us or eu", c.Region)
		}
	}
	// Errors do not repeat the address: there may be credentials in it.
	base, err := url.Parse(address)
	if err != nil || base.Hostname() == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, errors.New("api_base is not a plain URL; write for example " + mailgun.APIBaseEU)
	}
	base.Path = strings.TrimRight(base.Path, "/")
	if base.Path == "" {
		base.Path = "/v3"
	}
	if !versionPath.MatchString(base.Path) {
		return nil, fmt.Errorf("api_base has the path %q, which names no version of the API; end it with /v3", base.Path)
	}
	if base.Scheme != "https" && (base.Scheme != "http" || !mail.IsLoopback(base.Hostname())) {
		return nil, fmt.Errorf("api_base starts with %q; use https, http is for this machine only", base.Scheme)
	}
	return base, nil
}

// transport is like http.DefaultTransport, with smaller bounds.
func transport() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  defaultTimeout,
		MaxResponseHeaderBytes: maxAnswer,
		MaxIdleConnsPerHost:    8,
		IdleConnTimeout:        30 * time.Second,
		ForceAttemptHTTP2:      true,
	}
}

// Name is "mailgun".
func (c *Client) Name() string { return "mailgun" }

// Close closes the connections that are kept for the next message.
func (c *Client) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

// Send hands the message to Mailgun and returns its id in Mailgun's log.
func (c *Client) Send(ctx context.Context, m mail.Message) (mail.Receipt, error) {
	if err := m.Check(); err != nil {
		return mail.Receipt{}, &mail.SendError{Mailer: c.Name(), Err: err}
	}
	out := mailgun.NewMessage(m.From.String(), m.Subject, m.Text, m.To)
	out.SetHTML(m.HTML)
	// Tracking would rewrite the link, so that a redirector sees the token and
	// spends it, and would add a pixel.
	out.SetTracking(false)
	out.SetTrackingClicks(false)
	out.SetTrackingOpens(false)
	out.SetRequireTLS(true)
	out.AddHeader("Message-Id", m.MessageID())
	out.AddHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office notes, please
	if m.ReplyTo != "" {
		out.SetReplyTo(m.ReplyTo)
	}
	if m.Language != "" {
		out.AddHeader("Content-Language", m.Language)
	}
	call := exchange{before: m.HandOver}
	_, id, err := c.mailgun.Send(call.in(ctx), out)
	if err != nil {
		return mail.Receipt{}, c.failure(ctx, &call, err)
	}
	return mail.Receipt{Mailer: c.Name(), ID: plainID(id)}, nil
}

var providerID = regexp.MustCompile(`^[A-Za-z0-9._@+=-]{1,200}$`)

// plainID is Mailgun's id without its angle brackets. It is empty if the id has strange
// characters, since it goes into logs.
func plainID(id string) string {
	id = strings.Trim(id, "<>")
	if !providerID.MatchString(id) {
		return ""
	}
	return id
}

var (
	_ mail.Mailer  = (*Client)(nil)
	_ mail.Checker = (*Client)(nil)
)
