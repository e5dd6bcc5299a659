package caddymodule

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// manyRules is a site with several blocks.
const manyRules = `doorpost {
	allow group:staff *@example.com
	deny eve@example.com
	public /health /assets/*
}
doorpost /admin/* {
	allow group:admins
	ask owner@example.com
}
@writes {
	method PUT POST
	path /writes/*
}
doorpost @writes {
	allow group:admins
}
@reads {
	method GET
	path /reads/*
}
doorpost @reads {
	allow group:admins
	recent 10m
}
respond hello`

func TestWhyTellsWhichRuleDecides(t *testing.T) {
	a := newAdmin(t, withGroups, manyRules)
	a.must("/doorpost/users/add", userOrder{Address: "ann@x.example", Groups: []string{"staff", "admins"}}, nil)
	a.must("/doorpost/users/add", userOrder{Address: "dan@example.com"}, nil)
	a.must("/doorpost/users/disable", userOrder{Address: "dan@example.com"}, nil)
	for _, c := range []struct {
		who, path string
		result    answerWhy
		mayAsk    bool
		says      []string // in what the command prints and ends with
	}{
		{"alice@example.com", "", letIn, false, []string{"allow *@example.com covers them", "-> lets in", "Let in: alice@example.com, once signed in."}},
		{"carol@corp.example", "/?q=1#part", letIn, false, []string{"in staff by the configuration", "Groups: staff"}},
		{"ann@x.example", "/x", letIn, false, []string{"in staff by the store"}},
		{"eve@example.com", "/", keptOut, false, []string{"deny eve@example.com covers them", "allow *@example.com covers them", "-> does not let in: deny wins", "block 1: deny eve@example.com covers them"}},
		{"x@x.example", "/", keptOut, false, []string{"block 1: nothing in allow covers them: allow group:staff *@example.com", "Not known so far"}},
		{"dan@example.com", "/", keptOut, false, []string{"Disabled: cannot sign in", "not let in: dan@example.com is disabled"}},
		{"x@x.example", "/health", forAll, false, []string{"met, and the path is public", "Public: no block needs a session"}},
		{"x@x.example", "/health/", keptOut, false, nil},
		{"x@x.example", "/assets//a.css", keptOut, false, nil}, // no public pattern covers it
		{"dan@example.com", "/_doorpost/sign-in", forAll, false, []string{"Public: a page of Doorpost's own"}},
		{"alice@example.com", "/admin/", keptOut, true, []string{"block 2: nothing in allow covers them: allow group:admins", "for requests that match path /admin/*", "they may ask the owners"}},
		{"x@x.example", "/admin/", keptOut, false, nil}, // what the first block refuses nobody may ask for
		{"ann@x.example", "/admin/", letIn, false, nil},
		{"alice@example.com", "/writes/x", letIn, false, []string{"this is about a GET", "method PUT POST and path /writes/*", "not met: it does not match"}},
		{"ann@x.example", "/reads/x", letIn, false, []string{"-> lets in whose last proof of the address is not older than 10m"}},
		{"alice@example.com", "/reads/x", keptOut, false, []string{"block 4: nothing in allow covers them"}},
	} {
		var y whyReport
		a.must("/doorpost/why", whyOrder{c.who, a.origin() + c.path}, &y)
		if y.Result != c.result || y.MayAsk != c.mayAsk || len(y.Blocks) != 4 {
			t.Errorf("%s at %s is %s, may ask: %v, by %d blocks; want %s, %v", c.who, c.path, y.Result, y.MayAsk, len(y.Blocks), c.result, c.mayAsk)
		}
		printed := said(func(out *invocation) { out.printWhy(y) }) + y.verdict()
		for _, words := range c.says {
			if !strings.Contains(printed, words) {
				t.Errorf("%s at %s is told without %q:\n%s", c.who, c.path, words, printed)
			}
		}
	}
	for order, status := range map[string]int{
		`{"address": "x@x.example", "url": "/path"}`:                     http.StatusBadRequest,
		`{"address": "x@x.example", "url": "app.example.com/x"}`:         http.StatusBadRequest,
		`{"address": "x@x.example", "url": "ftp://localhost/"}`:          http.StatusBadRequest,
		`{"address": "x@x.example", "url": "https://\u0001"}`:            http.StatusBadRequest,
		`{"address": "x@x.example", "url": "https://app.example.com/x"}`: http.StatusNotFound,
		`{"address": "x@x.example", "url": "http://app.example.com/x"}`:  http.StatusNotFound,
		`{"address": "nobody", "url": "https://app.example.com/x"}`:      http.StatusBadRequest,
	} {
		a.refuses("POST", "/doorpost/why", order, status)
	}
	if said := a.refuses("POST", "/doorpost/why", `{"address": "x@x.example", "url": "https://app.example.com/x"}`, http.StatusNotFound); !strings.Contains(said, a.origin()) {
		t.Errorf("a URL of no site is refused with %q, want the origins that there are", said)
	}
	if strings.Contains(a.logged(), "x@x.example") {
		t.Error("a log line has the whole address in it")
	}
}

