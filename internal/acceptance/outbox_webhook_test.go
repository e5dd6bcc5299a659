package acceptance

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

const (
	webhookKey  = "webhook-key-of-acceptance"
	webhookPath = "/_doorpost/hooks/mailgun"
)

// notice is what Mailgun posts of a message.
type notice struct {
	id     string // Message-ID of the message, without angle brackets
	event  string // members of the event, as JSON
	key    string
	token  string
	signed time.Time
}

// newNotice is a genuine one.
func newNotice(id, event string) notice {
	token := make([]byte, 25)
	_, _ = rand.Read(token) // never fails
	return notice{id, event, webhookKey, hex.EncodeToString(token), time.Now()}
}

const (
	delivered = `"event":"delivered","delivery-status":{"code":250,"message":"OK"}`
	bounced   = `"event":"failed","severity":"permanent","reason":"bounce","delivery-status":{"code":550,"message":"5.1.1 no such mailbox"}`
)

func (n notice) body() string {
	mac := hmac.New(sha256.New, []byte(n.key))
	fmt.Fprintf(mac, "%d%s", n.signed.Unix(), n.token)
	return fmt.Sprintf(`{"signature":{"timestamp":"%d","token":%q,"signature":"%x"},"event-data":{%s,"id":"CCXMjJ7nQi2N3BPigGOdgQ","timestamp":%d.5,"log-level":"info","message":{"headers":{"message-id":%q}}}}`,
		n.signed.Unix(), n.token, mac.Sum(nil), n.event, time.Now().Unix()-1, n.id)
}

// report posts what a service says, as it does: with no cookie, from nowhere.
func (g *stage) report(body string) answer {
	g.t.Helper()
	v := g.visitor()
	return v.do(v.request(http.MethodPost, webhookPath, body, "Content-Type", "application/json", "User-Agent", "mailgun"))
}

// startWithWebhook starts a gate that takes reports on what it sends.
func startWithWebhook(t *testing.T) (*stage, *mailService) {
	t.Helper()
	service := startMailgun(t, nil)
	service.mailer = strings.Replace(service.mailer, "api_key", "webhook_key "+webhookKey+"\napi_key", 1)
	return service.sendsThrough(t, setup{}), service
}

func TestReportOfMailgunTellsWhatBecameOfAMessage(t *testing.T) {
	t.Parallel()
	g, service := startWithWebhook(t)
	for _, address := range []string{"ada@example.com", "bob@example.com"} {
		g.visitor().ask(address, "/")
		service.await(t, address)
		if m := g.becomes(address, "sent"); !m.Delivered.IsZero() {
			t.Errorf("before a report the message was delivered at %v", m.Delivered)
		}
	}
	g.report(newNotice(service.at("ada@example.com")[0].id, delivered).body()).is(t, http.StatusOK)
	g.report(newNotice(service.at("bob@example.com")[0].id, bounced).body()).is(t, http.StatusOK)

	if m := g.lastTo("ada@example.com"); m.State != "sent" || m.Delivered.IsZero() {
		t.Errorf("after the report of its delivery the message is %+v", m)
	}
	if m := g.lastTo("bob@example.com"); m.State != "bounced" || !strings.Contains(m.Problem, "550") {
		t.Errorf("after the report of its bounce the message is %+v", m)
	}

	// A mailbox that is not there is not written to again; the answer is the same.
	first := comparableAnswer(g.visitor().ask("ada@example.com", "/"))
	if second := comparableAnswer(g.visitor().ask("bob@example.com", "/")); second != first {
		t.Errorf("asking for an address that bounced is answered\n%s\nand for another\n%s", second, first)
	}
	g.restart()
	g.visitor().ask("bob@example.com", "/")
	g.comesToRest()
	g.gate.stop()
	if n := len(service.at("ada@example.com")); n != 2 {
		t.Errorf("the mailbox that exists got %d messages, want 2", n)
	}
	if n := len(service.attempts("bob@example.com")); n != 1 {
		t.Errorf("%d messages were sent to a mailbox that bounced, want the first only", n)
	}
}

func TestReportThatIsNotGenuineChangesNothing(t *testing.T) {
	t.Parallel()
	g, service := startWithWebhook(t)
	v := g.visitor()
	v.ask("ada@example.com", "/")
	id := service.await(t, "ada@example.com").id
	g.becomes("ada@example.com", "sent")

	forged := newNotice(id, bounced)
	forged.key = "another-key"
	stale := newNotice(id, bounced)
	stale.signed = time.Now().Add(-13 * time.Hour)
	early := newNotice(id, bounced)
	early.signed = time.Now().Add(10 * time.Minute)
	genuine := newNotice(id, delivered)
	g.report(genuine.body()).is(t, http.StatusOK)
	// Its signature does not cover what it says.
	replayed := genuine
	replayed.event = bounced
	moved := genuine
	moved.token += "0"
	unsigned := strings.Replace(genuine.body(), `"signature":{`, `"signature":{},"x":{`, 1)
	for what, c := range map[string]struct {
		body   string
		status int
	}{
		"forged": {forged.body(), http.StatusForbidden}, "stale": {stale.body(), http.StatusForbidden}, "signed in the future": {early.body(), http.StatusForbidden},
		"replayed": {replayed.body(), http.StatusNotAcceptable}, "the same again": {genuine.body(), http.StatusNotAcceptable},
		"another token": {strings.Replace(genuine.body(), genuine.token, moved.token, 1), http.StatusForbidden},
		"unsigned":      {unsigned, http.StatusBadRequest}, "no JSON": {"x", http.StatusBadRequest}, "nothing": {"", http.StatusBadRequest},
	} {
		a := g.report(c.body)
		if a.status != c.status {
			t.Errorf("%s: answered %d, want %d: %s", what, a.status, c.status, a.body)
		}
		if strings.Contains(a.body, id) || strings.Contains(a.body, "ada@") {
			t.Errorf("%s: the answer repeats what it is about: %s", what, a.body)
		}
	}
	v.do(v.navigate(webhookPath)).is(t, http.StatusMethodNotAllowed)
	v.do(v.form(webhookPath, "signature", "x")).is(t, http.StatusUnsupportedMediaType)

	if m := g.lastTo("ada@example.com"); m.State != "sent" {
		t.Errorf("the message is %+v", m)
	}
	// None of them has blocked the address.
	g.visitor().ask("ada@example.com", "/")
	if !testkit.HoldsWithin(patience, func() bool { return len(service.at("ada@example.com")) == 2 }) {
		t.Error("a report that is not genuine blocks an address")
	}
	g.gate.stop()
	for _, secret := range []string{webhookKey, "key-of-acceptance"} {
		if strings.Contains(g.gate.Output(), secret) {
			t.Errorf("a log line has the key %s in it", secret)
		}
	}
}

func TestThereIsNoHookWithoutAKey(t *testing.T) {
	t.Parallel()
	service := startMailgun(t, nil)
	g := service.sendsThrough(t, setup{})
	g.visitor().ask("ada@example.com", "/")
	g.report(newNotice(service.await(t, "ada@example.com").id, bounced).body()).is(t, http.StatusNotFound)
}
