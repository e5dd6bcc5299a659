package mail_test

import (
	"context"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/doorpost-auth/doorpost/internal/mail/mailgunapi"
	"github.com/doorpost-auth/doorpost/internal/mail/smtprelay"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/memstore"
	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// These tests send real messages of a real outbox through services that misbehave, once
// or always, and check the results.

// fate is what should become of a message.
type fate struct {
	state  outbox.State
	asked  int32 // requests or conversations that reach the service
	copies int   // that may exist beside the known one
	hurt   bool  // the mailer is left alone
}

func (want fate) check(t *testing.T, mailer mail.Mailer, asked *atomic.Int32) {
	t.Helper()
	store, err := memstore.New()
	if err != nil {
		t.Fatal(err)
	}
	var logged lockedText
	logger := slog.New(slog.NewTextHandler(&logged, nil))
	now := time.Now()
	m := outbox.Message{
		ID: mail.NewID(), Kind: outbox.Invite, To: "alice@example.org", Origin: "https://app.example.com", Sealed: []byte("sealed"),
		Created: now, Deadline: now.Add(20 * time.Second), State: outbox.Queued, Since: now, Due: now,
	}
	link := signin.Link{Purpose: signin.ToAsk, Address: m.To, Expires: m.Deadline}
	if _, err := store.Promise(t.Context(), signin.Promised{Now: now, Link: link, Message: m}); err != nil {
		t.Fatal(err)
	}
	failover := mail.NewFailover(logger, mailer)
	courier := mail.NewCourier(store, failover, func(m outbox.Message) (mail.Message, error) {
		return mail.Message{
			ID: m.ID, From: mail.Mailbox{Address: "sign-in@example.com"}, To: string(m.To), Subject: "Sign in",
			Text: "https://app.example.com/#secret-token", HTML: "<p>https://app.example.com/#secret-token</p>",
		}, nil
	}, logger, mail.CourierOptions{Timeout: time.Second})
	courier.Start()
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		courier.Close(ctx)
		_ = store.Close()
	}()
	redistest.Await(t, 19*time.Second, "the message is "+string(want.state), func() bool {
		var found bool
		m, found, err = store.Message(context.Background(), m.ID)
		if err != nil || !found {
			t.Fatalf("found %t, %v", found, err)
		}
		return m.State == want.state && !m.Unsettled
	})
	if asked.Load() != want.asked || m.Copies != want.copies || failover.Health()[0].Available == want.hurt {
		t.Errorf("asked %d times, %+v, %+v", asked.Load(), m, failover.Health())
	}
	for _, secret := range []string{"alice", "secret-token", apiKey} {
		if strings.Contains(logged.String(), secret) || strings.Contains(m.Problem, secret) {
			t.Errorf("%q was told: %s\n%s", secret, m.Problem, &logged)
		}
	}
}

type lockedText struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

const apiKey = "key-0123456789abcdef"

func TestMailgunThatDoesWhatItShouldNot(t *testing.T) {
	status := func(code int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(code)
			_, _ = io.WriteString(w, body)
		}
	}
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	t.Run("group", func(t *testing.T) { // so that other is closed after all of them
		for _, tc := range []struct {
			name   string
			first  http.HandlerFunc
			always bool
			want   fate
		}{
			{"400", status(400, `{"message":"alice@example.org is not valid"}`), true, fate{state: outbox.Failed, asked: 1}},
			{"401", status(401, "Forbidden "+apiKey), true, fate{state: outbox.Deferred, asked: 1, hurt: true}},
			{"403", status(403, ""), true, fate{state: outbox.Deferred, asked: 1, hurt: true}},
			{"404", status(404, ""), true, fate{state: outbox.Deferred, asked: 1, hurt: true}},
			{"429 with a short pause", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "3")
				w.WriteHeader(429)
			}, false, fate{state: outbox.Deferred, asked: 1, hurt: true}},
			{"429 with a pause that is too long", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "3600")
				w.WriteHeader(429)
			}, true, fate{state: outbox.Expired, asked: 1, hurt: true}},
			{"500", status(500, ""), false, fate{state: outbox.Deferred, asked: 1}},
			{"502", status(502, "<html>alice@example.org"), false, fate{state: outbox.Deferred, asked: 1}},
			{"it hangs", func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				<-r.Context().Done()
			}, false, fate{state: outbox.Deferred, asked: 1, copies: 1}},
			{"an endless answer", func(w http.ResponseWriter, _ *http.Request) {
				for {
					if _, err := w.Write(make([]byte, 32<<10)); err != nil {
						return
					}
				}
			}, true, fate{state: outbox.Deferred, asked: 1, copies: 1}},
			{"a header of a megabyte", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Huge", strings.Repeat("x", 1<<20))
			}, false, fate{state: outbox.Deferred, asked: 1, copies: 1}},
			{"a redirect elsewhere", func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, other.URL+r.URL.Path, http.StatusTemporaryRedirect)
			}, true, fate{state: outbox.Deferred, asked: 1, hurt: true}},
			{"it cuts the connection after the body", func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				panic(http.ErrAbortHandler)
			}, true, fate{state: outbox.Failed, asked: 2, copies: 2}},
			{"200 with broken JSON once", status(200, `{"id":"<1`), false, fate{state: outbox.Sent, asked: 2, copies: 1}},
		} {
			t.Run(tc.name, func(t *testing.T) {
				t.Parallel()
				var asked atomic.Int32
				srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if asked.Add(1) == 1 || tc.always {
						tc.first(w, r)
						return
					}
					_, _ = io.WriteString(w, `{"id":"<1@mg.example.com>","message":"Queued. Thank you."}`)
				}))
				srv.Config.ErrorLog = log.New(io.Discard, "", 0)
				srv.Start()
				defer srv.Close()
				client, err := mailgunapi.New(mailgunapi.Config{Domain: "mg.example.com", APIKey: apiKey, APIBase: srv.URL})
				if err != nil {
					t.Fatal(err)
				}
				defer client.Close()
				defer srv.CloseClientConnections()
				tc.want.check(t, client, &asked)
			})
		}
	})
	if elsewhere.Load() != 0 {
		t.Error("a redirect was followed")
	}
}

