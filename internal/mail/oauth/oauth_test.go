package oauth

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorpost-auth/doorpost/internal/mail"
)

const secret = "s3cret-of-the-client"

// service is a token endpoint (RFC 6749) that is held to what Microsoft and Google describe.
type service struct {
	mu     sync.Mutex
	asked  int
	fail   func(w http.ResponseWriter) // in place of a token
	life   any                         // expires_in; nil leaves it out
	rotate bool                        // a new refresh token with each answer
}

func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	s.serve(w, r)
	answer := w.Result()
	answer.Request = r
	return answer, r.Context().Err()
}

func (s *service) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.fail != nil {
		s.fail(w)
		return
	}
	_ = r.ParseForm()
	f := r.PostForm
	refresh := "refresh-0"
	if s.rotate {
		refresh = fmt.Sprintf("refresh-%d", s.asked-1)
	}
	switch {
	case r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded":
		refuse("invalid_request")(w)
	case f.Get("client_id") != "door" || f.Get("client_secret") != secret:
		refuse("invalid_client")(w)
	case f.Get("grant_type") == "client_credentials" && f.Get("scope") != "https://outlook.office365.com/.default":
		refuse("invalid_scope")(w)
	case f.Get("grant_type") == "refresh_token" && f.Get("refresh_token") != refresh:
		refuse("invalid_grant")(w)
	case f.Get("grant_type") != "client_credentials" && f.Get("grant_type") != "refresh_token":
		refuse("unsupported_grant_type")(w)
	default:
		answer := map[string]any{"token_type": "Bearer", "access_token": fmt.Sprintf("token-%d", s.asked)}
		if s.life != nil {
			answer["expires_in"] = s.life
		}
		if s.rotate {
			answer["refresh_token"] = fmt.Sprintf("refresh-%d", s.asked)
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer)
	}
}

func refuse(code string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": code, "error_description": "AADSTS: " + secret})
	}
}

func status(code int, body string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

func config(s *service) Config {
	return Config{TokenURL: "https://login.example.com/token", ClientID: "door", ClientSecret: secret,
		Scope: "https://outlook.office365.com/.default", Client: &http.Client{Transport: s}}
}

func open(t *testing.T, c Config) *Source {
	t.Helper()
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *Source) mustGive(t *testing.T, want string) {
	t.Helper()
	if got, err := s.Token(t.Context()); err != nil || got != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

func TestATokenIsKeptAndRenewedAhead(t *testing.T) {
	for name, change := range map[string]func(*Config, *service){
		"client credentials":           func(*Config, *service) {},
		"a refresh token":              func(c *Config, _ *service) { c.RefreshToken, c.Scope = "refresh-0", "" },
		"a refresh token that changes": func(c *Config, s *service) { c.RefreshToken, s.rotate = "refresh-0", true },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				service := &service{life: 3600}
				c := config(service)
				change(&c, service)
				s := open(t, c)
				s.mustGive(t, "token-1")
				time.Sleep(54 * time.Minute)
				s.mustGive(t, "token-1")
				time.Sleep(2 * time.Minute)
				s.mustGive(t, "token-2")
				// While the service is down the last one is used to its end.
				time.Sleep(56 * time.Minute)
				service.fail = status(http.StatusServiceUnavailable, "")
				s.mustGive(t, "token-2")
				time.Sleep(5 * time.Minute)
				if _, err := s.Token(t.Context()); err == nil {
					t.Error("a token was used after its end")
				}
			})
		})
	}
}

func TestAServiceThatDoesNotTellTheEndIsAskedEachTime(t *testing.T) {
	for _, life := range []any{nil, 0, -3600} {
		service := &service{life: life}
		s := open(t, config(service))
		s.mustGive(t, "token-1")
		s.mustGive(t, "token-2")
	}
}

func TestARefusedTokenIsReplaced(t *testing.T) {
	service := &service{life: 3600}
	s := open(t, config(service))
	s.mustGive(t, "token-1")
	s.Refused("token-of-another-time")
	s.mustGive(t, "token-1")
	s.Refused("token-1")
	s.mustGive(t, "token-2")
}

func TestManyAtOnceAskOnce(t *testing.T) {
	service := &service{life: 3600}
	s := open(t, config(service))
	var together sync.WaitGroup
	for range 50 {
		together.Go(func() { s.mustGive(t, "token-1") })
	}
	together.Wait()
	if service.asked != 1 {
		t.Errorf("asked %d times", service.asked)
	}
}

