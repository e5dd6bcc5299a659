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
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
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
	// fetchTime bounds a renewal.
	fetchTime = 15 * time.Second
	// ahead is how long before its end a token is renewed. The old one is used
	// until the service has answered.
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

	open    context.Context // ends with stop
	stop    context.CancelFunc
	keeping sync.WaitGroup // keepUp

	mu       sync.Mutex
	kept     kept
	renewing *renewal // nil: nobody is
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
