package caddymodule

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

// signingKey is that of the webhooks in these tests.
const signingKey = "signing-key-of-these-tests"

// newMailgunGateway starts a gateway whose messages go to a double of Mailgun's
// API, which tells their ids.
func newMailgunGateway(t *testing.T, lines string) (*gateway, <-chan string) {
	t.Helper()
	ids := make(chan string, 10)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ids <- r.FormValue("h:Message-Id")
		fmt.Fprint(w, `{"id":"<1@mg.example.com>","message":"Queued. Thank you."}`)
	}))
	t.Cleanup(api.Close)
	return newGateway(t, fmt.Sprintf(`doorpost {
	store memory
	from "Doorpost <sign-in@example.com>"
	mailer mailgun {
		domain mg.example.com
		api_key key-of-these-tests
		api_base %s
		%s
	}
}
`, api.URL, lines), stopSite), ids
}

// notice is what Mailgun posts of an event, signed with a key.
func notice(t *testing.T, key, event, messageID string) string {
	t.Helper()
	timestamp, token := strconv.FormatInt(time.Now().Unix(), 10), strings.ToLower(rand.Text())
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(timestamp + token))
	body, err := json.Marshal(map[string]any{
		"signature": map[string]string{"timestamp": timestamp, "token": token, "signature": hex.EncodeToString(mac.Sum(nil))},
		"event-data": map[string]any{
			"event": event, "severity": "permanent", "reason": "bounce", "id": token, "timestamp": float64(time.Now().UnixMilli()) / 1000,
			"recipient": "alice@example.com", "message": map[string]any{"headers": map[string]string{"message-id": strings.Trim(messageID, "<>")}},
			"delivery-status": map[string]any{"code": 550, "message": "5.1.1 no such mailbox"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// report posts a notice as Mailgun does.
func (g *gateway) report(body string) answer {
	g.t.Helper()
	return g.newBrowser().do(http.MethodPost, "/_doorpost/hooks/mailgun", strings.NewReader(body), "Content-Type", "application/json", "Accept", "*/*")
}

func TestAReportOfABounceEndsWritingToThatMailbox(t *testing.T) {
	g, ids := newMailgunGateway(t, "webhook_key "+signingKey)
	const blocked = "mailbox blocked"
	ask := func() {
		t.Helper()
		if got := g.newBrowser().post("/_doorpost/sign-in", url.Values{"email": {"alice@example.com"}}); got.status != http.StatusSeeOther {
			t.Fatalf("asking is answered with %d: %s", got.status, got.body)
		}
	}
	ask()
	var id string
	select {
	case id = <-ids:
	case <-time.After(20 * time.Second):
		t.Fatal("no message was sent")
	}

	bounce := notice(t, signingKey, "failed", id)
	for what, c := range map[string]struct {
		body   string
		status int
	}{
		"signed with another key": {notice(t, "another key", "failed", id), http.StatusForbidden},
		"of another message":      {notice(t, signingKey, "failed", "<nobody@mg.example.com>"), http.StatusOK},
		"changed on its way":      {strings.Replace(bounce, `"timestamp":"`, `"timestamp":"1`, 1), http.StatusForbidden},
		"no JSON":                 {"signature=x", http.StatusBadRequest},
	} {
		if got := g.report(c.body); got.status != c.status || got.status != http.StatusOK && got.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("a report %s is answered with %d %s: %s", what, got.status, got.header.Get("Content-Type"), got.body)
		}
	}
	ask()
	if strings.Contains(g.logged(), blocked) {
		t.Fatal("a report that does not count blocked the mailbox")
	}
	if got := g.report(bounce); got.status != http.StatusOK || got.body != "" || got.header.Get("Set-Cookie") != "" {
		t.Fatalf("a report is answered with %d %q %v", got.status, got.body, got.header)
	}
	ask()
	if !strings.Contains(g.logged(), blocked) {
		t.Error("the mailbox is written to although it bounced")
	}
	if got := g.report(bounce); got.status != http.StatusNotAcceptable {
		t.Errorf("the same report once more is answered with %d, want 406", got.status)
	}
}

func TestWithoutItsKeyMailgunHasNothingToCall(t *testing.T) {
	g, _ := newMailgunGateway(t, "")
	if got := g.report(notice(t, "", "delivered", "<x@mg.example.com>")); got.status != http.StatusNotFound {
		t.Errorf("a report is answered with %d, want 404", got.status)
	}
}
