package cli

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/spf13/cobra"
)

// said is what a command prints that prints with print.
func said(print func(*invocation)) string {
	var out strings.Builder
	print(&invocation{out: &output{to: &out}, program: "doorpost"})
	return out.String()
}

func TestTheLifeOfAMessageIsToldWithWhatToDo(t *testing.T) {
	now := time.Now()
	base := adminapi.Message{
		ID: "someid", Kind: outbox.SignIn, To: "a***@example.com", Site: "https://app.example.com", Created: now.Add(-2 * time.Minute),
		Since: now.Add(-time.Minute), Deadline: now.Add(6 * time.Minute), Attempts: 1, Mailer: "mailgun",
	}
	over := base
	over.Deadline = now.Add(-time.Second)
	with := func(m adminapi.Message, state outbox.State, change func(*adminapi.Message)) adminapi.Message {
		m.State = state
		change(&m)
		return m
	}
	nothing := func(*adminapi.Message) {}
	waiting := func(m *adminapi.Message) { m.Waiting, m.Due = true, now.Add(30*time.Second) }
	retryable := func(m *adminapi.Message) { m.Retryable, m.Problem = true, "mailbox\x1b[2J full" }
	for _, c := range []struct {
		name  string
		m     adminapi.Message
		words []string
	}{
		{"queued", with(base, outbox.Queued, func(m *adminapi.Message) { m.Waiting, m.Attempts, m.Mailer = true, 0, "" }),
			[]string{"a link to sign in at https://app.example.com, for a***@example.com", "No mail service has been asked", "waits to be sent", "doorpost doctor"}},
		{"deferred by us", with(base, outbox.Deferred, waiting), []string{"The last attempt failed 1m ago", "The next is in", "It is tried until"}},
		{"deferred by the service", with(base, outbox.Deferred, nothing), []string{"mailgun took it, and could not deliver it so far"}},
		{"sent", with(base, outbox.Sent, func(m *adminapi.Message) { m.ProviderID = "id-of-mailgun" }), []string{"handed to a mail service once", "mailgun took it 1m ago", "not known whether it arrived", "knows it as id-of-mailgun"}},
		{"delivered", with(base, outbox.Sent, func(m *adminapi.Message) { m.Delivered = now.Add(-5 * time.Second) }), []string{"reports that it arrived 5s ago"}},
		{"bounced", with(base, outbox.Bounced, retryable), []string{"bounced 1m ago", "until it is unblocked", "The last problem: mailbox [2J full", "within 5m: doorpost outbox retry someid"}},
		{"bounced and too late", with(over, outbox.Bounced, nothing), []string{"It cannot be sent again", "doorpost outbox retry someid"}},
		{"refused at once", with(base, outbox.Bounced, func(m *adminapi.Message) { m.Attempts = 0 }), []string{"mailgun was asked to take it, and declined"}},
		{"complained", with(base, outbox.Complained, nothing), []string{"reported it as unwanted 1m ago"}},
		{"failed", with(base, outbox.Failed, retryable), []string{"given up 1m ago", "sent again, within 5m: doorpost outbox retry someid"}},
		{"failed and too late", with(over, outbox.Failed, nothing), []string{"the person can ask for a new one"}},
		{"expired", with(over, outbox.Expired, func(m *adminapi.Message) { m.Attempts = 3 }), []string{"handed to a mail service 3 times", "Its time was over 1m ago"}},
		{"an invitation", with(base, outbox.Sent, func(m *adminapi.Message) { m.Kind = outbox.Invite }), []string{"an invitation to https://app.example.com, for a***@example.com"}},
		{"of many lives", with(base, outbox.Sent, func(m *adminapi.Message) { m.Welcome, m.Copies, m.Retried = true, 1, now }), []string{"Nobody had signed in", "may have taken it without saying so", "An operator had it tried again 0s ago"}},
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
	list := []adminapi.Message{
		{ID: "id-1", State: outbox.Failed, To: "a***@example.com", Attempts: 2, Mailer: "smtp+mailgun", Created: time.Now().Add(-3 * time.Hour),
			Problem: "sending mail through smtp+mailgun (may work later): sending mail through smtp (refused us): a long\nstory; then sending mail through mailgun (for good): " + strings.Repeat("ö", 100)},
		{ID: "id-2", State: outbox.Queued, To: "b***@example.com", Created: time.Now()},
	}
	columns := func(t *testing.T, list []adminapi.Message, next string) string {
		t.Helper()
		cmd := &cobra.Command{}
		listMessagesCommand.Build(cmd, nil)
		var out strings.Builder
		c := &invocation{out: &output{to: &out}, program: "doorpost", cmd: cmd}
		err := printList(c, c.messages(func(adminapi.Page) (adminapi.Messages, error) {
			return adminapi.Messages{Messages: list, Next: next}, nil
		}), "", 2)
		if err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	for next, hint := range map[string]string{"id-3": "--limit 10, or --all", "": "all of the last 72 hours"} {
		got := columns(t, list, next)
		lines := strings.Split(strings.TrimSpace(got), "\n")
		if len(lines) != 4 || !strings.HasPrefix(lines[0], "AGE ") || !strings.HasPrefix(lines[1], "3h ") || !strings.Contains(lines[1], "  id-1  ") || !strings.Contains(lines[3], hint) {
			t.Errorf("the table is\n%s", got)
		}
		if !strings.Contains(lines[1], "a long story; then ööö") || strings.Contains(lines[1], "may work later") {
			t.Errorf("the cause is not told: %s", lines[1])
		}
	}
	if got := columns(t, nil, ""); !strings.Contains(got, "no message in the last 72 hours") {
		t.Errorf("an empty table is %q", got)
	}
}

func TestEndingTheSessionsOfEverybodyIsAskedAbout(t *testing.T) {
	for typed, confirmed := range map[string]bool{"yes\n": true, " yes \n": true, "yes": true, "y\n": false, "no\n": false, "": false, "\n": false} {
		var asked strings.Builder
		cmd := &cobra.Command{}
		endSessionsCommand.Build(cmd, nil)
		c := &invocation{progress: &asked, in: strings.NewReader(typed), cmd: cmd}
		if err := c.confirm("Go on?"); (err == nil) != confirmed || !strings.Contains(asked.String(), "Go on? Type yes: ") {
			t.Errorf("%q confirms: %v, after the question %q", typed, err, asked.String())
		}
	}
	cmd := &cobra.Command{}
	endSessionsCommand.Build(cmd, nil)
	if err := cmd.Flags().Set("yes", "true"); err != nil {
		t.Fatal(err)
	}
	if err := (&invocation{cmd: cmd}).confirm("Go on?"); err != nil {
		t.Errorf("with --yes it is not confirmed: %v", err)
	}
}

func TestAMatcherThatFailsKeepsEverybodyOut(t *testing.T) {
	b := adminapi.Block{Problem: "matching failed", Matched: true, Needed: true, Admits: true}
	if got := strings.Join(blockLines(b, false), "\n"); !strings.Contains(got, "lets nobody in: matching failed") {
		t.Errorf("it is told as %q", got)
	}
	y := adminapi.WhyReport{Address: "alice@example.com", Result: adminapi.NotAllowed, Blocks: []adminapi.Block{b}}
	if got := conclusion(y); got != "not let in: alice@example.com; block 1: its matcher fails, so it lets nobody in: matching failed" {
		t.Errorf("the conclusion is %q", got)
	}
}

func TestABlockThatCountsForAPathWithTwoReadingsIsNotCalledUnmet(t *testing.T) {
	b := adminapi.Block{Matcher: "path /admin/*", Matched: true, TwoReadings: true, Needed: true, Allow: []string{"group:admins"}}
	got := strings.Join(blockLines(b, false), "\n")
	if strings.Contains(got, "not met") || !strings.Contains(got, "met: the path can be read in two ways") || !strings.Contains(got, "does not let in") {
		t.Errorf("it is told as %q", got)
	}
}

// marked is the header of an answer of Doorpost.
func marked() http.Header {
	h := http.Header{}
	adminapi.Mark(h)
	return h
}

// fakeCaddy answers requests with what a test says, and notes them.
type fakeCaddy struct {
	Caddy    // what is not below is not called
	answers  map[string]string
	asked    []string
	told     string // what the last command printed beside its answer
	refuses  int    // the status of all answers, if it is not 0
	exitCode int
	err      error
	adminOff bool
}

func (f *fakeCaddy) AdminAddress(string, []byte, string, string) (address, source string, err error) {
	if f.adminOff {
		return "", "", AdminOff{File: "Caddyfile"}
	}
	return "localhost:2019", "--address", nil
}

func (f *fakeCaddy) Request(_ context.Context, _, method, path string, body io.Reader) (*http.Response, error) {
	request := method + " " + path
	if body != nil {
		sent, _ := io.ReadAll(body)
		request += " " + string(sent)
	}
	f.asked = append(f.asked, request)
	if f.refuses != 0 {
		return nil, Refusal{Status: f.refuses, Header: marked(), Body: `{"error": "no"}`}
	}
	answer, known := f.answers[request]
	if !known {
		return nil, Refusal{Status: http.StatusNotFound, Header: marked(), Body: `{"error": "there is nothing at ` + path + `"}`}
	}
	return &http.Response{Header: marked(), Body: io.NopCloser(strings.NewReader(answer))}, nil
}

func (f *fakeCaddy) Exit(_ *cobra.Command, code int, err error) error {
	f.exitCode, f.err = code, err
	return err
}

// run runs a command and returns what it prints.
func (f *fakeCaddy) run(arguments ...string) string { return runWith(f, f, arguments...) }

// runWith does so with more than a fake of Caddy.
func runWith(caddy Caddy, f *fakeCaddy, arguments ...string) string {
	root := &cobra.Command{Use: "doorpost", SilenceErrors: true, SilenceUsage: true}
	for _, c := range Commands() {
		cmd := &cobra.Command{Use: c.Name + " " + c.Usage, Short: c.Short, Long: c.Long}
		c.Build(cmd, caddy)
		root.AddCommand(cmd)
	}
	var out, told strings.Builder
	root.SetOut(&out)
	root.SetErr(&told)
	root.SetArgs(arguments)
	f.asked, f.exitCode, f.err = nil, -1, nil
	_ = root.Execute() // Exit has the error
	f.told = told.String()
	return out.String()
}

func TestExitCodesTellFailureFromMisuse(t *testing.T) {
	f := &fakeCaddy{answers: map[string]string{`POST /doorpost/users/show {"address":"alice@example.com"}`: `{"address": "alice@example.com"}`}}
	for _, c := range []struct {
		arguments string
		code      int
		says      string
	}{
		{"users show alice@example.com", 0, ""},
		{"users show alice@example.com --json", 0, ""},
		{"users show bob@example.com", 1, "there is nothing at /doorpost/users/show"},
		{"users show nobody", 2, `"nobody" is not a mail address`},
		{"users show", 2, "0 arguments are given, it takes 1: users show <address> [--json]"},
		{"users show a@example.com b@example.com", 2, "2 arguments are given"},
		{"users show --nonsense", 2, "unknown flag"},
		{"users leave alice@example.com", 2, "say which group"},
		{"users", 2, "say which command; there are: list, show, add, leave, disable, enable, move, remove"},
		{"users delete", 2, "there is no command users delete"},
		{"outbox list --limit 0", 2, "a number from 1"},
		{"outbox list --limit 3 --all", 2, "keep one"},
		{"sessions end alice@example.com --all", 2, "by one of <address>, --id <id> and --all"},
	} {
		f.run(strings.Fields(c.arguments)...)
		if f.exitCode != c.code || (c.code == 0) != (f.err == nil) || f.err != nil && !strings.Contains(f.err.Error(), c.says) {
			t.Errorf("%s ends with %d and the error %v, want %d and %q", c.arguments, f.exitCode, f.err, c.code, c.says)
		}
		if c.code == 2 && f.asked != nil {
			t.Errorf("%s asks the server %q", c.arguments, f.asked)
		}
	}
}

func TestWithoutAnAdminAPINobodyIsAsked(t *testing.T) {
	f := &fakeCaddy{adminOff: true}
	f.run("sessions", "end", "--all", "--yes", "--config", "Caddyfile")
	if f.exitCode != 2 || f.err == nil || f.err.Error() != "the admin API is off in Caddyfile, so no command reaches the server that runs it; take admin off out of the file and restart the server, or name another server with --address" {
		t.Errorf("it ends with %d and the error %v", f.exitCode, f.err)
	}
	if f.asked != nil {
		t.Errorf("it asks the server %q", f.asked)
	}
}

func TestWhatTheServerTakesForNoOrderIsMisuse(t *testing.T) {
	for status, code := range map[int]int{http.StatusBadRequest: 2, http.StatusNotFound: 1, http.StatusConflict: 1, http.StatusServiceUnavailable: 1} {
		f := &fakeCaddy{refuses: status}
		for _, command := range []string{"users add a@example.com --group unknown", "why a@example.com https://app.example.com", "invite a@example.com"} {
			if f.run(strings.Fields(command)...); f.exitCode != code {
				t.Errorf("%s ends with %d after an answer %d, want %d", command, f.exitCode, status, code)
			}
		}
	}
}

func TestAListIsFetchedPageByPage(t *testing.T) {
	f := &fakeCaddy{answers: map[string]string{
		"GET /doorpost/requests?limit=500":                                `{"requests": [{"id": "1", "address": "ada@example.com"}], "next": "some+place"}`,
		"GET /doorpost/requests?from=some%2Bplace&limit=500":              `{"requests": [{"id": "2", "address": "bob@example.com"}]}`,
		`POST /doorpost/users/list {"limit":100}`:                         `{"users": [{"address": "ada@example.com"}], "next": "ada@example.com"}`,
		`POST /doorpost/users/list {"from":"ada@example.com","limit":99}`: `{"users": [{"address": "bob@example.com"}]}`,
		`POST /doorpost/sessions/list {"limit":100}`:                      `{"sessions": []}`,
	}}
	for arguments, want := range map[string][]string{
		"requests list":        {"WAITS", "ada@example.com", "bob@example.com", "requests approve <id>"},
		"requests list --json": {`"id": "1"`, `"id": "2"`},
		"users list":           {"KNOWN FOR", "ada@example.com", "bob@example.com"},
		"sessions list":        {"Nobody is signed in."},
		"sessions list --json": {"[]"},
	} {
		got := f.run(strings.Fields(arguments)...)
		for _, words := range want {
			if f.err != nil || !strings.Contains(got, words) {
				t.Errorf("%s prints %q (%v), want %q in it", arguments, got, f.err, words)
			}
		}
	}
}

func TestEachCommandHasHelp(t *testing.T) {
	var check func(name string, c Command)
	check = func(name string, c Command) {
		name += " " + c.Name
		if c.Short == "" || strings.HasSuffix(c.Short, ".") || !strings.HasPrefix(c.Long, "\n") || (c.run == nil) != (c.below != nil) {
			t.Errorf("%s has the help %q, %q", name, c.Short, c.Long)
		}
		if c.run != nil && (len(c.examples) == 0 || !strings.HasPrefix(c.examples[0], name[1:])) {
			t.Errorf("%s has the examples %q", name, c.examples)
		}
		for _, line := range strings.Split(c.Long, "\n") {
			if len([]rune(line)) > 80 {
				t.Errorf("a line of the help of %s does not fit a terminal: %q", name, line)
			}
		}
		for _, b := range c.below {
			check(name, b)
		}
	}
	for _, c := range Commands() {
		check(" doorpost", c)
	}
}
