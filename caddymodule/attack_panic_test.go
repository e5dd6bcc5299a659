package caddymodule

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/testkit"
	"go.uber.org/zap"
)

func init() {
	caddy.RegisterModule(indiscreet{})
	httpcaddyfile.RegisterHandlerDirective("indiscreet", func(httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) { return indiscreet{}, nil })
}

// indiscreet is an app behind the gate that says all it was sent: in a panic,
// in an error, in a line of the log.
type indiscreet struct{}

// CaddyModule implements caddy.Module.
func (indiscreet) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.indiscreet", New: func() caddy.Module { return new(indiscreet) }}
}

func (indiscreet) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	dump, err := httputil.DumpRequest(r, true)
	if err != nil {
		return err
	}
	repl := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	said := fmt.Sprintf("indiscreet %s\n%+v\n%+v\n%s", dump, r.Header, r.Context().Value(caddyhttp.OriginalRequestCtxKey),
		repl.ReplaceAll("{http.request.header.Cookie} {http.request.cookie.doorpost} {http.request.cookie.doorpost-ask} {http.request.orig_uri} {http.auth.user.id}", ""))
	switch r.URL.Path {
	case "/panic":
		panic(said)
	case "/panic/error":
		panic(errors.New(said))
	case "/error":
		return caddyhttp.Error(http.StatusInternalServerError, errors.New(said))
	}
	caddy.Log().Error(said, zap.Any("header", r.Header), zap.Object("request", caddyhttp.LoggableHTTPRequest{Request: r}))
	_, err = w.Write([]byte("ok"))
	return err
}

// secretsSeen are those of a test that must be in no log, by what they are.
type secretsSeen map[string]string

// learn adds the cookies that a browser has.
func (s secretsSeen) learn(b *browser) {
	b.t.Helper()
	for _, cookie := range b.client.Jar.Cookies(httptest.NewRequest(http.MethodGet, b.origin(), nil).URL) {
		s[fmt.Sprintf("cookie %s (%d)", cookie.Name, len(s))] = cookie.Value
	}
}

var codeInMessage = regexp.MustCompile(`\b[A-HJKMNP-Z2-9]{4}-[A-HJKMNP-Z2-9]{4}\b`)

// ask asks for a link and learns what only the message says.
func (s secretsSeen) ask(b *browser, who string) (token, code string) {
	b.t.Helper()
	b.post("/_doorpost/sign-in", url.Values{"email": {who}})
	message := b.receive(who)
	link := linkToken.FindStringSubmatch(message)
	if code = codeInMessage.FindString(message); link == nil || code == "" {
		b.t.Fatalf("there is no link, or no code, in the message:\n%s", message)
	}
	token = link[1]
	s[fmt.Sprintf("token (%d)", len(s))], s[fmt.Sprintf("code (%d)", len(s))], s[fmt.Sprintf("bare code (%d)", len(s))] = token, code, strings.ReplaceAll(code, "-", "")
	s.learn(b)
	return token, code
}

// expectUntold fails if the log has a secret in it, as it is or as Go prints
// bytes, or has not what the test is about.
func (s secretsSeen) expectUntold(g *gateway, wanted ...string) {
	g.t.Helper()
	logged := g.logged()
	for _, words := range wanted {
		if !strings.Contains(logged, words) {
			g.t.Errorf("the log does not say %q", words)
		}
	}
	for what, secret := range s {
		for form, written := range map[string]string{"": secret, " as numbers": strings.Trim(fmt.Sprint([]byte(secret)), "[]"), " in base64": base64.StdEncoding.EncodeToString([]byte(secret))} {
			if at := strings.Index(logged, written); at >= 0 {
				g.t.Errorf("the log says the %s%s: …%s…", what, form, logged[max(0, at-300):min(len(logged), at+len(written)+80)])
			}
		}
	}
}