// What why says is what happens.
func TestWhyAgreesWithTheGate(t *testing.T) {
	a := newAdmin(t, withGroups, manyRules)
	for _, who := range []address.Address{"alice@example.com", "carol@corp.example"} {
		b := a.newBrowser()
		b.signIn(string(who))
		for _, path := range []string{"/", "/health", "/health/x", "/admin", "/admin/", "/admin/x?y=1", "/writes/x", "/reads/x", "/reads/%2e%2e/x", "//admin/x", "/assets/x%2fy", "/_doorpost"} {
			var y whyReport
			a.must("/doorpost/why", whyOrder{string(who), a.origin() + path}, &y)
			got, anonymous := b.get(path).status, a.newBrowser().get(path).status
			if (got == http.StatusForbidden) != (y.Result == keptOut) || (anonymous == http.StatusSeeOther && !y.OwnPage) != (y.Result != forAll) {
				t.Errorf("%s at %s is answered with %d, and whoever is not signed in with %d; why says %s", who, path, got, anonymous, y.Result)
			}
		}
	}
}

func TestAMatcherIsToldInWords(t *testing.T) {
	for given, want := range map[string]matcherWords{
		`[]`:                     {"", false},
		`[{"path":["/a","/b"]}]`: {"path /a /b", false},
		`[{"path":["/a"],"host":["x.example"]},{"query":{"a":["b"]}}]`: {`host x.example and path /a, or query {"a":["b"]}`, false},
		`[{"not":[{"path":["/a"]}]}]`:                                  {"not (path /a)", false},
		`[{"not":[{"method":["GET"]}]}]`:                               {"not (method GET)", true},
		`[{"header":{"X":["y"]}}]`:                                     {`header {"X":["y"]}`, true},
		`[{"remote_ip":{"ranges":["10.0.0.0/8"]}}]`:                    {`remote_ip {"ranges":["10.0.0.0/8"]}`, true},
	} {
		var sets caddyhttp.RawMatcherSets
		if err := json.Unmarshal([]byte(given), &sets); err != nil {
			t.Fatal(err)
		}
		if got := describeMatchers(sets); got != want {
			t.Errorf("%s is told as %+v, want %+v", given, got, want)
		}
	}
}

func TestAMatcherThatCannotTellKeepsEverybodyOut(t *testing.T) {
	a := newAdmin(t, withGroups, "@odd client_ip 10.0.0.0/8\ndoorpost @odd {\nallow *\n}\nrespond hello")
	var y whyReport
	a.must("/doorpost/why", whyOrder{"alice@example.com", a.origin()}, &y)
	if y.Result != forAll || y.TakenAs != "GET" { // the request is one of this machine
		t.Errorf("told is %+v", y)
	}
	b := blockReport{Problem: "matching failed", Matched: true, Needed: true, Admits: true}
	if got := strings.Join(b.lines(false), "\n"); !b.refuses() || !strings.Contains(got, "nobody gets in: matching failed") {
		t.Errorf("it is told as %q", got)
	}
}

