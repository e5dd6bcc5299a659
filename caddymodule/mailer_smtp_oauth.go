package caddymodule

import (
	"bytes"
	"crypto/sha256"
	"log/slog"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/mail/oauth"
)

// SMTPOAuth gets access tokens for an SMTP server that takes them in place of a
// password (XOAUTH2): with client credentials, or with a refresh token if there is one.
type SMTPOAuth struct {
	// TokenURL is the token endpoint of the service: https, loopback excepted.
	TokenURL string `json:"token_url,omitempty"`

	// ClientID and ClientSecret are those of the application that is registered with
	// the service.
	ClientID     string `json:"client_id,omitempty"`
	ClientSecret string `json:"client_secret,omitempty"`

	// Scope is what the tokens are for. Several are separated by spaces.
	Scope string `json:"scope,omitempty"`

	// RefreshToken is what somebody granted to the application. Default: none, and
	// client credentials.
	RefreshToken string `json:"refresh_token,omitempty"`

	holds  grantKey // zero: none
	tokens *oauth.Source
}

// grants are those of all configurations: while one is being replaced two of them run, and a
// refresh token that the service sent to the old one is good for the new one too.
var grants = caddy.NewUsagePool()

// grantKey is what a grant is known by. Another refresh token in the configuration is another
// grant; a new secret of the same application is not.
type grantKey [sha256.Size]byte

type pooledGrant struct{ *oauth.Grant }

// Destruct implements caddy.Destructor.
func (pooledGrant) Destruct() error { return nil }

// hold takes the grant that began with a refresh token, until release.
func (o *SMTPOAuth) hold(c oauth.Config, refreshToken string) (*oauth.Grant, error) {
	key := grantKey(sha256.Sum256([]byte(strings.Join([]string{c.TokenURL, c.ClientID, refreshToken}, "\x00"))))
	pooled, _, err := grants.LoadOrNew(key, func() (caddy.Destructor, error) { return pooledGrant{oauth.NewGrant(refreshToken)}, nil })
	if err != nil {
		return nil, err
	}
	o.holds = key
	return pooled.(pooledGrant).Grant, nil
}

func (o *SMTPOAuth) release() error {
	if o.holds == (grantKey{}) {
		return nil
	}
	_, err := grants.Delete(o.holds)
	o.holds = grantKey{}
	return err
}

// keepIn has the store keep what the service sends in place of the refresh token, until the
// source is closed.
func (o *SMTPOAuth) keepIn(store oauth.Store, ring keys.Ring, logger *slog.Logger) *oauth.Source {
	o.tokens.KeepIn(oauth.Shelf{Store: store, Sealer: ring.Sealer(keys.RefreshToken), Grant: bytes.Clone(o.holds[:]), Logger: logger})
	return o.tokens
}

// source makes the source of tokens, once placeholders can be resolved.
func (o *SMTPOAuth) source() (_ *oauth.Source, err error) {
	var c oauth.Config
	var refreshToken string
	err = resolveAll(
		value{"token_url", o.TokenURL, &c.TokenURL, true},
		value{"client_id", o.ClientID, &c.ClientID, true},
		value{"client_secret", o.ClientSecret, &c.ClientSecret, true},
		value{"scope", o.Scope, &c.Scope, false},
		value{"refresh_token", o.RefreshToken, &refreshToken, false},
	)
	if err == nil && refreshToken != "" {
		c.Grant, err = o.hold(c, refreshToken)
	}
	if err != nil {
		return nil, err
	}
	o.tokens, err = oauth.New(c)
	return o.tokens, err
}

func (m *SMTPMailer) readOAuth(d *caddyfile.Dispenser) error {
	o := new(SMTPOAuth)
	m.OAuth = o
	if d.NextArg() {
		return d.Errf("oauth takes a block, and no value: leave out %q", d.Val())
	}
	return readBlock(d, "oauth", o.checkWritten,
		option{name: "token_url", read: oneValue(&o.TokenURL, "https://login.microsoftonline.com/example.com/oauth2/v2.0/token")},
		option{name: "client_id", read: oneValue(&o.ClientID, "00001111-aaaa-2222-bbbb-3333cccc4444")},
		option{name: "client_secret", read: oneValue(&o.ClientSecret, "{env.OAUTH_CLIENT_SECRET}")},
		option{name: "scope", read: oneValue(&o.Scope, "https://outlook.office365.com/.default")},
		option{name: "refresh_token", read: oneValue(&o.RefreshToken, "{env.OAUTH_REFRESH_TOKEN}")},
	)
}

// checkWritten is as that of MailgunMailer.
func (o *SMTPOAuth) checkWritten() error {
	c := oauth.Config{
		TokenURL: written(o.TokenURL, "https://localhost/token"), ClientID: written(o.ClientID, "id"), ClientSecret: written(o.ClientSecret, "secret"),
		Scope: written(o.Scope, "scope"),
	}
	if o.RefreshToken != "" {
		c.Grant = oauth.NewGrant(o.RefreshToken)
	}
	_, err := oauth.New(c)
	return err
}
