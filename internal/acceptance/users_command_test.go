package acceptance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// instance is one of a gate's instances, for commands; with several it is one
// that need not be that of the next request.
func instance(d doorway) *stage {
	if p, several := d.(*pair); several {
		return p.b
	}
	return d.(*stage)
}

// prints is succeeds with --json, which has to print what into can hold.
func (g *stage) prints(into any, arguments ...string) {
	g.t.Helper()
	out := g.succeeds(append(arguments, "--json")...)
	if err := json.Unmarshal([]byte(out), into); err != nil {
		g.t.Fatalf("%q --json printed %s: %v", arguments, out, err)
	}
}

// fails runs a command that has to end with 1, print nothing and say certain
// words.
func (g *stage) fails(words string, arguments ...string) {
	g.t.Helper()
	g.endsWith(1, words, arguments)
}

// misuses runs a command that is called in a wrong way.
func (g *stage) misuses(words string, arguments ...string) {
	g.t.Helper()
	g.endsWith(2, words, arguments)
}

func (g *stage) endsWith(want int, words string, arguments []string) {
	g.t.Helper()
	code, out, errors := g.command(g.atServer(arguments)...)
	if code != want || out != "" || !strings.Contains(errors, words) {
		g.t.Errorf("%q ended with %d: %s%s; want %d and %q", arguments, code, out, errors, want, words)
	}
}

// user is what these tests read of the JSON of users.
type user struct {
	Address      string
	Groups       []string
	StoredGroups []string `json:"stored_groups"`
	Disabled     bool
	Sessions     []struct{ ID, Site, Browser string }
}

// soon fails the test unless something comes to hold as soon as a change has to
// reach every instance.
func soon(t *testing.T, what string, holds func() bool) {
	t.Helper()
	if !testkit.HoldsWithin(revocationTime, holds) {
		t.Errorf("within %v it did not come to be that %s", revocationTime, what)
	}
}

func TestUsersCommandChangesGroupsOfSessionsThatGoOn(t *testing.T) {
	s := setup{global: "group staff\ngroup gone\ngroup ops ada@example.com", site: "allow group:staff *@example.com\ndeny group:gone"}
	eachStore(t, s, func(t *testing.T, d doorway) {
		g := instance(d)
		if out := g.succeeds("users", "list"); out != "Nobody is known.\n" {
			t.Errorf("the list of nobody is %q", out)
		}
		g.fails("nobody with that address is known", "users", "show", "bob@elsewhere.example")
		g.misuses("there is no group", "users", "add", "bob@elsewhere.example", "--group", "stuff")
		g.succeeds("users", "add", "Bob@Elsewhere.example", "--group", "staff")
		if out := g.succeeds("users", "show", "bob@elsewhere.example"); !strings.Contains(out, "First signed in: never so far\nGroups: staff (added)\nSessions: none") {
			t.Errorf("shown is %s", out)
		}
		bob := enter(t, d, "bob@elsewhere.example")
		if got := bob.groups(); got != "staff" {
			t.Errorf("the app is told the groups %q", got)
		}

		ada := enter(t, d, "ada@example.com")
		for _, step := range []struct{ command, group, groups string }{{"add", "staff", "ops,staff"}, {"leave", "staff", "ops"}} {
			g.succeeds("users", step.command, "ada@example.com", "--group", step.group)
			soon(t, "the groups are "+step.groups, func() bool { return ada.groups() == step.groups })
		}
		if out := g.succeeds("users", "leave", "ada@example.com", "--group", "ops"); !strings.Contains(out, "stays in ops: the configuration says so") {
			t.Errorf("taking somebody out of a group of the configuration prints %s", out)
		}
		g.succeeds("users", "add", "ada@example.com", "--group", "gone,staff")
		soon(t, "who is denied is kept out", func() bool { return ada.open("/").status == http.StatusForbidden })
		g.succeeds("users", "leave", "ada@example.com", "--group", "gone", "--group", "staff")
		soon(t, "who is denied no more is let in", func() bool { return ada.open("/").status == http.StatusOK })

		var shown user
		g.prints(&shown, "users", "show", "ada@example.com")
		if strings.Join(shown.Groups, " ") != "ops" || len(shown.StoredGroups) != 0 || len(shown.Sessions) != 1 || shown.Sessions[0].Browser != "Chrome" {
			t.Errorf("shown is %+v", shown)
		}
		var list []user
		g.prints(&list, "users", "list", "--search", "ELSEWHERE")
		if len(list) != 1 || list[0].Address != "bob@elsewhere.example" {
			t.Errorf("found are %+v", list)
		}
	})
}