func TestAServiceThatRefusesOrLiesIsAnErrorThatTellsTheNextStep(t *testing.T) {
	for name, tc := range map[string]struct {
		fail      func(http.ResponseWriter)
		words     string
		temporary bool
	}{
		"another secret":             {refuse("invalid_client"), "check client_id and client_secret", false},
		"a refresh token taken back": {refuse("invalid_grant"), "grant access anew", false},
		"a wrong scope":              {refuse("invalid_scope"), "for Google https://mail.google.com/", false},
		"no permission":              {refuse("unauthorized_client"), "consent as an administrator", false},
		"a code of its own":          {refuse("temporarily_" + secret), "status 400; check token_url", false},
		"not found":                  {status(http.StatusNotFound, "<html>"), "status 404; check token_url", false},
		"overload":                   {status(http.StatusTooManyRequests, ""), "status 429", true},
		"an error of its own":        {status(http.StatusBadGateway, "oops"), "status 502", true},
		"a page":                     {status(http.StatusOK, "<html>"+secret), "check token_url", true},
		"no token":                   {status(http.StatusOK, `{"token_type":"Bearer"}`), "check token_url", true},
		"a token that is none":       {status(http.StatusOK, `{"access_token":"a\u0001\u0001user=eve","expires_in":3600}`), "no access token", true},
		"a token of two lines":       {status(http.StatusOK, `{"access_token":"a\r\nMAIL FROM:<eve@example.com>","expires_in":3600}`), "no access token", true},
		"a token without end":        {status(http.StatusOK, `{"access_token":"`+strings.Repeat("a", 9000)+`","expires_in":3600}`), "no access token", true},
		"elsewhere": {func(w http.ResponseWriter) {
			w.Header().Set("Location", "https://evil.example/token")
			w.WriteHeader(http.StatusTemporaryRedirect)
		}, "redirects elsewhere", true},
	} {
		t.Run(name, func(t *testing.T) {
			service := &service{fail: tc.fail}
			_, err := open(t, config(service)).Token(t.Context())
			failed, ok := errors.AsType[*mail.SendError](err)
			if !ok || failed.Temporary != tc.temporary || failed.Unauthorized == tc.temporary {
				t.Fatalf("got %#v", err)
			}
			if !strings.Contains(err.Error(), tc.words) || strings.Contains(err.Error(), secret) || service.asked != 1 {
				t.Errorf("asked %d times: %v", service.asked, err)
			}
		})
	}
}

func TestASlowServiceIsNotWaitedForLongerThanTheMessageHasTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		c := config(nil)
		c.Client = &http.Client{Transport: silent}
		s := open(t, c)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		var waiting sync.WaitGroup
		for _, ctx := range []context.Context{ctx, ctx, t.Context()} {
			waiting.Go(func() {
				_, err := s.Token(ctx)
				if failed, ok := errors.AsType[*mail.SendError](err); !ok || !failed.Temporary {
					t.Errorf("got %v", err)
				}
			})
		}
		begin := time.Now()
		waiting.Wait()
		if waited := time.Since(begin); waited > 2*fetchTime {
			t.Errorf("waited %v", waited)
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Over a real connection, with a certificate.
func TestTokensComeOverTLS(t *testing.T) {
	service := &service{life: 3600}
	server := httptest.NewTLSServer(http.HandlerFunc(service.serve))
	defer server.Close()
	c := config(nil)
	c.TokenURL, c.Client = server.URL, server.Client()
	open(t, c).mustGive(t, "token-1")
	c.Client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}}}
	if _, err := open(t, c).Token(t.Context()); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("without its authority: %v", err)
	}
}

func TestNewRefusesWhatCannotBe(t *testing.T) {
	good := config(nil)
	for name, tc := range map[string]struct {
		change func(*Config)
		words  string
	}{
		"no token_url":       {func(c *Config) { c.TokenURL = "" }, "login.microsoftonline.com"},
		"not https":          {func(c *Config) { c.TokenURL = "http://login.example.com/token" }, "in clear"},
		"no URL":             {func(c *Config) { c.TokenURL = "login.example.com/token" }, "not a URL"},
		"a password in it":   {func(c *Config) { c.TokenURL = "https://a:b@login.example.com/token" }, "not a URL"},
		"no client_id":       {func(c *Config) { c.ClientID = "" }, "client_id"},
		"no client_secret":   {func(c *Config) { c.ClientSecret = "" }, "client_secret"},
		"no scope and grant": {func(c *Config) { c.Scope = "" }, "neither scope nor refresh_token"},
	} {
		c := good
		tc.change(&c)
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), tc.words) || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", name, err)
		}
	}
	onLoopback := good
	onLoopback.TokenURL = "http://127.0.0.1:8080/token"
	open(t, onLoopback)
}
