package mailgunapi

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/mail"
)

// account is a fake Mailgun. It answers as Mailgun does for a key that may do everything,
// for one that may only send, and for an unknown one.
func account(t *testing.T, domain, state string, lookUp, send int) *Client {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password != key {
			t.Errorf("the key is %q", password)
		}
		switch r.Method + " " + r.URL.Path {
		case "GET /v3/domains/" + domain:
			w.WriteHeader(lookUp)
			if lookUp == http.StatusOK {
				fmt.Fprintf(w, `{"domain":{"name":%q,"state":%q,"created_at":"Thu, 13 Oct 2011 18:02:00 GMT"}}`, domain, state)
			} else {
				_, _ = io.WriteString(w, `{"message":"key `+key+` of alice@example.org"}`)
			}
		case "POST /v3/" + domain + "/messages":
			if body, _ := io.ReadAll(r.Body); len(body) != 0 {
				t.Errorf("a check sends %q", body)
			}
			w.WriteHeader(send)
		default:
			t.Errorf("called %s %s", r.Method, r.URL)
		}
	}))
	t.Cleanup(srv.Close)
	c, err := New(Config{Domain: domain, APIKey: key, APIBase: srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestCheckSaysWhatKeepsMailgunFromTakingMessages(t *testing.T) {
	const domain, sandbox = "mg.example.com", "sandbox0123456789.mailgun.org"
	for _, tc := range []struct {
		name, domain, state string
		lookUp, send        int
		want                string
	}{
		{"all is well", domain, "active", 200, 0, ""},
		{"a key that may only send", domain, "", 401, 400, ""},
		{"a key that may only send, said otherwise", domain, "", 403, 400, ""},
		{"an unknown key", domain, "", 401, 401, "check api_key"},
		{"a key of the other region", domain, "", 401, 403, "the other region"},
		{"a domain of the other region", domain, "", 404, 0, "does not know the domain mg.example.com"},
		{"a domain of the other region, and a key that may only send", domain, "", 401, 404, "does not know the domain mg.example.com"},
		{"a domain that is not verified", domain, "unverified", 200, 0, "set the DNS records"},
		{"a domain that is disabled", domain, "disabled", 200, 0, `"disabled"`},
		{"a sandbox", sandbox, "active", 200, 0, "is a sandbox"},
		{"a sandbox, and a key that may only send", sandbox, "", 401, 400, "is a sandbox"},
		{"something else that takes a message to nobody", domain, "", 401, 200, "check api_base"},
		{"a service that fails", domain, "", 500, 0, "answer 500"},
		{"a redirect", domain, "", 302, 0, "check domain, region and api_base"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := account(t, tc.domain, tc.state, tc.lookUp, tc.send).Check(within(t), mail.Mailbox{})
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v", err)
			}
			if err != nil && (strings.Contains(err.Error(), key) || strings.Contains(err.Error(), "alice")) {
				t.Errorf("the error has too much in it: %v", err)
			}
		})
	}
}

func TestCheckNamesTheOtherRegion(t *testing.T) {
	for region, want := range map[string]string{"": "region eu", "us": "region eu", "eu": "region us"} {
		c, err := New(Config{Domain: "mg.example.com", APIKey: key, Region: region})
		if err != nil {
			t.Fatal(err)
		}
		if got := c.otherRegion(); !strings.Contains(got, want) {
			t.Errorf("%q: got %q", region, got)
		}
	}
}

func TestCheckIsBoundedAsSendingIs(t *testing.T) {
	ctx, cancel := context.WithCancel(within(t))
	release := make(chan struct{})
	c, _ := double(t, func(http.ResponseWriter, *http.Request) {
		cancel()
		<-release
	})
	if err := c.Check(ctx, mail.Mailbox{}); err == nil || !strings.Contains(err.Error(), "canceled") {
		t.Errorf("a service that hangs: got %v", err)
	}
	close(release)

	c, _ = double(t, func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := io.WriteString(w, strings.Repeat(" ", 32<<10)); err != nil {
				return
			}
		}
	})
	if err := c.Check(within(t), mail.Mailbox{}); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("an endless answer: got %v", err)
	}
}