func TestUsersCommandMovesSomebodyWhoseMailboxIsLost(t *testing.T) {
	eachStore(t, setup{global: "group staff"}, func(t *testing.T, d doorway) {
		g := instance(d)
		ada := enter(t, d, "ada@example.com")
		enter(t, d, "bob@example.com")
		g.succeeds("users", "add", "ada@example.com", "--group", "staff")
		g.fails("the address belongs to somebody already", "users", "move", "ada@example.com", "bob@example.com")
		g.fails("nobody with that address is known", "users", "move", "eve@example.com", "eve.new@example.com")
		ada.isIn("ada@example.com")
		if out := g.succeeds("users", "move", "Ada@Example.com", "ada.new@example.com"); !strings.HasPrefix(out, "ada@example.com is ada.new@example.com now, and signed out everywhere.\n") {
			t.Errorf("printed is %s", out)
		}
		ada.isOut()
		g.fails("nobody with that address is known", "users", "show", "ada@example.com")
		again := enter(t, d, "ada.new@example.com")
		if got := again.groups(); got != "staff" {
			t.Errorf("the app is told the groups %q", got)
		}
		var moved user
		g.prints(&moved, "users", "move", "ada.new@example.com", "ada@example.com")
		if moved.Address != "ada@example.com" {
			t.Errorf("moved is %+v", moved)
		}
	})
}

func TestUsersCommandDisablesEnablesAndRemoves(t *testing.T) {
	eachStore(t, setup{}, func(t *testing.T, d doorway) {
		g := instance(d)
		ada := enter(t, d, "ada@example.com")
		g.succeeds("users", "disable", "ada@example.com")
		soon(t, "the next request is refused", func() bool { return ada.open("/").status == http.StatusSeeOther })
		ada.ask("ada@example.com", "/").leadsTo(t, "/_doorpost/check-mail")
		if out := g.succeeds("users", "list"); !strings.Contains(out, "disabled") || !strings.Contains(out, "ada@example.com") {
			t.Errorf("the list is %s", out)
		}
		g.succeeds("users", "enable", "ada@example.com")
		ada.ask("ada@example.com", "/")
		ada.redeem(d.postbox().await("ada@example.com"), "/")
		ada.isIn("ada@example.com")
		if got := len(d.postbox().received("ada@example.com")); got != 2 {
			t.Errorf("%d messages came, want 2: none while she was disabled", got)
		}

		ada.ask("ada@example.com", "/")
		open := d.postbox().await("ada@example.com")
		var done struct{ Removed bool }
		g.prints(&done, "users", "remove", "ada@example.com")
		soon(t, "who is removed is signed out", func() bool { return ada.open("/").status == http.StatusSeeOther })
		if a := ada.submit("/_doorpost/link", "token", open.token).setsNoSession(t); !done.Removed || a.status == http.StatusSeeOther {
			t.Errorf("an open link of somebody who is removed is answered with %d", a.status)
		}
		g.fails("nobody with that address is known", "users", "show", "ada@example.com")
		enter(t, d, "ada@example.com") // as somebody new
	})
}

