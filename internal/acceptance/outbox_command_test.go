package acceptance

import (
	"encoding/json"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// fussyServer is a mail server at which there is no mailbox "gone" until it is
// made.
type fussyServer struct {
	*testkit.MailServer
	made atomic.Bool
}

func startFussyServer(t testing.TB) *fussyServer {
	t.Helper()
	s := new(fussyServer)
	s.MailServer = testkit.ServeMail(t, testkit.MailOptions{Conduct: func(at testkit.MailStep, about string) string {
		if at == testkit.AtRecipient && strings.HasPrefix(about, "gone@") && !s.made.Load() {
			return "550 5.1.1 no such mailbox here"
		}
		return ""
	}})
	return s
}

func (s *fussyServer) mailer() string { return smtpMailer(s.Address) }

func (s *fussyServer) makeMailbox() { s.made.Store(true) }

func (s *fussyServer) received() (messages []string) {
	for _, l := range s.Letters() {
		messages = append(messages, string(l.Raw))
	}
	return messages
}

// smtpMailer is the line of a configuration that sends through a server.
func smtpMailer(address string) string { return "mailer smtp " + address + " {\ntls off\n}" }

// command runs a command that talks to the gate and returns its exit code and
// what it wrote to standard output and to standard error.
func (g *stage) command(arguments ...string) (code int, out, errors string) {
	g.t.Helper()
	cmd := exec.Command(binary, arguments...)
	var stdout, stderr strings.Builder
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = g.home.path("home"), g.home.environment(), &stdout, &stderr
	_ = cmd.Run() // the exit code tells
	checkOutput(g.t, stdout.String()+stderr.String())
	return cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()
}

// atServer adds where the server is, for commands that ask one.
func (g *stage) atServer(arguments []string) []string {
	if len(arguments) > 1 && arguments[0] == "store" && arguments[1] == "copy" {
		return arguments
	}
	return append(arguments, "--address", g.admin)
}

// succeeds runs a command that has to succeed and returns what it printed.
func (g *stage) succeeds(arguments ...string) string {
	g.t.Helper()
	code, out, errors := g.command(g.atServer(arguments)...)
	if code != 0 {
		g.t.Fatalf("%q ended with %d: %s%s", arguments, code, out, errors)
	}
	return out
}

// outboxEntry is what these tests read of the JSON of outbox list.
type outboxEntry struct{ ID, State, To, Problem string }

func (g *stage) outbox(arguments ...string) (list []outboxEntry) {
	g.t.Helper()
	out := g.succeeds(append([]string{"outbox", "list", "--json"}, arguments...)...)
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		g.t.Fatalf("outbox list --json printed %s: %v", out, err)
	}
	return list
}

// awaitState waits until the newest message is in a state.
func (g *stage) awaitState(state string) (newest outboxEntry) {
	g.t.Helper()
	await(g.t, "the newest message to be "+state, func() bool {
		list := g.outbox()
		if len(list) > 0 {
			newest = list[0]
		}
		return newest.State == state
	})
	return newest
}

func TestOutboxCommandTellsOfABounceAndHasItSentAgain(t *testing.T) {
	t.Parallel()
	server := startFussyServer(t)
	g := start(t, setup{mailer: server.mailer()})
	if out := g.succeeds("outbox", "list"); !strings.Contains(out, "no message") {
		t.Errorf("the list of no messages is %q", out)
	}
	if list := g.outbox(); list == nil || len(list) != 0 {
		t.Errorf("the JSON of no messages is %#v, want an empty array", list)
	}
	v := g.visitor()
	v.ask("gone@example.com", "/books").leadsTo(t, "/_doorpost/check-mail")
	bounced := g.awaitState("bounced")
	if bounced.To != "g***@example.com" || !strings.Contains(bounced.Problem, "no such mailbox here") {
		t.Errorf("the message is told as %+v", bounced)
	}
	if list := g.outbox("--reveal"); list[0].To != "gone@example.com" {
		t.Errorf("revealed it is told as %+v", list[0])
	}
	table := g.succeeds("outbox", "list")
	for _, words := range []string{"bounced", "g***@example.com", "smtp", "no such mailbox here", bounced.ID, "outbox show <id>"} {
		if !strings.Contains(table, words) {
			t.Errorf("the table has no %q:\n%s", words, table)
		}
	}
	life := g.succeeds("outbox", "show", bounced.ID)
	for _, words := range []string{"a link to sign in at " + g.origin, "It bounced", "no such mailbox here", "doorpost outbox retry " + bounced.ID} {
		if !strings.Contains(life, words) {
			t.Errorf("the life of the message has no %q:\n%s", words, life)
		}
	}

	server.makeMailbox()
	if out := g.succeeds("outbox", "retry", bounced.ID); !strings.Contains(out, "Messages to g***@example.com are sent again") || !strings.Contains(out, "on its way again") {
		t.Errorf("retry says %s", out)
	}
	g.awaitState("sent")
	arrived := server.received()
	if len(arrived) != 1 {
		t.Fatalf("%d messages arrived, want one", len(arrived))
	}
	m, err := parseMessage([]byte(arrived[0]))
	if err != nil {
		t.Fatal(err)
	}
	g.known = append(g.known, m.token, m.code)
	for _, told := range []string{g.succeeds("outbox", "show", bounced.ID), g.succeeds("outbox", "show", bounced.ID, "--json", "--reveal"), g.succeeds("outbox", "list", "--json")} {
		if strings.Contains(told, m.token) || strings.Contains(told, m.code) || strings.Contains(told, strings.ReplaceAll(m.code, "-", "")) {
			t.Errorf("it is told what the message says: %s", told)
		}
	}
	v.submit("/_doorpost/code", "code", m.code).leadsTo(t, "/books")
	if code, _, errors := g.command("outbox", "retry", bounced.ID, "--address", g.admin); code != 1 || !strings.Contains(errors, "it is sent") {
		t.Errorf("retrying what was sent ended with %d: %s", code, errors)
	}
}

