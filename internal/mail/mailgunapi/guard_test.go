package mailgunapi

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/mail"
)

func TestRetryAfterMayBeADate(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"Sun, 01 Mar 2026 12:01:30 GMT": 90 * time.Second,
		"Sun, 01 Mar 2026 11:00:00 GMT": 0,
		"-5":                            0,
		"":                              0,
	} {
		if got := parseRetryAfter(value, now); got != want {
			t.Errorf("%q is %s, want %s", value, got, want)
		}
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		elsewhere := 0
		_, other := double(t, func(http.ResponseWriter, *http.Request) { elsewhere++ })
		calls := 0
		c, _ := double(t, func(w http.ResponseWriter, r *http.Request) {
			calls++
			http.Redirect(w, r, other.URL+"/v3/mg.example.com/messages", status)
		})
		_, err := c.Send(within(t), message())
		failure, ok := errors.AsType[*mail.SendError](err)
		if !ok || failure.Temporary || !failure.Unauthorized || calls != 1 || elsewhere != 0 {
			t.Errorf("%d: got %v, %d calls, %d elsewhere", status, err, calls, elsewhere)
		}
	}
}

func TestTheGuardLetsNothingOutToAnotherHost(t *testing.T) {
	for _, target := range []string{"http://api.mailgun.net/v3", "https://evil.example/v3", "https://api.mailgun.net:8443/v3"} {
		g := &guard{scheme: "https", host: "api.mailgun.net", next: &http.Transport{
			Proxy: func(*http.Request) (*url.URL, error) {
				t.Errorf("%s was let through", target)
				return nil, errors.New("no")
			},
		}}
		req := httptest.NewRequest(http.MethodPost, target, nil)
		if _, err := g.RoundTrip(req); err == nil {
			t.Errorf("%s was called", target)
		}
	}
}

func TestAnEndlessAnswerIsCutOff(t *testing.T) {
	for _, status := range []int{200, 500} {
		written := make(chan int, 1)
		c, _ := double(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			total := 0
			chunk := []byte(strings.Repeat("x", 32<<10))
			for {
				n, err := w.Write(chunk)
				total += n
				if err != nil || total > 1<<30 {
					written <- total
					return
				}
			}
		})
		_, err := c.Send(within(t), message())
		if failure, ok := errors.AsType[*mail.SendError](err); !ok || !failure.Temporary {
			t.Errorf("%d: got %v", status, err)
		}
		// The kernel buffers what the server wrote before the connection broke; reading
		// on would have got all of it.
		if total := <-written; total > 64<<20 {
			t.Errorf("%d: %d bytes were taken", status, total)
		}
	}
}

func TestAnAnswerWithAHugeHeaderIsRefused(t *testing.T) {
	c, _ := double(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Huge", strings.Repeat("x", 1<<20))
		_, _ = io.WriteString(w, `{"id":"<1@mg.example.com>"}`)
	})
	_, err := c.Send(within(t), message())
	if failure, ok := errors.AsType[*mail.SendError](err); !ok || !failure.Temporary || failure.PossibleCopies != 1 {
		t.Errorf("got %v", err)
	}
}