func TestAnSMTPServerThatDoesWhatItShouldNot(t *testing.T) {
	type script map[testkit.MailStep]string
	for _, tc := range []struct {
		name   string
		script script
		always bool
		want   fate
	}{
		{"421 as the greeting", script{testkit.AtGreeting: "421 4.3.2 later"}, false, fate{state: outbox.Deferred, asked: 1}},
		{"it hangs up at once", script{testkit.AtGreeting: testkit.HangUp}, false, fate{state: outbox.Deferred, asked: 1}},
		{"450 to the recipient", script{testkit.AtRecipient: "450 4.2.1 <alice@example.org> busy"}, false, fate{state: outbox.Deferred, asked: 1}},
		{"452 to the message", script{testkit.AtDot: "452 4.3.1 no room"}, false, fate{state: outbox.Deferred, asked: 1}},
		{"550 to the recipient, no mailbox", script{testkit.AtRecipient: "550 5.1.1 <alice@example.org> unknown"}, true, fate{state: outbox.Bounced, asked: 1}},
		{"550 to the recipient, a policy", script{testkit.AtRecipient: "550 5.7.1 no"}, true, fate{state: outbox.Failed, asked: 1}},
		{"550 to the recipient, a policy without a code for it", script{testkit.AtRecipient: "550 rejected: your IP is on a blocklist"}, true, fate{state: outbox.Failed, asked: 1}},
		{"550 to the recipient, no mailbox in words", script{testkit.AtRecipient: "550 No such user here"}, true, fate{state: outbox.Bounced, asked: 1}},
		{"550 to the message", script{testkit.AtDot: "550 5.7.1 no"}, true, fate{state: outbox.Failed, asked: 1}},
		{"550 to the sender", script{testkit.AtSender: "550 5.7.1 no"}, true, fate{state: outbox.Deferred, asked: 1, hurt: true}},
		{"it cuts the connection before the message", script{testkit.AtData: testkit.HangUp}, false, fate{state: outbox.Deferred, asked: 1}},
		{"it cuts the connection after the message, once", script{testkit.AtDot: testkit.HangUp}, false, fate{state: outbox.Sent, asked: 2, copies: 1}},
		{"it always cuts the connection after the message", script{testkit.AtDot: testkit.HangUp}, true, fate{state: outbox.Failed, asked: 2, copies: 2}},
		{"it hangs up instead of saying goodbye", script{testkit.AtQuit: testkit.HangUp}, true, fate{state: outbox.Sent, asked: 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			server := testkit.ServeMail(t, testkit.MailOptions{Conduct: func(at testkit.MailStep, _ string) string {
				if at == testkit.AtGreeting {
					asked.Add(1)
				}
				if asked.Load() > 1 && !tc.always {
					return ""
				}
				return tc.script[at]
			}})
			relay, err := smtprelay.New(smtprelay.Config{Addr: server.Address, TLS: smtprelay.NoTLS})
			if err != nil {
				t.Fatal(err)
			}
			tc.want.check(t, relay, &asked)
		})
	}
}
