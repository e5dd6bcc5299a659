package caddymodule

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/redistest"
)

// sent asks for a link and waits until the message is with its mailer.
func (a endpoint) sent(who string) (report adminapi.Message, token string) {
	a.t.Helper()
	token = a.newBrowser().ask(who)
	redistest.Await(a.t, patience, "the message to be noted as sent", func() bool {
		var list adminapi.Messages
		a.ask(http.MethodGet, "/doorpost/outbox?reveal=1", "", &list)
		for _, m := range list.Messages {
			if m.To == who && m.State == outbox.Sent {
				report = m
				return true
			}
		}
		return false
	})
	return report, token
}

// put changes a message in the store as something else than the API would.
func (a endpoint) put(id string, change func(*outbox.Message)) {
	a.t.Helper()
	_, err := a.app().opened.outbox.Change(a.t.Context(), id, outbox.Once{}, func(m *outbox.Message) error {
		change(m)
		return nil
	})
	if err != nil {
		a.t.Fatal(err)
	}
}

func TestOutboxListsTheNewestFirstAndPageByPage(t *testing.T) {
	a := newAdmin(t, "", helloBehindGate)
	var want []string
	for _, who := range []string{"ada@example.com", "bob@example.com", "cem@example.com"} {
		m, _ := a.sent(who)
		want = append([]string{m.ID}, want...)
	}
	var got []string
	from := ""
	for range len(want) {
		var list adminapi.Messages
		a.ask(http.MethodGet, "/doorpost/outbox?limit=1&from="+url.QueryEscape(from), "", &list)
		if len(list.Messages) != 1 {
			t.Fatalf("a page of one has %d messages", len(list.Messages))
		}
		got, from = append(got, list.Messages[0].ID), list.Next
	}
	if strings.Join(got, " ") != strings.Join(want, " ") || from != "" {
		t.Errorf("listed %q and next %q, want %q", got, from, want)
	}
}

func TestAdminAPIMasksAddressesAndNeverTellsWhatAMessageSays(t *testing.T) {
	a := newAdmin(t, "", helloBehindGate)
	m, token := a.sent("ada@example.com")
	a.put(m.ID, func(m *outbox.Message) { // as if it was still to be sent: then its content is kept
		m.Sealed, m.State, m.Due = []byte("sealed-content"), outbox.Deferred, time.Now().Add(time.Minute)
	})
	for path, inFull := range map[string]bool{
		"/doorpost/outbox": false, "/doorpost/outbox?reveal=1": true, "/doorpost/outbox?reveal=0": false,
		"/doorpost/outbox/" + m.ID: false, "/doorpost/outbox/" + m.ID + "?reveal=1": true,
	} {
		got := a.ask(http.MethodGet, path, "", nil)
		if got.status != http.StatusOK || strings.Contains(got.body, "ada@example.com") != inFull || strings.Contains(got.body, "a***@example.com") == inFull {
			t.Errorf("%s is answered with %d %s", path, got.status, got.body)
		}
		for _, secret := range []string{token, "sealed", "c2VhbGVk"} { // as it is, and in base64
			if strings.Contains(strings.ToLower(got.body), strings.ToLower(secret)) {
				t.Errorf("%s tells %q: %s", path, secret, got.body)
			}
		}
		if got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be stored", path)
		}
	}
}

func TestMessageIsToldInSnakeCaseAndUTC(t *testing.T) {
	a := newAdmin(t, "", helloBehindGate)
	sent, _ := a.sent("ada@example.com")
	var m map[string]any
	a.ask(http.MethodGet, "/doorpost/outbox/"+sent.ID, "", &m)
	for name, want := range map[string]any{
		"kind": "sign-in", "state": "sent", "to": "a***@example.com", "site": a.origin(), "welcome": true, "waiting": false,
		"attempts": 1.0, "possible_copies": 0.0, "mailer": "console", "retryable": false,
	} {
		if m[name] != want {
			t.Errorf("%s is %v, want %v", name, m[name], want)
		}
	}
	for _, name := range []string{"created", "since", "deadline"} {
		if at, err := time.Parse(time.RFC3339, m[name].(string)); err != nil || !strings.HasSuffix(m[name].(string), "Z") || time.Until(at).Abs() > time.Hour {
			t.Errorf("%s is %v (%v)", name, m[name], err)
		}
	}
	for _, name := range []string{"due", "delivered", "retried", "problem"} {
		if m[name] != nil {
			t.Errorf("%s is %v", name, m[name])
		}
	}
}

