package caddymodule

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
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
	a.must("/doorpost/users/add", adminapi.UserOrder{Address: "ann@x.example", Groups: []string{"staff", "admins"}}, nil)
	a.must("/doorpost/users/add", adminapi.UserOrder{Address: "dan@example.com"}, nil)
	a.must("/doorpost/users/disable", adminapi.UserOrder{Address: "dan@example.com"}, nil)
	for _, c := range []struct {
		who, path string
		result    adminapi.Access
		mayAsk    bool
		says      []string // in what the command prints and ends with
	}{
		{"alice@example.com", "", adminapi.Admitted, false, []string{"allow *@example.com covers them", "-> lets in", "Let in: alice@example.com, once signed in."}},
		{"carol@corp.example", "/?q=1#part", adminapi.Admitted, false, []string{"in staff by the configuration", "Groups: staff"}},
		{"ann@x.example", "/x", adminapi.Admitted, false, []string{"in staff by the store"}},
		{"eve@example.com", "/", adminapi.NotAllowed, false, []string{"deny eve@example.com covers them", "allow *@example.com covers them", "-> does not let in: deny wins", "block 1: deny eve@example.com covers them"}},
		{"x@x.example", "/", adminapi.NotAllowed, false, []string{"block 1: nothing in allow covers them: allow group:staff *@example.com", "Not known so far"}},
		{"dan@example.com", "/", adminapi.NotAllowed, false, []string{"Disabled: cannot sign in", "not let in: dan@example.com is disabled"}},
		{"x@x.example", "/health", adminapi.Public, false, []string{"met, and the path is public", "Public: no block needs a session"}},
		{"x@x.example", "/health/", adminapi.NotAllowed, false, nil},
		{"x@x.example", "/assets//a.css", adminapi.NotAllowed, false, nil}, // no public pattern covers it
		{"dan@example.com", "/_doorpost/sign-in", adminapi.Public, false, []string{"Public: a page of Doorpost's own"}},
		{"alice@example.com", "/x/..;/admin/", adminapi.NotAllowed, false, []string{"met: the path can be read in two ways", "block 2: nothing in allow covers them"}},
		{"alice@example.com", "/admin/", adminapi.NotAllowed, true, []string{"block 2: nothing in allow covers them: allow group:admins", "for requests that match path /admin/*", "they may ask the owners"}},
		{"x@x.example", "/admin/", adminapi.NotAllowed, false, nil}, // what the first block refuses nobody may ask for
		{"ann@x.example", "/admin/", adminapi.Admitted, false, nil},
		{"alice@example.com", "/writes/x", adminapi.Admitted, false, []string{"this is about a GET", "method PUT POST and path /writes/*", "not met: it does not match"}},
		{"ann@x.example", "/reads/x", adminapi.Admitted, false, []string{"-> lets them in if the last proof of their address is not older than 10m"}},
		{"alice@example.com", "/reads/x", adminapi.NotAllowed, false, []string{"block 4: nothing in allow covers them"}},
	} {
		var y adminapi.WhyReport
		a.must("/doorpost/why", adminapi.WhyOrder{Address: c.who, URL: a.origin() + c.path}, &y)
		if y.Result != c.result || y.MayAsk != c.mayAsk || len(y.Blocks) != 4 {
			t.Errorf("%s at %s is %s, may ask: %v, by %d blocks; want %s, %v", c.who, c.path, y.Result, y.MayAsk, len(y.Blocks), c.result, c.mayAsk)
		}
		printed, err := a.run("why", c.who, a.origin()+c.path)
		if (err != nil) != (c.result == adminapi.NotAllowed) {
			t.Errorf("%s at %s ends the command with the error %v", c.who, c.path, err)
		} else if err != nil {
			printed += err.Error()
		}
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
	var y adminapi.WhyReport
	a.must("/doorpost/why", adminapi.WhyOrder{Address: "quiet@x.example", URL: a.origin() + "/admin/"}, &y)
	if strings.Contains(a.logged(), "quiet@x.example") { // the commands above log the errors that they end with
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
			var y adminapi.WhyReport
			a.must("/doorpost/why", adminapi.WhyOrder{Address: string(who), URL: a.origin() + path}, &y)
			got, anonymous := b.get(path).status, a.newBrowser().get(path).status
			if (got == http.StatusForbidden) != (y.Result == adminapi.NotAllowed) || (anonymous == http.StatusSeeOther && !y.OwnPage) != (y.Result != adminapi.Public) {
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
	var y adminapi.WhyReport
	a.must("/doorpost/why", adminapi.WhyOrder{Address: "alice@example.com", URL: a.origin()}, &y)
	if y.Result != adminapi.Public || y.TakenAs != "GET" { // the request is one of this machine
		t.Errorf("told is %+v", y)
	}
}

func TestAnInvitationIsSentOrItIsSaidWhyNot(t *testing.T) {
	a := newAdmin(t, withGroups, "doorpost {\nallow group:staff *@example.com\ndeny eve@example.com\n}\nrespond hello")
	invite := func(arguments ...string) (done adminapi.InviteReport, said string) {
		t.Helper()
		printed, err := a.run(append([]string{"invite", "--json"}, arguments...)...)
		if broken := json.Unmarshal([]byte(printed), &done); broken != nil || done.Sent != (err == nil) {
			t.Fatalf("inviting %q prints %s (%v) and ends with the error %v", arguments, printed, broken, err)
		}
		if err != nil {
			said = err.Error()
		}
		return done, said
	}
	done, said := invite("new@b.example")
	if done.Sent || done.Reason != signin.SilentNotAllowed || len(done.Blocks) != 1 || done.Site != a.origin() {
		t.Errorf("whom nothing admits: %+v", done)
	}
	if !strings.Contains(said, "nothing in allow covers them: allow group:staff *@example.com; invite with --group") {
		t.Errorf("it is explained as %s", said)
	}
	if a.tell("/doorpost/users/show", adminapi.UserOrder{Address: "new@b.example"}, nil).status != http.StatusNotFound {
		t.Error("somebody who is not invited is known")
	}
	if done, said := invite("eve@example.com"); done.Sent || !strings.Contains(said, "deny eve@example.com covers them") {
		t.Errorf("who is denied: %s", said)
	}
	for i := range 2 * signin.MaxLiveLinks {
		done, _ := invite("new@b.example", "--group", "staff", "--for", "2h", "--site", a.origin())
		if !done.Sent || done.Expires.IsZero() {
			t.Errorf("invitation %d: %+v", i, done)
		}
		a.newBrowser().receiveToken("new@b.example")
	}
	m, _ := a.sent("gone@example.com")
	a.put(m.ID, func(m *outbox.Message) { m.Apply(outbox.Report{State: outbox.Bounced, At: time.Now()}) })
	if done, said := invite("gone@example.com"); done.Sent || done.Reason != signin.SilentBlocked || !strings.Contains(said, " outbox unblock gone@example.com") {
		t.Errorf("whose mailbox bounced: %s", said)
	}
	a.must("/doorpost/users/disable", adminapi.UserOrder{Address: "new@b.example"}, nil)
	if done, said := invite("new@b.example"); done.Sent || !strings.Contains(said, " users enable new@b.example") {
		t.Errorf("who is disabled: %s", said)
	}
	if done, said := invite("new+1@b.example", "--group", "staff"); done.Sent || !strings.Contains(said, "new+1@b.example is kept out with new@b.example") || !strings.Contains(said, " users enable new@b.example") {
		t.Errorf("with the mailbox of who is disabled: %s", said)
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