func TestUsersAreListedPageByPage(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	const count = 205
	for i := range count {
		body := fmt.Sprintf(`{"address": "user%03d@example.com"}`, i)
		response, err := http.Post("http://"+g.admin+"/doorpost/users/add", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Fatalf("adding is answered with %d", response.StatusCode)
		}
	}
	lines := func(arguments ...string) []string {
		return strings.Split(strings.TrimSpace(g.succeeds(append([]string{"users", "list"}, arguments...)...)), "\n")
	}
	first := lines()
	hint := "There are more: doorpost users list --after user099@example.com, or --all"
	if len(first) != 102 || !strings.HasPrefix(first[0], "KNOWN FOR") || !strings.Contains(first[1], "user000@example.com") || first[101] != hint {
		t.Errorf("the first page has %d lines, the last is %s", len(first), first[len(first)-1])
	}
	if rest := lines("--after", "user199@example.com"); len(rest) != 6 || !strings.Contains(rest[1], "user200@example.com") {
		t.Errorf("the rest is %q", rest)
	}
	if all := lines("--all"); len(all) != count+1 || !strings.Contains(all[count], "user204@example.com") {
		t.Errorf("all are %d lines", len(all))
	}
	for want, arguments := range map[int][]string{100: nil, count: {"--all"}, 10: {"--search", "user03"}, 0: {"--search", "nobody"}} {
		var list []user
		g.prints(&list, append([]string{"users", "list"}, arguments...)...)
		if len(list) != want || list == nil {
			t.Errorf("%q lists %d people as JSON, want %d in an array", arguments, len(list), want)
		}
	}
	if output := g.gate.Output(); strings.Contains(output, "user000@example.com") {
		t.Error("a log line has the whole address of a person in it")
	}
}

func TestCommandsAboutPeopleCalledInAWrongWayEndWithTwo(t *testing.T) {
	t.Parallel()
	g := prepare(t, setup{})
	g.refusesCalls(map[string][]string{
		"there are: list, show, add, leave":        {"users"},
		"there is no command users delete":         {"users", "delete"},
		"0 arguments are given, it takes 1":        {"users", "show"},
		"say which group":                          {"users", "leave", "ada@example.com"},
		"is not a mail address":                    {"users", "add", "nobody"},
		"there are: list, end":                     {"sessions"},
		"by one of <address>, --id <id> and --all": {"sessions", "end"},
		"say whose sessions end":                   {"sessions", "end", "ada@example.com", "--all"},
		"2 arguments are given, it takes 0 to 1":   {"sessions", "list", "a@b.example", "c@d.example"},
		"--all and --after are for":                {"sessions", "list", "a@b.example", "--all"},
		"invite <address>":                         {"invite"},
		"1 arguments are given, it takes 2":        {"why", "ada@example.com"},
		"there are: list, approve, refuse":         {"requests"},
	})
	for _, arguments := range [][]string{{"users", "list"}, {"sessions", "list"}, {"invite", "a@b.example"}, {"why", "a@b.example", "https://a.example"}, {"requests", "list"}} {
		g.fails("no server answers", arguments...)
	}
}

func TestCommandsAboutPeopleHaveHelp(t *testing.T) {
	t.Parallel()
	g := prepare(t, setup{})
	for command, below := range map[string][]string{
		"users": {"list", "show", "add", "leave", "disable", "enable", "move", "remove"}, "sessions": {"list", "end"}, "requests": {"list", "approve", "refuse"},
		"invite": {""}, "why": {""},
	} {
		for _, sub := range below {
			out := g.help(strings.Fields(command + " " + sub)...)
			for _, words := range []string{"--address", "--json", "Examples:", "doorpost " + command} {
				if !strings.Contains(out, words) {
					t.Errorf("the help of %s %s has no %q: %s", command, sub, words, out)
				}
			}
		}
	}
	if code, out, _ := g.command("doorpost", "users", "list", "--help"); code != 0 || !strings.Contains(out, "doorpost doorpost users list") {
		t.Errorf("as in a Caddy built by xcaddy the help is %d: %s", code, out)
	}
}
