package caddymodule

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// rotating is a token endpoint that sends a new refresh token each time. One that was used
// before ends the whole grant (RFC 9700, section 4.14.2).
type rotating struct {
	mu     sync.Mutex
	good   map[string]bool // refresh tokens by whether they still are; those of each grant begin with its name
	asked  int
	secret string
}

func (s *rotating) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	_ = r.ParseForm()
	token := r.PostForm.Get("refresh_token")
	grant, _, _ := strings.Cut(token, ".")
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.Method != http.MethodPost || r.PostForm.Get("grant_type") != "refresh_token" || r.PostForm.Get("client_id") != "door" || r.PostForm.Get("client_secret") != s.secret:
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprint(w, `{"error":"invalid_client"}`)
	case !s.good[token]:
		for other := range s.good {
			if strings.HasPrefix(other, grant+".") {
				s.good[other] = false
			}
		}
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprint(w, `{"error":"invalid_grant"}`)
	default:
		next := fmt.Sprint(grant, ".", s.asked)
		s.good[token], s.good[next] = false, true
		_, _ = fmt.Fprintf(w, `{"token_type":"Bearer","access_token":"access-%d","expires_in":3600,"refresh_token":"%s"}`, s.asked, next)
	}
}

func (s *rotating) use(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secret = secret
}

// serveTokenMail is a mail server that takes access tokens, and counts the sign-ins.
func serveTokenMail(t *testing.T, signedIn *atomic.Int32) *testkit.MailServer {
	return testkit.ServeMail(t, testkit.MailOptions{Auth: []string{"XOAUTH2"}, Conduct: func(at testkit.MailStep, about string) string {
		if at == testkit.AtAuth {
			signedIn.Add(1)
			if !strings.HasPrefix(about, "a@example.com:access-") {
				return "535 5.7.3 Authentication unsuccessful"
			}
		}
		return ""
	}})
}

func tokenMailer(store string, server *testkit.MailServer, endpoint, secret, refresh string) string {
	return fmt.Sprintf("doorpost {\nstore %s\nfrom a@example.com\nmailer smtp %s {\ntls off\nusername a@example.com\noauth {\ntoken_url %s\nclient_id door\nclient_secret %s\nrefresh_token %s\n}\n}\n}\n",
		store, server.Address, endpoint, secret, refresh)
}

func TestARefreshTokenThatTheServiceRenewedOutlivesReloads(t *testing.T) {
	tokens := &rotating{good: map[string]bool{"one.0": true, "two.0": true}, secret: "first"}
	endpoint := httptest.NewServer(tokens)
	defer endpoint.Close()
	var signedIn atomic.Int32
	server := serveTokenMail(t, &signedIn)
	options := func(secret, refresh string) string {
		return tokenMailer("memory", server, endpoint.URL, secret, refresh)
	}
	a := newAdmin(t, options("first", "one.0"), helloBehindGate)
	admin := "admin " + a.address + "\n"
	works := func(after string) {
		t.Helper()
		if f := a.examine("")["mailer smtp"]; f.Result != adminapi.Fine {
			t.Errorf("%s the mailer is %+v", after, f)
		}
	}
	held := func(want int, after string) {
		t.Helper()
		n := 0
		grants.Range(func(any, any) bool { n++; return true })
		if n != want {
			t.Errorf("%s %d grants are held, want %d", after, n, want)
		}
	}
	works("at first")
	for i := range 3 {
		a.site = strings.Replace(helloBehindGate, "hello", fmt.Sprint("hello ", i), 1)
		a.load()
		works("after a reload")
	}
	for range 3 {
		a.site = helloBehindGate + "doorpost /x {\nallow group:unknown\n}\n"
		if a.tryLoad() == nil {
			t.Fatal("the configuration was loaded")
		}
	}
	a.site = helloBehindGate
	held(1, "after reloads that failed")

	tokens.use("second")
	a.options = admin + options("second", "one.0")
	a.load()
	works("with a new secret of the application")

	a.options = admin + options("second", "two.0")
	a.load()
	works("with a new grant")
	held(1, "with a new grant")
	tokens.mu.Lock()
	if tokens.good["two.0"] || tokens.asked != 6 || signedIn.Load() != 6 {
		t.Errorf("after %d sign-ins %d tokens were asked for, and the new grant was used: %v", signedIn.Load(), tokens.asked, !tokens.good["two.0"])
	}
	tokens.mu.Unlock()

	a.options = admin + "doorpost {\nstore memory\nmailer console\n}\n"
	a.load()
	held(0, "without the mailer")
}

func TestARefreshTokenThatTheServiceRenewedOutlivesRestarts(t *testing.T) {
	tokens := &rotating{good: map[string]bool{"one.0": true}, secret: "first"}
	endpoint := httptest.NewServer(tokens)
	defer endpoint.Close()
	var signedIn atomic.Int32
	store := filepath.Join(t.TempDir(), "doorpost.db")
	a := newAdmin(t, tokenMailer("bolt "+store, serveTokenMail(t, &signedIn), endpoint.URL, "first", "one.0"), helloBehindGate)
	for i := range 3 {
		if f := a.examine("")["mailer smtp"]; f.Result != adminapi.Fine {
			t.Errorf("after %d restarts the mailer is %+v", i, f)
		}
		a.stop()
		grants.Range(func(any, any) bool { t.Error("a grant is in memory still"); return false })
		content, err := os.ReadFile(store)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte("one.")) {
			t.Error("the store can read the refresh token")
		}
		a.load()
	}
}

func TestARefreshTokenThatCameWhileTheStoreWasAwayOutlivesAStop(t *testing.T) {
	store := redistest.Between(t, redistest.Single(t))
	tokens := &rotating{good: map[string]bool{"one.0": true}, secret: "first"}
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tokens.ServeHTTP(w, r)
		store.Cut()
	}))
	defer endpoint.Close()
	var signedIn atomic.Int32
	options := "redis " + store.URL() + "\nsecret " + strings.Repeat("0123456789abcdef", 4)
	a := newAdmin(t, tokenMailer(options, serveTokenMail(t, &signedIn), endpoint.URL, "first", "one.0"), helloBehindGate)
	works := func(when string) {
		t.Helper()
		if f := a.examine("")["mailer smtp"]; f.Result != adminapi.Fine {
			t.Errorf("%s the mailer is %+v", when, f)
		}
		store.Mend(t)
	}
	works("at first")
	a.stop()
	a.load()
	works("after a stop")
	with := a.options
	a.options = "admin " + a.address + "\ndoorpost {\nstore " + options + "\nmailer console\n}\n"
	a.load()
	a.options = with
	a.load()
	works("after a reload that dropped it")
}