func TestRetryRefusesWhatIsSentOrWaits(t *testing.T) {
	a := newAdmin(t, "", helloBehindGate)
	m, _ := a.sent("ada@example.com")
	if said := a.refuses("POST", "/doorpost/outbox/"+m.ID+"/retry", "", http.StatusConflict); !strings.Contains(said, "it is sent") {
		t.Errorf("retrying a message that was sent says %q", said)
	}
	a.put(m.ID, func(m *outbox.Message) { m.State, m.Due = outbox.Deferred, time.Now().Add(time.Minute) })
	if said := a.refuses("POST", "/doorpost/outbox/"+m.ID+"/retry", "", http.StatusConflict); !strings.Contains(said, "by itself") {
		t.Errorf("retrying a message that waits says %q", said)
	}
}

func TestRetryLiftsTheBlockEvenIfTheMessageCannotBeSentAgain(t *testing.T) {
	a := newAdmin(t, "", helloBehindGate)
	m, _ := a.sent("ada@example.com")
	a.put(m.ID, func(m *outbox.Message) {
		m.Apply(outbox.Report{State: outbox.Bounced, At: time.Now(), Problem: "no such mailbox"})
	})

	var done adminapi.RetryReport
	if got := a.ask("POST", "/doorpost/outbox/"+m.ID+"/retry", "", &done); got.status != http.StatusOK {
		t.Fatalf("retrying is answered with %d %s", got.status, got.body)
	}
	if done.Retried || !done.Unblocked || !strings.Contains(done.Problem, "ask for another one") || done.Message.State != outbox.Bounced {
		t.Errorf("retrying reports %+v", done)
	}
	if _, token := a.sent("ada@example.com"); token == "" {
		t.Error("nothing is sent to the address")
	}
	// Nothing is left to be done.
	a.refuses("POST", "/doorpost/outbox/"+m.ID+"/retry", "", http.StatusConflict)
}

func TestRetrySendsAMessageThatFailed(t *testing.T) {
	a := newAdmin(t, "", helloBehindGate)
	m, _ := a.sent("ada@example.com")
	a.put(m.ID, func(m *outbox.Message) {
		// It cannot be opened, so what is tried again fails again: the attempt is
		// what is looked for here.
		m.State, m.Sealed, m.Problem = outbox.Failed, []byte("sealed"), "the service was down"
	})
	var done adminapi.RetryReport
	if got := a.ask("POST", "/doorpost/outbox/"+m.ID+"/retry", "", &done); got.status != http.StatusOK || !done.Retried || done.Unblocked || done.Message.Retried.IsZero() {
		t.Fatalf("retrying is answered with %d %s", got.status, got.body)
	}
	redistest.Await(t, patience, "the message to be tried", func() bool {
		a.ask(http.MethodGet, "/doorpost/outbox/"+m.ID, "", &m)
		return m.State == outbox.Failed && strings.Contains(m.Problem, "opening a message")
	})
}

func TestUnblockTakesAnyAddressAndTellsWhetherItWasBlocked(t *testing.T) {
	a := newAdmin(t, "", helloBehindGate)
	const who = "o'hara/x+y@example.com"
	m, _ := a.sent(who)
	a.put(m.ID, func(m *outbox.Message) { m.Apply(outbox.Report{State: outbox.Bounced, At: time.Now()}) })
	for _, want := range []bool{true, false} {
		var done adminapi.UnblockReport
		got := a.tell("/doorpost/outbox/unblock", adminapi.UnblockOrder{Address: strings.ToUpper(who)}, &done)
		if got.status != http.StatusOK || done.Unblocked != want || done.Address != "o***@example.com" {
			t.Errorf("unblocking is answered with %d %s, want %v", got.status, got.body, want)
		}
	}
}