func TestOutboxUnblockLetsAnAddressBeWrittenToAgain(t *testing.T) {
	t.Parallel()
	server := startFussyServer(t)
	g := start(t, setup{mailer: server.mailer()})
	g.visitor().ask("gone@example.com", "/")
	g.awaitState("bounced")
	server.makeMailbox()
	g.visitor().ask("gone@example.com", "/").leadsTo(t, "/_doorpost/check-mail")
	if list := g.outbox(); len(list) != 1 {
		t.Errorf("a blocked address was written to: %+v", list)
	}
	if out := g.succeeds("outbox", "unblock", "Gone@example.com"); !strings.Contains(out, "sent again from now on") {
		t.Errorf("unblock says %s", out)
	}
	if out := g.succeeds("outbox", "unblock", "gone@example.com"); !strings.Contains(out, "was not blocked") {
		t.Errorf("unblock says %s the second time", out)
	}
	g.visitor().ask("gone@example.com", "/")
	g.awaitState("sent")
}

func TestOutboxListShowsAsManyAsItIsAskedFor(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	for _, who := range []string{"ada@example.com", "bob@example.com", "cem@example.com"} {
		g.visitor().ask(who, "/")
		g.mail.await(who)
	}
	g.awaitState("sent")
	if list := g.outbox("--limit", "2", "--reveal"); len(list) != 2 || list[0].To != "cem@example.com" || list[1].To != "bob@example.com" {
		t.Errorf("the newest two are %+v", list)
	}
	if out := g.succeeds("outbox", "list", "--limit", "2"); !strings.Contains(out, "These are the newest 2") || !strings.Contains(out, "--all") {
		t.Errorf("it is not said that there are more: %s", out)
	}
	if out := g.succeeds("outbox", "list", "--all"); strings.Count(out, "@example.com") != 3 || !strings.Contains(out, "This is all") {
		t.Errorf("all are %s", out)
	}
}

func TestCommandsFindTheServerAndTellWhenThereIsNone(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	for _, arguments := range [][]string{
		{"outbox", "list", "--config", g.caddyfile()},
		{"outbox", "list", "-c", g.caddyfile(), "-a", "caddyfile"},
		{"doorpost", "outbox", "list", "--address", g.admin}, // as in a Caddy built with the module
	} {
		if code, out, errors := g.command(arguments...); code != 0 || !strings.Contains(out, "no message") {
			t.Errorf("%q ended with %d: %s%s", arguments, code, out, errors)
		}
	}
	for words, arguments := range map[string][]string{
		"no such message":          {"outbox", "show", strings.Repeat("a", 26), "--address", g.admin},
		"--address localhost:2019": {"outbox", "list", "--config", g.home.path("missing")},
		"doorpost run --config":    {"outbox", "list", "--address", "localhost:" + testkit.FreePort()},
	} {
		if code, out, errors := g.command(arguments...); code != 1 || out != "" || !strings.Contains(errors, words) {
			t.Errorf("%q ended with %d: %s%s", arguments, code, out, errors)
		}
	}
}

func TestCommandsCalledInAWrongWayEndWithTwo(t *testing.T) {
	t.Parallel()
	g := prepare(t, setup{})
	g.refusesCalls(map[string][]string{
		"there are: list, show, retry, unblock": {"outbox"},
		"there is no command outbox remove":     {"outbox", "remove"},
		"unknown flag: --nonsense":              {"outbox", "list", "--nonsense"},
		"invalid argument":                      {"outbox", "list", "--limit", "many"},
		"a number from 1":                       {"outbox", "list", "--limit", "0"},
		"--limit and --all are both given":      {"outbox", "list", "--limit", "3", "--all"},
		"0 arguments are given, it takes 1":     {"outbox", "show"},
		"2 arguments are given, it takes 1":     {"outbox", "retry", "one", "two"},
		"is not a mail address":                 {"outbox", "unblock", "nobody"},
		"is not an address of an admin API":     {"outbox", "list", "--address", "localhost:1-9"},
	})
}

// refusesCalls runs commands that are called in a wrong way, each of which has
// to say certain words.
func (g *stage) refusesCalls(calls map[string][]string) {
	g.t.Helper()
	for words, arguments := range calls {
		if code, out, errors := g.command(arguments...); code != 2 || out != "" || !strings.Contains(errors, words) {
			g.t.Errorf("%q ended with %d: %s%s", arguments, code, out, errors)
		}
	}
}

func TestCommandsHaveHelp(t *testing.T) {
	t.Parallel()
	g := prepare(t, setup{})
	for _, arguments := range [][]string{{"outbox"}, {"outbox", "list"}, {"outbox", "show"}, {"outbox", "retry"}, {"outbox", "unblock"}} {
		out := g.help(arguments...)
		if len(arguments) == 2 && (!strings.Contains(out, "--address") || !strings.Contains(out, "Examples:")) {
			t.Errorf("the help of %q tells neither how to find the server nor an example: %s", arguments, out)
		}
	}
}

// help is what a command says of itself.
func (g *stage) help(arguments ...string) string {
	g.t.Helper()
	code, out, errors := g.command(append(arguments, "--help")...)
	if code != 0 || !strings.Contains(out, "Usage:") || errors != "" {
		g.t.Errorf("%q --help ended with %d: %s%s", arguments, code, out, errors)
	}
	return out
}
