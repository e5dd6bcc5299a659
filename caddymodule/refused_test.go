package caddymodule

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// logLine is what these tests look at of a log line.
type logLine struct {
	Level, Logger, Msg, Address, Site, Reason, Rule, Client, Subject, Script, Scope string
	UserID                                                                          string `json:"user_id"`
	Status                                                                          int
	Request                                                                         json.RawMessage // of the access log; of the audit log its id
}

// lines are those of a logger that tell of something.
func (g *gateway) lines(logger, msg string) (list []logLine) {
	g.t.Helper()
	for line := range strings.Lines(g.logged()) {
		var found logLine
		if json.Unmarshal([]byte(line), &found) == nil && strings.HasPrefix(found.Logger, logger) && found.Msg == msg {
			list = append(list, found)
		}
	}
	return list
}

// refusals are the lines of the audit log about people whom the rules refused.
func (g *gateway) refusals() []logLine { return g.lines("doorpost.audit", "refused") }

// refusedRequests are the lines of the access log about them.
func (g *gateway) refusedRequests() []logLine {
	return slices.DeleteFunc(g.lines("http.log.access", "handled request"), func(line logLine) bool { return line.Status != http.StatusForbidden })
}

// awaitRefused waits until the access log has so many of those: Caddy writes a line after
// the answer, and a reload does not wait for it.
func (g *gateway) awaitRefused(n int) {
	g.t.Helper()
	testkit.Await(g.t, 10*time.Second, fmt.Sprintf("the access log has %d refused requests", n), func() bool { return len(g.refusedRequests()) == n })
}

// refusing is a site that lets everybody sign in, and alice nowhere below /x.
func refusing(rules string) string {
	return "doorpost {\n allow *\n}\n doorpost /x/* {\n" + rules + "\n}\n respond \"hello {header.Remote-User}\"\n"
}

const refusingOptions = "doorpost {\nstore memory\nmailer console\nlimit client 1000 1m\nlimit address 1000 1m\ngroup staff alice@example.com\ngroup others bob@example.com\n}\n"

func TestSomebodyWhomTheRulesRefuseIsInTheLogsWithTheRule(t *testing.T) {
	for name, c := range map[string]struct{ rules, rule string }{
		"an address":        {"allow bob@example.com", "nothing in allow covers them: allow b***@example.com"},
		"domains and group": {"allow *@example.org group:others", "nothing in allow covers them: allow *@example.org group:others"},
		"denied":            {"allow *\ndeny alice@example.com", "deny a***@example.com covers them"},
		"the mailbox":       {"allow *\ndeny alice+tag@example.com", "deny a***@example.com covers them: it is the same mailbox"},
		"the group":         {"allow *\ndeny group:staff", "deny group:staff covers them: they are in staff by the configuration"},
		"owners alone":      {"ask owner@example.com", "it allows nobody but the people whom an owner lets in"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGateway(t, refusingOptions, refusing(c.rules))
			alice := g.newBrowser()
			alice.signIn("alice@example.com")
			hour := time.Now().Truncate(time.Hour)
			for _, request := range []struct {
				method string
				header []string
			}{
				{http.MethodGet, nil},
				{http.MethodGet, []string{"Accept", "application/json", "Remote-User", "bob@example.com"}},
				{http.MethodHead, nil},
				{http.MethodPost, []string{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}},
				{http.MethodGet, []string{"Connection", "Upgrade", "Upgrade", "websocket"}},
				{"PROPFIND", nil},
			} {
				if got := alice.do(request.method, "/x/page", nil, request.header...); got.status != http.StatusForbidden || strings.Contains(got.body, "hello") {
					t.Errorf("%s is answered with %d %s", request.method, got.status, got.body)
				}
			}
			expectBody(t, "elsewhere", alice.get("/"), "hello alice@example.com")
			g.awaitRefused(6)
			g.load() // the hour does not begin anew
			if got := alice.get("/x/page"); got.status != http.StatusForbidden {
				t.Errorf("after a reload she is answered with %d", got.status)
			}
			hours := 1 + int(time.Since(hour)/time.Hour)
			g.awaitRefused(7)
			g.stop()

			told := g.refusals()
			if len(told) == 0 || len(told) > hours {
				t.Fatalf("told is %+v, want a line an hour", told)
			}
			got := told[0]
			if got.Rule != "block 2: "+c.rule || got.Reason != "not admitted" || got.Address != "a***@example.com" || got.Site != g.origin() || got.Client != "127.0.0.1" || got.Subject == "" || got.Request == nil {
				t.Errorf("told is %+v, want the rule %q", got, c.rule)
			}
			for _, line := range g.refusedRequests() {
				if line.UserID != "alice@example.com" {
					t.Errorf("the access log has the user_id %q", line.UserID)
				}
			}
		})
	}
}