func TestAnInvitationIsSentOrItIsSaidWhyNot(t *testing.T) {
	a := newAdmin(t, withGroups, "doorpost {\nallow group:staff *@example.com\ndeny eve@example.com\n}\nrespond hello")
	var done inviteReport
	a.must("/doorpost/invite", inviteOrder{Address: "new@b.example"}, &done)
	if done.Sent || done.Reason != signin.SilentNotAllowed || len(done.Blocks) != 1 || done.Site != a.origin() {
		t.Errorf("whom nothing admits: %+v", done)
	}
	explain := func() string { return (&invocation{program: "doorpost"}).notInvited(done).Error() }
	if got := explain(); !strings.Contains(got, "nothing in allow covers them: allow group:staff *@example.com; invite with --group") {
		t.Errorf("it is explained as %s", got)
	}
	if a.tell("/doorpost/users/show", userOrder{Address: "new@b.example"}, nil).status != http.StatusNotFound {
		t.Error("somebody who is not invited is known")
	}
	a.must("/doorpost/invite", inviteOrder{Address: "eve@example.com"}, &done)
	if got := explain(); done.Sent || !strings.Contains(got, "deny eve@example.com covers them") {
		t.Errorf("who is denied: %s", got)
	}
	for i := range signin.MaxLiveLinks {
		done = inviteReport{}
		a.must("/doorpost/invite", inviteOrder{Address: "new@b.example", Groups: []string{"staff"}, For: "2h", Site: a.origin()}, &done)
		if !done.Sent || done.Expires.IsZero() {
			t.Errorf("invitation %d: %+v", i, done)
		}
		a.newBrowser().receiveToken("new@b.example")
	}
	done = inviteReport{}
	a.must("/doorpost/invite", inviteOrder{Address: "new@b.example", Groups: []string{"admins"}}, &done)
	if got := explain(); done.Sent || done.Reason != signin.SilentThreeAlive || !strings.Contains(got, "three links to new@b.example are alive") || !strings.Contains(got, "is in admins") {
		t.Errorf("one too many: %s", got)
	}
	m, _ := a.sent("gone@example.com")
	a.put(m.ID, func(m *outbox.Message) { m.Apply(outbox.Report{State: outbox.Bounced, At: time.Now()}) })
	a.must("/doorpost/invite", inviteOrder{Address: "gone@example.com"}, &done)
	if got := explain(); done.Sent || done.Reason != signin.SilentBlocked || !strings.Contains(got, "doorpost outbox unblock gone@example.com") {
		t.Errorf("whose mailbox bounced: %s", got)
	}
	a.must("/doorpost/users/disable", userOrder{Address: "new@b.example"}, nil)
	a.must("/doorpost/invite", inviteOrder{Address: "new@b.example"}, &done)
	if got := explain(); done.Sent || !strings.Contains(got, "doorpost users enable new@b.example") {
		t.Errorf("who is disabled: %s", got)
	}
	for order, status := range map[string]int{
		`{}`: http.StatusBadRequest,
		`{"address": "a@example.com", "for": "59m"}`:                      http.StatusBadRequest,
		`{"address": "a@example.com", "for": "31d"}`:                      http.StatusBadRequest,
		`{"address": "a@example.com", "for": "soon"}`:                     http.StatusBadRequest,
		`{"address": "a@example.com", "groups": ["nobody"]}`:              http.StatusBadRequest,
		`{"address": "a@example.com", "site": "https://nowhere.example"}`: http.StatusNotFound,
	} {
		a.refuses("POST", "/doorpost/invite", order, status)
	}
	if lines := a.events("invited"); len(lines) == 0 || lines[0]["by"] != "admin API" {
		t.Errorf("written down are %v", lines)
	}
}