// hit sends a request that may end with the connection, as panics do.
func (b *browser) hit(method, path string, fields url.Values) {
	b.t.Helper()
	r, err := http.NewRequest(method, b.origin()+path, strings.NewReader(fields.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", b.origin())
	if resp, err := b.client.Do(r); err == nil {
		resp.Body.Close()
	}
}

func newSecretText() string { return base64.RawURLEncoding.EncodeToString(keys.Generate()) }

func TestAttackLG01NoSecretIsInWhatThePanicOfAnAppSays(t *testing.T) {
	redis := redistest.Single(t)
	known := secretsSeen{"password of Redis": newSecretText(), "key of the API": newSecretText(), "password of SMTP": newSecretText(), "secret": newSecretText()}
	redis.RequirePassword(t, known["password of Redis"])
	t.Setenv("REDIS_PASSWORD", known["password of Redis"])
	t.Setenv("API_KEY", known["key of the API"])
	t.Setenv("SMTP_PASSWORD", known["password of SMTP"])
	t.Setenv("GATE_SECRET", known["secret"])
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, key, _ := r.BasicAuth()
		http.Error(w, "broken, "+key+" "+r.FormValue("text"), http.StatusInternalServerError)
	}))
	t.Cleanup(broken.Close)
	g := newGateway(t, fmt.Sprintf(`debug
	metrics
	doorpost {
		secret {env.GATE_SECRET}
		store redis %s {
			password {env.REDIS_PASSWORD}
		}
		from "Doorpost <sign-in@example.com>"
		mailer smtp 127.0.0.1:%s {
			tls off
			username gate
			password {env.SMTP_PASSWORD}
		}
		mailer mailgun {
			domain mg.example.com
			api_key {env.API_KEY}
			api_base %s
		}
		mailer console
	}`, redis.URL(), testkit.FreePort(), broken.URL), "route {\n doorpost {\n allow *@example.com\n public /open /panic/open\n }\n indiscreet\n }")
	b := g.newBrowser()
	token, _ := known.ask(b, "alice@example.com")
	b.post("/_doorpost/link", url.Values{"token": {token}})
	known.learn(b)
	// Somebody who is signed in and has asked anew has all that a request can carry.
	_, code := known.ask(b, "alice@example.com")
	for _, path := range []string{"/panic", "/panic/error", "/error", "/log"} {
		b.hit(http.MethodGet, path, nil)
		b.hit(http.MethodPost, path, url.Values{"app": {"data"}})
		g.newBrowser().hit(http.MethodGet, path, nil)
	}
	b.hit(http.MethodGet, "/open", nil)
	b.post("/_doorpost/code", url.Values{"code": {code}})
	known.learn(b)
	redis.Kill()
	b.hit(http.MethodGet, "/error", nil)
	b.hit(http.MethodPost, "/_doorpost/sign-in", url.Values{"email": {"bob@example.com"}})
	redis.Restart(t)
	if len(known) < 12 {
		t.Fatalf("only %d secrets are known", len(known))
	}
	known.expectUntold(g, "http: panic serving", "indiscreet GET /panic", "goroutine ", "indiscreet GET /error", "indiscreet GET /log", "indiscreet GET /open", "alice@example.com", `"level":"debug"`)
}

// faultyStore panics, once it is told to, and says all that it was given.
type faultyStore struct {
	Store
	faulty atomic.Bool
}

func (s *faultyStore) panics(given any) {
	if s.faulty.Load() {
		panic(fmt.Sprintf("faulty store %+v %#v %v", given, given, given))
	}
}

func (s *faultyStore) Ask(ctx context.Context, a signin.Asking) (signin.Asked, error) {
	s.panics(a)
	return s.Store.Ask(ctx, a)
}

func (s *faultyStore) RedeemLink(ctx context.Context, r signin.Redemption) (signin.Redeemed, error) {
	s.panics(r)
	return s.Store.RedeemLink(ctx, r)
}

func (s *faultyStore) RedeemCode(ctx context.Context, r signin.Redemption) (signin.Redeemed, error) {
	s.panics(r)
	return s.Store.RedeemCode(ctx, r)
}

func (s *faultyStore) Stop(ctx context.Context, stopping signin.Stopping) (bool, error) {
	s.panics(stopping)
	return s.Store.Stop(ctx, stopping)
}

func (s *faultyStore) Session(ctx context.Context, key session.Key, now time.Time) (session.Record, bool, error) {
	s.panics(key)
	return s.Store.Session(ctx, key, now)
}

func TestAttackLG01NoSecretIsInWhatThePanicOfAStoreSays(t *testing.T) {
	store := &faultyStore{Store: openMemory(t)}
	holdBackend(t, store)
	g := newGateway(t, "debug\n doorpost {\n store memory\n mailer console\n}\n", "doorpost {\n allow *@example.com\n}\n respond ok\n")
	known, b, member := make(secretsSeen), g.newBrowser(), g.newBrowser()
	member.signIn("bob@example.com")
	known.learn(member)
	token, code := known.ask(b, "alice@example.com")
	store.faulty.Store(true)
	b.hit(http.MethodPost, "/_doorpost/link", url.Values{"token": {token}})
	b.hit(http.MethodPost, "/_doorpost/code", url.Values{"code": {code}})
	b.hit(http.MethodPost, "/_doorpost/stop", url.Values{"token": {token}})
	b.hit(http.MethodPost, "/_doorpost/sign-in", url.Values{"email": {"carol@example.com"}})
	g.backend().cache.Distrust()
	member.hit(http.MethodGet, "/", nil)
	store.faulty.Store(false)
	if got := b.post("/_doorpost/link", url.Values{"token": {token}}); got.status != http.StatusSeeOther {
		t.Errorf("after the panics the link is answered %d", got.status)
	}
	if panics := strings.Count(g.logged(), "faulty store"); panics < 5 {
		t.Errorf("the store panicked %d times", panics)
	}
	known.expectUntold(g, "faulty store", "goroutine ")
}
