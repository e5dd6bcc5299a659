package caddymodule

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/doorpost-auth/doorpost/internal/outbox"
)

// said is what a command prints that prints with print.
func said(print func(*invocation)) string {
	var out strings.Builder
	print(&invocation{out: &out, program: "doorpost"})
	return out.String()
}

func TestTheLifeOfAMessageIsToldWithWhatToDo(t *testing.T) {
	now := time.Now()
	base := messageReport{
		ID: "someid", Kind: outbox.SignIn, To: "a***@example.com", Site: "https://app.example.com", Created: now.Add(-2 * time.Minute),
		Since: now.Add(-time.Minute), Deadline: now.Add(6 * time.Minute), Attempts: 1, Mailer: "mailgun",
	}
	over := base
	over.Deadline = now.Add(-time.Second)
	with := func(m messageReport, state outbox.State, change func(*messageReport)) messageReport {
		m.State = state
		change(&m)
		return m
	}
	nothing := func(*messageReport) {}
	waiting := func(m *messageReport) { m.Waiting, m.Due = true, now.Add(30*time.Second) }
	retryable := func(m *messageReport) { m.Retryable, m.Problem = true, "mailbox\x1b[2J full" }
	for _, c := range []struct {
		name  string
		m     messageReport
		words []string
	}{
		{"queued", with(base, outbox.Queued, func(m *messageReport) { m.Waiting, m.Attempts, m.Mailer = true, 0, "" }),
			[]string{"a link to sign in at https://app.example.com, for a***@example.com", "No mail service has been asked", "waits to be sent", "doorpost doctor"}},
		{"deferred by us", with(base, outbox.Deferred, waiting), []string{"The last attempt failed 1m ago", "The next is in", "It is tried until"}},
		{"deferred by the service", with(base, outbox.Deferred, nothing), []string{"mailgun took it, and could not deliver it so far"}},
		{"sent", with(base, outbox.Sent, func(m *messageReport) { m.ProviderID = "id-of-mailgun" }), []string{"handed to a mail service once", "mailgun took it 1m ago", "not been told", "knows it as id-of-mailgun"}},
		{"delivered", with(base, outbox.Sent, func(m *messageReport) { m.Delivered = now.Add(-5 * time.Second) }), []string{"reports that it arrived 5s ago"}},
		{"bounced", with(base, outbox.Bounced, retryable), []string{"bounced 1m ago", "until it is unblocked", "The last problem: mailbox [2J full", "within 5m: doorpost outbox retry someid"}},
		{"bounced and too late", with(over, outbox.Bounced, nothing), []string{"It cannot be sent again", "doorpost outbox retry someid"}},
		{"refused at once", with(base, outbox.Bounced, func(m *messageReport) { m.Attempts = 0 }), []string{"mailgun was asked to take it, and declined"}},
		{"complained", with(base, outbox.Complained, nothing), []string{"called it unwanted 1m ago"}},
		{"failed", with(base, outbox.Failed, retryable), []string{"given up 1m ago", "sent again, within 5m: doorpost outbox retry someid"}},
		{"failed and too late", with(over, outbox.Failed, nothing), []string{"the person can ask for a new one"}},
		{"expired", with(over, outbox.Expired, func(m *messageReport) { m.Attempts = 3 }), []string{"handed to a mail service 3 times", "Its time was over 1m ago"}},
		{"an invitation", with(base, outbox.Sent, func(m *messageReport) { m.Kind = outbox.Invite }), []string{"an invitation to https://app.example.com, for a***@example.com"}},
		{"of many lives", with(base, outbox.Sent, func(m *messageReport) { m.Welcome, m.Copies, m.Retried = true, 1, now }), []string{"Nobody had signed in", "may have taken it without saying so", "An operator had it tried again 0s ago"}},
	} {
		got := said(func(out *invocation) { out.printLife(c.m) })
		for _, words := range c.words {
			if !strings.Contains(got, words) {
				t.Errorf("a message that is %s is told without %q:\n%s", c.name, words, got)
			}
		}
		if strings.ContainsAny(got, "\x1b") {
			t.Errorf("a message that is %s steers the terminal: %q", c.name, got)
		}
	}
}

func TestTheTableKeepsEachMessageOnOneLine(t *testing.T) {
	list := []messageReport{
		{ID: "id-1", State: outbox.Failed, To: "a***@example.com", Attempts: 2, Mailer: "smtp+mailgun", Created: time.Now().Add(-3 * time.Hour),
			Problem: "sending mail through smtp+mailgun (may work later): sending mail through smtp (refused us): a long\nstory; then sending mail through mailgun (for good): " + strings.Repeat("ö", 100)},
		{ID: "id-2", State: outbox.Queued, To: "b***@example.com", Created: time.Now()},
	}
	for more, hint := range map[bool]string{true: "--limit 10, or --all", false: "all of the last 72 hours"} {
		got := said(func(out *invocation) {
			if err := out.printTable(list, more); err != nil {
				t.Fatal(err)
			}
		})
		lines := strings.Split(strings.TrimSpace(got), "\n")
		if len(lines) != 4 || !strings.HasPrefix(lines[0], "AGE ") || !strings.HasPrefix(lines[1], "3h ") || !strings.Contains(lines[1], "  id-1  ") || !strings.Contains(lines[3], hint) {
			t.Errorf("the table is\n%s", got)
		}
		if !strings.Contains(lines[1], "a long story; then ööö") || strings.Contains(lines[1], "may work later") {
			t.Errorf("the cause is not told: %s", lines[1])
		}
	}
	if got := said(func(out *invocation) { _ = out.printTable(nil, false) }); !strings.Contains(got, "no message in the last 72 hours") {
		t.Errorf("an empty table is %q", got)
	}
}

func TestErrorsOfTheAdminEndpointSayWhatToDo(t *testing.T) {
	for body, want := range map[string]string{
		`{"error":"no such message"}`: "no such message",
		"404 page not found\n":        "a Caddy without Doorpost",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(body))
		}))
		err := (&adminClient{strings.TrimPrefix(server.URL, "http://")}).ask("GET", "/doorpost/outbox", nil, new(any))
		server.Close()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("an answer %q is the error %v, want %q in it", body, err, want)
		}
	}
	err := (&adminClient{closedPort()}).ask("GET", "/doorpost/outbox", nil, new(any))
	if advised, ok := errors.AsType[advisedError](err); !ok || !strings.Contains(advised.advice, "run --config Caddyfile") || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("without a server the error is %v", err)
	}
}

func TestEndingTheSessionsOfEverybodyIsAskedAbout(t *testing.T) {
	for typed, confirmed := range map[string]bool{"yes\n": true, " yes \n": true, "yes": true, "y\n": false, "no\n": false, "": false, "\n": false} {
		var asked strings.Builder
		c := &invocation{progress: &asked, in: strings.NewReader(typed), flags: caddycmd.Flags{FlagSet: endCommand().Flags()}}
		if err := c.confirm("Go on?"); (err == nil) != confirmed || !strings.Contains(asked.String(), "Go on? Type yes: ") {
			t.Errorf("%q confirms: %v, after the question %q", typed, err, asked.String())
		}
	}
	cmd := endCommand()
	if err := cmd.Flags().Set("yes", "true"); err != nil {
		t.Fatal(err)
	}
	if err := (&invocation{flags: caddycmd.Flags{FlagSet: cmd.Flags()}}).confirm("Go on?"); err != nil {
		t.Errorf("with --yes it is not confirmed: %v", err)
	}
}
