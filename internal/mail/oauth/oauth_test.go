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
	once := r.URL.RawQuery == "" // each parameter, and only in the body
	for _, values := range f {
		once = once && len(values) == 1
	}
	switch {
	case r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || r.Header.Get("Authorization") != "" || !once:
		refuse("invalid_request")(w)
	case f.Has("refresh_token") != (f.Get("grant_type") == "refresh_token"):
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
		_ = json.NewEncoder(w).Encode(map[string]any{"error": code, "error_codes": []int{7000215}, "timestamp": "2026-12-01 10:00:00Z", "trace_id": "0", "correlation_id": "0",
			"error_description": "AADSTS7000215: Invalid client secret provided: '" + secret + "'. Trace ID: 0 Correlation ID: 0 Timestamp: 2026-12-01 10:00:00Z",
			"error_uri":         "https://login.example.com/error?code=7000215&secret=" + secret})
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
		"a refresh token":              func(c *Config, _ *service) { c.Grant, c.Scope = NewGrant("refresh-0"), "" },
		"a refresh token that changes": func(c *Config, s *service) { c.Grant, s.rotate = NewGrant("refresh-0"), true },
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
				s.mustGive(t, "token-1")
				synctest.Wait()
				s.mustGive(t, "token-2")
				// While the service is down the last one is used to its end.
				time.Sleep(56 * time.Minute)
				service.fail = status(http.StatusServiceUnavailable, "")
				s.mustGive(t, "token-2")
				synctest.Wait()
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

// A service that sends a new refresh token each time takes no other, and each source here has
// a secret or a scope of its own, as those of two configurations do.
func TestSourcesThatShareAGrantHaveTheRefreshTokenThatIsGoodNow(t *testing.T) {
	service := &service{life: 0, rotate: true}
	c := config(service)
	c.Grant = NewGrant("refresh-0")
	var together sync.WaitGroup
	for i := range 20 {
		c.Scope = fmt.Sprint("scope-", i)
		s := open(t, c)
		together.Go(func() {
			for range 5 {
				if _, err := s.Token(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	together.Wait()
	if service.asked != 100 {
		t.Errorf("asked %d times", service.asked)
	}
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
		"a code with our secret":    {refuse("own_" + secret), "refused with own_*** (AADSTS7000215, status 400)", false},
		"a code that forges a line": {refuse("own\nlevel=info; all is well\u202e" + strings.Repeat("a", 9000)), "refused with " + ("own_level=info__all_is_well_" + strings.Repeat("a", 64))[:64] + " (AADSTS7000215", false},
		"not found":                 {status(http.StatusNotFound, "<html>"), "status 404; check token_url", false},
		"an error that is no text":  {status(http.StatusForbidden, `{"error":{"code":403}}`), "status 403; check token_url", false},
		"a number alone":            {status(http.StatusBadRequest, `{"error_description":"AADSTS90002: no tenant"}`), "refused with AADSTS90002 (status 400)", false},
		"a number elsewhere":        {status(http.StatusBadRequest, `{"error":"invalid_scope","error_description":"not AADSTS123"}`), "refused with invalid_scope (status 400)", false},
		"a code beside overload":    {status(http.StatusServiceUnavailable, `{"error":"invalid_grant"}`), "refused with invalid_grant (status 503)", true},
		"overload":                  {status(http.StatusTooManyRequests, ""), "status 429", true},
		"an error of its own":       {status(http.StatusBadGateway, "oops"), "status 502", true},
		"a page":                    {status(http.StatusOK, "<html>"+secret), "; check token_url, and whether it can be reached", true},
		"no token":                  {status(http.StatusOK, `{"token_type":"Bearer"}`), "check token_url", true},
		"a token that is none":      {status(http.StatusOK, `{"access_token":"a\u0001\u0001user=eve","expires_in":3600}`), "no access token", true},
		"a token of two lines":      {status(http.StatusOK, `{"access_token":"a\r\nMAIL FROM:<eve@example.com>","expires_in":3600}`), "no access token", true},
		"a token without end":       {status(http.StatusOK, `{"access_token":"`+strings.Repeat("a", 9000)+`","expires_in":3600}`), "no access token", true},
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
			if !strings.Contains(err.Error(), tc.words) || strings.Contains(err.Error(), secret) || strings.ContainsAny(err.Error(), "\n\u202e") || len(err.Error()) > 500 || service.asked != 1 {
				t.Errorf("asked %d times: %v", service.asked, err)
			}
		})
	}
}

// codes are those that Microsoft and Google document, with what an operator reads in the end.
func TestEachCodeOfATokenEndpointIsNamedWithTheNextStep(t *testing.T) {
	for code, want := range map[string]remedy{
		"invalid_client":          always("check client_id and client_secret"),
		"invalid_grant":           {"check the tenant in token_url", "grant access anew"},
		"invalid_scope":           always("for Google https://mail.google.com/"),
		"invalid_resource":        always("check scope, and the tenant in token_url"),
		"invalid_request":         always("check token_url (for Microsoft 365 the tenant in it, too), client_id and scope"),
		"unauthorized_client":     {"consent as an administrator", "is of another application"},
		"unsupported_grant_type":  {"configure a refresh_token", "leave it out"},
		"access_denied":           {"consent as an administrator", "grant access anew"},
		"interaction_required":    {"conditional access", "grant access anew"},
		"consent_required":        {"consent as an administrator", "grant access anew"},
		"login_required":          {"consent as an administrator", "grant access anew"},
		"admin_policy_enforced":   always("trust the application"),
		"deleted_client":          always("register one"),
		"disabled_client":         always("switch it on"),
		"temporarily_unavailable": always("it is asked again"),
		"server_error":            always("it is asked again"),
		"internal_failure":        always("it is asked again"),
		"rate_limit_exceeded":     always("it is asked again"),
		"slow_down":               always("it is asked again"),
		"an.unknown-Code":         always("look the code up"),
	} {
		for refresh, words := range map[string]string{"": want.credentials, "refresh-0": want.refresh} {
			for _, kind := range []string{"application/json; charset=utf-8", "text/plain", "text/html"} {
				service := &service{fail: func(w http.ResponseWriter) {
					w.Header().Set("Content-Type", kind)
					w.WriteHeader(http.StatusUnauthorized)
					_, _ = io.WriteString(w, `{"error":"`+code+`","error_description":"AADSTS700016: no `+secret+` nor refresh-0"}`)
				}}
				c := config(service)
				if refresh != "" {
					c.Grant = NewGrant(refresh)
				}
				_, err := open(t, c).Token(t.Context())
				failed, ok := errors.AsType[*mail.SendError](err)
				if passes := words == "it is asked again"; !ok || failed.Temporary != passes || failed.Unauthorized == passes {
					t.Fatalf("%s is %#v", code, err)
				}
				for _, part := range []string{"refused with " + code + " (AADSTS700016, status 401); ", words, "error?code=700016"} {
					if !strings.Contains(err.Error(), part) {
						t.Errorf("%s as %s does not say %q: %v", code, kind, part, err)
					}
				}
				if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "refresh-0") {
					t.Errorf("a secret is in %v", err)
				}
			}
		}
	}
}

func TestASlowServiceIsNotWaitedForLongerThanTheMessageHasTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := config(nil)
		c.Client = &http.Client{Transport: roundTrip(silent)}
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

// silent is an endpoint that answers nothing.
func silent(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestNobodyWaitsForARenewalWhileThereIsATokenThatIsGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := &service{life: 80}
		s := open(t, config(service))
		s.mustGive(t, "token-1")
		time.Sleep(41 * time.Second)
		asked := 0
		s.config.Client = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			asked++
			return silent(r)
		})}
		begun := time.Now()
		for range 6 {
			s.mustGive(t, "token-1")
		}
		if waited := time.Since(begun); waited > 0 {
			t.Errorf("they waited %v", waited)
		}
		time.Sleep(fetchTime - time.Second)
		s.mustGive(t, "token-1")
		synctest.Wait()
		if asked != 1 {
			t.Errorf("%d renewals were under way at once", asked)
		}
		// When it is over they wait for the next.
		time.Sleep(25 * time.Second)
		synctest.Wait()
		s.config.Client = config(service).Client
		s.mustGive(t, "token-2")
	})
}

func TestAPanicOfARenewalIsAFailureOfIt(t *testing.T) {
	c := config(nil)
	c.Client = &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) { panic(secret) })}
	_, err := open(t, c).Token(t.Context())
	if failed, ok := errors.AsType[*mail.SendError](err); !ok || !failed.Temporary || !strings.Contains(err.Error(), "panicked") || strings.Contains(err.Error(), secret) {
		t.Errorf("got %v", err)
	}
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
