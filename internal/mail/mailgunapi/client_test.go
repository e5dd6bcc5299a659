package mailgunapi

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/doorpost-auth/doorpost/internal/mail"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	key  = "key-0123456789abcdef"
	link = "https://app.example.com/_doorpost/link#secret-token"
)

func message() mail.Message {
	return mail.Message{
		ID: "abcdefghij", From: mail.Mailbox{Name: "Bäckerei", Address: "sign-in@example.com"}, To: "alice@example.org", ReplyTo: "help@example.com",
		Subject: "Sign in to Bäckerei", Text: "Open:\n" + link + "\n", HTML: `<a href="` + link + `">Sign in</a>`, Language: "en",
	}
}

// double runs a fake of the Messages API until the test ends.
func double(t *testing.T, handler http.HandlerFunc) (*Client, *httptest.Server) {
	t.Helper()
	srv := httptest.NewUnstartedServer(handler)
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.Start()
	c, err := New(Config{Domain: "mg.example.com", APIKey: key, APIBase: srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Close()
		srv.CloseClientConnections()
		srv.Close()
	})
	return c, srv
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestSendCallsTheMessagesAPIOnceWithEverythingAndNoTracking(t *testing.T) {
	var form url.Values
	calls := 0
	c, _ := double(t, func(w http.ResponseWriter, r *http.Request) {
		calls++
		user, password, _ := r.BasicAuth()
		if r.Method != http.MethodPost || r.URL.Path != "/v3/mg.example.com/messages" || user != "api" || password != key {
			t.Errorf("called %s %s as %s", r.Method, r.URL, user)
		}
		if err := r.ParseMultipartForm(1 << 20); err != nil {
			t.Error(err)
		}
		form = r.Form
		_, _ = io.WriteString(w, `{"id":"<20260301.1@mg.example.com>","message":"Queued. Thank you."}`)
	})
	handedOver := 0
	m := message()
	m.OnHandOver = func(int) error {
		handedOver++
		if calls != 0 {
			t.Error("called before the message was handed over")
		}
		return nil
	}
	got, err := c.Send(within(t), m)
	if err != nil {
		t.Fatal(err)
	}
	if got != (mail.Receipt{Mailer: "mailgun", ID: "20260301.1@mg.example.com"}) || calls != 1 || handedOver != 1 {
		t.Errorf("got %+v after %d calls, handed over %d times", got, calls, handedOver)
	}
	want := map[string]string{
		"from": "=?utf-8?q?B=C3=A4ckerei?= <sign-in@example.com>", "to": "alice@example.org",
		"subject": message().Subject, "text": message().Text, "html": message().HTML,
		"o:tracking": "no", "o:tracking-clicks": "no", "o:tracking-opens": "no", "o:require-tls": "true",
		"h:Message-Id": "<abcdefghij@example.com>", "h:Auto-Submitted": "auto-generated", "h:Content-Language": "en", "h:Reply-To": "help@example.com",
	}
	for name, value := range want {
		if len(form[name]) != 1 || form.Get(name) != value {
			t.Errorf("%s is %q, want %q", name, form[name], value)
		}
	}
	for name := range form {
		if _, ok := want[name]; !ok {
			t.Errorf("there is a field %s: %q", name, form[name])
		}
	}
}

func TestAnswersAreSortedByWhatHelps(t *testing.T) {
	for _, tc := range []struct {
		name                    string
		status                  int
		header, body            string
		temporary, unauthorized bool
		retryAfter              time.Duration
		copies                  int
		want                    string
	}{
		{"400", 400, "", `{"message":"to parameter alice@example.org is not valid"}`, false, false, 0, 0, "answer 400: to parameter (address) is not valid"},
		{"400 to the domain", 400, "", `{"message":"Domain mg.example.com is not allowed to send: it is on probation"}`, false, true, 0, 0, "check domain and from"},
		{"400 to a sandbox", 400, "", `{"message":"Sandbox subdomains are for test purposes only."}`, false, true, 0, 0, "check domain and from"},
		{"400 to the sender", 400, "", `{"message":"from parameter is not a valid address. please check documentation"}`, false, true, 0, 0, "check domain and from"},
		{"400 to a recipient who has words in the address", 400, "", `{"message":"to parameter 'from parameter'@example.org is not valid"}`, false, false, 0, 0, "answer 400"},
		{"401", 401, "", "Forbidden", false, true, 0, 0, "check api_key"},
		{"402", 402, "", "", false, true, 0, 0, "check the account"},
		{"403", 403, "", `{"message":"key ` + key + ` may not"}`, false, true, 0, 0, "key *** may not"},
		{"404", 404, "", `{"message":"Domain not found: mg.example.com"}`, false, true, 0, 0, "check domain, region"},
		{"413", 413, "", "", false, false, 0, 0, "answer 413"},
		{"429 with seconds", 429, "30", "", true, false, 30 * time.Second, 0, "answer 429"},
		{"429 with nonsense", 429, "soon", "", true, false, 0, 0, "answer 429"},
		{"429 with a year", 429, "31536000", "", true, false, 24 * time.Hour, 0, "answer 429"},
		{"500", 500, "", "<html>" + link + "</html>", true, false, 0, 0, "answer 500"},
		{"502", 502, "", "", true, false, 0, 0, "answer 502"},
		{"503 with seconds", 503, "5", "", true, false, 5 * time.Second, 0, "answer 503"},
		{"504", 504, "", "", true, false, 0, 1, "answer 504"},
		{"200 with broken JSON", 200, "", `{"id":"<1`, true, false, 0, 1, "cannot be read"},
		{"200 with a page", 200, "", "<html>alice@example.org</html>", true, false, 0, 1, "check api_base"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, _ := double(t, func(w http.ResponseWriter, _ *http.Request) {
				if tc.header != "" {
					w.Header().Set("Retry-After", tc.header)
				}
				w.WriteHeader(tc.status)
				_, _ = io.WriteString(w, tc.body)
			})
			_, err := c.Send(within(t), message())
			failure, ok := errors.AsType[*mail.SendError](err)
			if !ok {
				t.Fatalf("got %v", err)
			}
			if failure.Mailer != "mailgun" || failure.Temporary != tc.temporary || failure.Unauthorized != tc.unauthorized ||
				failure.RetryAfter != tc.retryAfter || failure.PossibleCopies != tc.copies {
				t.Errorf("got %+v", failure)
			}
			if !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%q does not say %q", err, tc.want)
			}
			for _, secret := range []string{key, "alice", "secret-token"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error has %q in it: %v", secret, err)
				}
			}
		})
	}
}