func TestTheRuleInTheAuditLogIsTheOneThatWhyTells(t *testing.T) {
	a := newAdmin(t, refusingOptions, refusing("allow group:others"))
	alice := a.newBrowser()
	alice.signIn("alice@example.com")
	alice.get("/x/page")
	_, err := a.run("why", "alice@example.com", a.origin()+"/x/page")
	if told := a.refusals(); len(told) != 1 || err == nil || !strings.HasSuffix(err.Error(), "; "+told[0].Rule) {
		t.Errorf("why ends with %v, and the audit log has %+v", err, told)
	}
}

func TestEachRefusedPersonHasALineAtEachSite(t *testing.T) {
	base := "http://localhost:" + testkit.FreePort()
	g := newGateway(t, refusingOptions, refusing("allow owner@example.com")+"}\n"+base+" {\n bind 127.0.0.1\n"+refusing("allow owner@example.com"))
	other := *g
	other.base = base
	want := make(map[string]int)
	for i := range 3 {
		who := fmt.Sprintf("p%d@example.com", i)
		for _, at := range []*gateway{g, &other} {
			b := at.newBrowser()
			b.signIn(who)
			b.get("/x/page")
			want[at.origin()]++
		}
	}
	if got := g.newBrowser().get("/x/page"); got.status != http.StatusSeeOther {
		t.Errorf("nobody is answered with %d", got.status)
	}
	got := make(map[string]int)
	for _, line := range g.refusals() {
		got[line.Site]++
	}
	for site, n := range want {
		if got[site] != n {
			t.Errorf("at %s %d people were told of, want %d", site, got[site], n)
		}
	}
	if len(got) != len(want) {
		t.Errorf("told of are %v", got)
	}
}

func TestWhoOpensThePeoplePageAndIsNoAdminIsInTheAuditLog(t *testing.T) {
	g := newGateway(t, strings.Replace(refusingOptions, "group staff", "admins bob@example.com\ngroup staff", 1),
		strings.Replace(refusing("allow owner@example.com"), "allow *", "allow *\npeople", 1))
	alice, bob := g.newBrowser(), g.newBrowser()
	alice.signIn("alice@example.com")
	bob.signIn("bob@example.com")
	hour := time.Now().Truncate(time.Hour)
	for range 2 {
		if got := alice.get("/_doorpost/people"); got.status != http.StatusForbidden {
			t.Errorf("who is no admin is answered with %d", got.status)
		}
		g.load() // the hour does not begin anew
	}
	if got := alice.post("/_doorpost/people", url.Values{"who": {"bob@example.com"}, "action": {"remove"}}); got.status != http.StatusForbidden {
		t.Errorf("who is no admin and sends a form is answered with %d", got.status)
	}
	if got := alice.get("/x/page"); got.status != http.StatusForbidden {
		t.Errorf("at the app she is answered with %d", got.status)
	}
	if got := bob.get("/_doorpost/people"); got.status != http.StatusOK {
		t.Errorf("an admin is answered with %d", got.status)
	}
	hours := 1 + int(time.Since(hour)/time.Hour)
	g.stop() // so that the log is written

	told := make(map[string][]logLine)
	for _, line := range g.refusals() {
		told[line.Reason] = append(told[line.Reason], line)
	}
	if n := len(told["not admitted"]); n == 0 || n > hours || len(told) != 2 {
		t.Errorf("told is %+v", told)
	}
	lines := told["not an admin"]
	if len(lines) == 0 || len(lines) > hours {
		t.Fatalf("told of the page is %+v, want a line an hour", lines)
	}
	if got := lines[0]; got.Rule != "admins does not name them" || got.Address != "a***@example.com" || got.Site != g.origin() || got.Client != "127.0.0.1" || got.Subject == "" || got.Request == nil {
		t.Errorf("told is %+v", got)
	}
}
