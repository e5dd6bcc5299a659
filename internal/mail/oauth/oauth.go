// Package oauth gets the access tokens with which a mailer signs in where passwords are
// switched off: with client credentials (RFC 6749, section 4.4), as Microsoft 365 has
// it, or with a refresh token (section 6), as Google has it. It is the only package that
// uses the OAuth library.
package oauth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/doorpost-auth/doorpost/internal/mail"
)

// Config says who gets tokens, and where.
type Config struct {
	TokenURL     string // https, or http on loopback
	ClientID     string
	ClientSecret string
	Scope        string // several are separated by spaces; may be empty with a Grant
	Grant        *Grant // nil: client credentials

	Client *http.Client // nil: one that trusts the authorities of the system
}

const (
	// fetchTime bounds a request for a token.
	fetchTime = 15 * time.Second
	// ahead is how long before its end a token is renewed. Meanwhile the old one
	// is good, if the service does not answer.
	ahead = 5 * time.Minute
	// longest is how long a token is kept, whatever the service says.
	longest = 24 * time.Hour

	// maxToken fits into what a server has to read, in base64 (RFC 4954, section 4).
	maxToken = 8000
)

// Source gets tokens and keeps the last one until it is nearly over. It is safe for
// concurrent use.
type Source struct {
	config Config
	fetch  func(ctx context.Context, refreshToken string) (*oauth2.Token, error)
	grant  *Grant
	shelf  Shelf
	kept   kept // whoever uses it has the turn of the grant

	open    context.Context // ends with stop
	stop    context.CancelFunc
	keeping sync.WaitGroup // keepUp
}

// kept is what a source knows of its last token.
type kept struct {
	token   string
	renew   time.Time // when to get another one
	expires time.Time
}

// New checks the configuration; it asks for no token yet. Its errors name the option and
// never contain a secret.
func New(c Config) (*Source, error) {
	if err := checkTokenURL(c.TokenURL); err != nil {
		return nil, err
	}
	for _, needed := range []struct{ option, value string }{{"client_id", c.ClientID}, {"client_secret", c.ClientSecret}} {
		if needed.value == "" {
			return nil, fmt.Errorf("oauth has no %s; it is that of the application that you have registered with the mail service", needed.option)
		}
	}
	if c.Scope == "" && c.Grant == nil {
		return nil, errors.New("oauth has neither scope nor refresh_token; with client credentials a scope is needed, for Microsoft 365 https://outlook.office365.com/.default")
	}
	c.Client = cmp.Or(c.Client, &http.Client{})
	client := *c.Client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { // what is sent is secret
		return errors.New("the token_url redirects elsewhere")
	}
	c.Client = &client
	s := &Source{config: c, grant: cmp.Or(c.Grant, NewGrant(""))}
	s.open, s.stop = context.WithCancel(context.Background())
	var scopes []string
	if c.Scope != "" {
		scopes = []string{c.Scope} // the library joins them with spaces
	}
	// Both services show the secret in the body. To try both ways would double each refusal.
	endpoint := oauth2.Endpoint{TokenURL: c.TokenURL, AuthStyle: oauth2.AuthStyleInParams}
	if c.Grant == nil {
		credentials := clientcredentials.Config{ClientID: c.ClientID, ClientSecret: c.ClientSecret, TokenURL: c.TokenURL, Scopes: scopes, AuthStyle: endpoint.AuthStyle}
		s.fetch = func(ctx context.Context, _ string) (*oauth2.Token, error) { return credentials.Token(ctx) }
	} else {
		refreshing := oauth2.Config{ClientID: c.ClientID, ClientSecret: c.ClientSecret, Endpoint: endpoint, Scopes: scopes}
		s.fetch = func(ctx context.Context, refresh string) (*oauth2.Token, error) {
			return refreshing.TokenSource(ctx, &oauth2.Token{RefreshToken: refresh}).Token()
		}
	}
	return s, nil
}

func checkTokenURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case text == "":
		return errors.New("oauth has no token_url; for Microsoft 365 it is https://login.microsoftonline.com/<tenant>/oauth2/v2.0/token, for Google https://oauth2.googleapis.com/token")
	case err != nil || u.Host == "" || u.User != nil || u.Fragment != "":
		return errors.New("the token_url of oauth is not a URL; write for example https://oauth2.googleapis.com/token")
	case u.Scheme == "https", u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	}
	return errors.New("the token_url of oauth is not https: the secret of the client would be sent in clear")
}

func isLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// Token returns a token that is good now. It asks the service for the first one, and for
// another before the last one ends. Its errors are *mail.SendError, and have no secret in them.
func (s *Source) Token(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	if err := s.grant.take(ctx); err != nil {
		return "", &mail.SendError{Temporary: true, Err: fmt.Errorf("waiting for an access token: %w", err)}
	}
	defer s.grant.give()
	now := time.Now()
	if now.Before(s.kept.renew) {
		return s.kept.token, nil
	}
	ofStore := s.compare(ctx)
	var got *oauth2.Token
	err := ofStore
	if err == nil {
		got, err = s.ask(ctx)
	}
	if err == nil && (!bearer.MatchString(got.AccessToken) || len(got.AccessToken) > maxToken) {
		err = errNoBearer
	}
	switch {
	case err == nil:
		s.keep(ctx, got, now)
		return got.AccessToken, nil
	case now.Before(s.kept.expires):
		return s.kept.token, nil
	case ofStore != nil:
		return "", &mail.SendError{Temporary: true, Err: ofStore}
	}
	return "", s.failure(ctx, err)
}

// ask asks the service for a token. Where it does not take the refresh token, another instance
// may have been sent the next one meanwhile.
func (s *Source) ask(ctx context.Context) (*oauth2.Token, error) {
	ctx = context.WithValue(ctx, oauth2.HTTPClient, s.config.Client)
	used := s.grant.latest.token
	got, err := s.fetch(ctx, used)
	if refused, answered := errors.AsType[*oauth2.RetrieveError](err); answered {
		code, _ := s.codes(refused)
		if code == "invalid_grant" && s.compare(ctx) == nil && s.grant.latest.token != used {
			return s.fetch(ctx, s.grant.latest.token)
		}
	}
	return got, err
}

// bearer is what the token of a service looks like (RFC 6750, section 2.1). Anything else
// could change what is said to a mail server.
var bearer = regexp.MustCompile(`^[A-Za-z0-9._~+/-]+=*$`)

var errNoBearer = errors.New("the answer has no access token in it")

// keep keeps a token for as long as the service says. One whose end it does not tell, or
// that is over by its own account, is used this once.
func (s *Source) keep(ctx context.Context, got *oauth2.Token, now time.Time) {
	life := min(got.Expiry.Sub(now), longest)
	s.kept.token, s.kept.expires = got.AccessToken, now.Add(life)
	s.kept.renew = s.kept.expires.Add(-min(ahead, life/2))
	if got.RefreshToken != "" && got.RefreshToken != s.grant.latest.token {
		s.renewed(ctx, got.RefreshToken)
	}
}

// Refused forgets a token that a mail server did not take, so that the next message gets
// another.
func (s *Source) Refused(token string) {
	s.grant.turn <- struct{}{}
	defer func() { <-s.grant.turn }()
	if s.kept.token == token {
		s.kept.renew, s.kept.expires = time.Time{}, time.Time{}
	}
}