func TestAMessageThatIsHeldBackNeverReachesMailgun(t *testing.T) {
	calls := 0
	c, _ := double(t, func(http.ResponseWriter, *http.Request) { calls++ })
	m := message()
	m.OnHandOver = func(int) error { return errors.New("the store fails") }
	_, err := c.Send(within(t), m)
	failure, ok := errors.AsType[*mail.SendError](err)
	if !ok || !failure.Temporary || failure.PossibleCopies != 0 || !errors.Is(err, mail.ErrNotHandedOver) || calls != 0 {
		t.Errorf("got %v after %d calls", err, calls)
	}
	if err := c.Check(within(t), mail.Mailbox{}); err == nil || calls == 0 {
		t.Errorf("the check got %v after %d calls", err, calls)
	}
}

func TestSendEndsWithItsContextWhileMailgunHangs(t *testing.T) {
	ctx, cancel := context.WithCancel(within(t))
	release := make(chan struct{})
	c, _ := double(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		cancel()
		<-release
	})
	_, err := c.Send(ctx, message())
	close(release)
	failure, ok := errors.AsType[*mail.SendError](err)
	if !ok || !failure.Temporary || failure.PossibleCopies != 1 || !errors.Is(err, context.Canceled) {
		t.Errorf("got %+v", err)
	}
}

func TestSendEndsWithItsTimeoutWhileTheAnswerDribbles(t *testing.T) {
	release := make(chan struct{})
	_, srv := double(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"id":`)
		w.(http.Flusher).Flush()
		<-release
	})
	c, err := New(Config{Domain: "mg.example.com", APIKey: key, APIBase: srv.URL, Timeout: 500 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, err = c.Send(within(t), message())
	close(release)
	if failure, ok := errors.AsType[*mail.SendError](err); !ok || !failure.Temporary || failure.PossibleCopies != 1 {
		t.Errorf("got %v", err)
	}
}

func TestACutConnectionIsATemporaryFailure(t *testing.T) {
	c, _ := double(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		panic(http.ErrAbortHandler)
	})
	_, err := c.Send(within(t), message())
	if failure, ok := errors.AsType[*mail.SendError](err); !ok || !failure.Temporary || failure.PossibleCopies != 1 {
		t.Errorf("got %v", err)
	}
}

func TestACertificateFromNobodyWeKnowIsRefused(t *testing.T) {
	calls := 0
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls++ }))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	defer srv.Close()
	c, err := New(Config{Domain: "mg.example.com", APIKey: key, APIBase: srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Send(within(t), message())
	failure, ok := errors.AsType[*mail.SendError](err)
	if !ok || !failure.Temporary || failure.PossibleCopies != 0 || calls != 0 || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("got %v after %d calls", err, calls)
	}
}

func TestAMalformedMessageIsNeverSent(t *testing.T) {
	calls := 0
	c, _ := double(t, func(http.ResponseWriter, *http.Request) { calls++ })
	m := message()
	m.To = "alice@example.org,bob@example.org"
	if _, err := c.Send(within(t), m); err == nil || calls != 0 {
		t.Errorf("got %v after %d calls", err, calls)
	}
}
