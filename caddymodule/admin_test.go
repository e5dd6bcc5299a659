package caddymodule

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// patience is how long to wait for what should come at once.
const patience = 20 * time.Second

// endpoint is the admin endpoint of a gateway.
type endpoint struct {
	*gateway
	address string
}

// newAdmin starts a gateway with an admin endpoint.
func newAdmin(t *testing.T, options, site string) endpoint {
	t.Helper()
	address := closedPort()
	return endpoint{newGateway(t, "admin "+address+"\n"+options, site), address}
}

// ask sends a request and, if into is not nil, reads the JSON of the answer.
func (a endpoint) ask(method, path, body string, into any) answer {
	a.t.Helper()
	r, err := http.NewRequest(method, "http://"+a.address+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	response, err := client.Do(r)
	if err != nil {
		a.t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	if into != nil {
		if err := json.Unmarshal(content, into); err != nil {
			a.t.Fatalf("the answer %d %q is not what was asked for: %v", response.StatusCode, content, err)
		}
	}
	return answer{response.StatusCode, response.Header, string(content)}
}

// refuses checks that a request gets an error as JSON, and returns its text.
func (a endpoint) refuses(method, path, body string, status int) string {
	a.t.Helper()
	var said struct {
		Error string `json:"error"`
	}
	got := a.ask(method, path, body, nil)
	if err := json.Unmarshal([]byte(got.body), &said); err != nil || said.Error == "" || got.status != status {
		a.t.Errorf("%s %s is answered with %d %s, want %d and an error as JSON", method, path, got.status, got.body, status)
	}
	return said.Error
}

func (a endpoint) health() (status int, said adminapi.Health) {
	a.t.Helper()
	got := a.ask(http.MethodGet, "/doorpost/health", "", &said)
	return got.status, said
}

// closedPort is an address that nothing listens on.
func closedPort() string { return "127.0.0.1:" + testkit.FreePort() }

func TestAdminPathsTakeTheirMethodsOnly(t *testing.T) {
	a := newAdmin(t, "", helloBehindGate)
	marked := func(got answer, request ...string) {
		if !adminapi.IsMarked(got.header) {
			t.Errorf("%q is answered with %d and the header %v, which does not say by whom", request, got.status, got.header)
		}
	}
	for pattern, route := range adminRoutes {
		path := strings.Replace(pattern, "{id}", "someid", 1)
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "NONSENSE"} {
			if method == route.method || method == "HEAD" && route.method == "GET" {
				got := a.ask(method, path, "", nil)
				if got.status == http.StatusMethodNotAllowed {
					t.Errorf("%s %s is not allowed", method, path)
				}
				marked(got, method, path)
				continue
			}
			got := a.ask(method, path, "", nil)
			marked(got, method, path)
			if got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") == "" {
				t.Errorf("%s %s is answered with %d, Allow %q", method, path, got.status, got.header.Get("Allow"))
			}
		}
	}
}

func TestErrorsOfTheAdminAPIAreJSON(t *testing.T) {
	a := newAdmin(t, "", helloBehindGate)
	for _, c := range []struct {
		method, path string
		status       int
		says         string
	}{
		{"PUT", "/doorpost/health", 405, "GET"},
		{"GET", "/doorpost/outbox?limit=0", 400, "1 to 500"},
		{"GET", "/doorpost/outbox?limit=501", 400, "1 to 500"},
		{"GET", "/doorpost/outbox?limit=x", 400, "1 to 500"},
		{"GET", "/doorpost/outbox?reveal=perhaps", 400, "1 or 0"},
		{"GET", "/doorpost/outbox?from=nonsense", 400, "begin without it"},
		{"GET", "/doorpost/outbox/nonsense", 404, "72 hours"},
		{"GET", "/doorpost/outbox/nonsense?reveal=perhaps", 400, "1 or 0"},
		{"POST", "/doorpost/outbox/nonsense/retry", 404, "72 hours"},
		{"POST", "/doorpost/outbox/unblock", 400, "exactly one @"},
		{"POST", "/doorpost/users/add", 400, "exactly one @"},
		{"POST", "/doorpost/sessions/end", 400, "one of address, id and all"},
		{"POST", "/doorpost/why", 400, "exactly one @"},
		{"GET", "/doorpost/requests?limit=0", 400, "1 to 500"},
		{"POST", "/doorpost/requests/nonsense/refuse", 404, "no such access request"},
	} {
		if said := a.refuses(c.method, c.path, "", c.status); !strings.Contains(said, c.says) {
			t.Errorf("%s %s says %q, want %q in it", c.method, c.path, said, c.says)
		}
	}
}

func TestAdminAPIOfACaddyWithoutTheDirectiveSaysSo(t *testing.T) {
	a := newAdmin(t, "", helloBehindGate)
	if err := caddy.Load(fmt.Appendf(nil, `{"admin":{"listen":%q,"config":{"persist":false}}}`, a.address), true); err != nil {
		t.Fatal(err)
	}
	if _, err := a.run("outbox", "list"); err == nil || !strings.Contains(err.Error(), "add the directive doorpost to a site and reload") {
		t.Errorf("the error is %v, want one that names the directive", err)
	}
}

func TestHealthTellsWhetherTheStoreAnswersAndWhatToMend(t *testing.T) {
	server := redistest.Single(t)
	a := newAdmin(t, "doorpost {\nsecret "+strings.Repeat("0123456789abcdef", 4)+"\nstore redis "+server.URL()+"\nmailer console\n}\n", helloBehindGate)
	if status, said := a.health(); status != http.StatusOK || said.Status != "ok" || said.Store.Status != "ok" || len(said.Store.Warnings) != 0 {
		t.Errorf("a healthy store is %d, %+v", status, said)
	}
	server.Set(t, "maxmemory-policy", "allkeys-lru")
	if status, said := a.health(); status != http.StatusOK || said.Status != "degraded" || said.Store.Status != "ok" ||
		len(said.Store.Warnings) != 1 || !strings.Contains(said.Store.Warnings[0], "allkeys-lru") {
		t.Errorf("a store that forgets is %d, %+v", status, said)
	}
	server.Kill()
	if status, said := a.health(); status != http.StatusServiceUnavailable || said.Status != "unavailable" || said.Store.Status != "unavailable" || said.Store.Error == "" {
		t.Errorf("a store that is down is %d, %+v", status, said)
	}
	a.refuses("GET", "/doorpost/outbox", "", http.StatusServiceUnavailable)
	a.refuses("GET", "/doorpost/outbox/someid", "", http.StatusServiceUnavailable)
	a.refuses("POST", "/doorpost/outbox/someid/retry", "", http.StatusServiceUnavailable)
	for _, path := range []string{"outbox/unblock", "users/add", "users/show", "users/disable", "users/remove", "sessions/list", "sessions/end", "invite"} {
		a.refuses("POST", "/doorpost/"+path, `{"address": "alice@example.com"}`, http.StatusServiceUnavailable)
	}
	server.Restart(t)
	redistest.Await(t, patience, "health to be ok again", func() bool {
		server.Set(t, "maxmemory-policy", "noeviction")
		status, said := a.health()
		return status == http.StatusOK && said.Status == "ok"
	})
}

// A store that answers, but does not write, lets nobody sign in.
func TestAStoreThatCannotWriteIsToldByHealthDoctorAndMetrics(t *testing.T) {
	for option, values := range map[string][2]string{"min-replicas-to-write": {"0", "1"}, "maxmemory": {"0", "1"}} {
		t.Run(option, func(t *testing.T) {
			server := redistest.Single(t)
			a := newAdmin(t, "doorpost {\nsecret "+strings.Repeat("0123456789abcdef", 4)+"\nstore redis "+server.URL()+"\nmailer console\n}\n", helloBehindGate)
			if status, said := a.health(); status != http.StatusOK || said.Status != "ok" {
				t.Errorf("a store that takes all is %d, %+v", status, said)
			}
			failures := a.metric("doorpost_store_failures_total")
			server.Set(t, option, values[1])
			if got := a.newBrowser().post("/_doorpost/sign-in", url.Values{"email": {"ada@example.com"}}); got.status != http.StatusServiceUnavailable {
				t.Errorf("asking for a link is answered with %d", got.status)
			}
			if rose := a.metric("doorpost_store_failures_total") - failures; rose < 1 {
				t.Errorf("the failures of the store rose by %v", rose)
			}
			if status, said := a.health(); status != http.StatusServiceUnavailable || said.Status != "unavailable" || !strings.Contains(said.Store.Error, "trying to write") {
				t.Errorf("a store that does not write is %d, %+v", status, said)
			}
			if found := a.examine("")["store"]; found.Result != adminapi.Wrong || !strings.Contains(found.Advice, option) {
				t.Errorf("doctor finds %+v", found)
			}
			server.Set(t, option, values[0])
			if status, said := a.health(); status != http.StatusOK || said.Status != "ok" {
				t.Errorf("once it writes again the store is %d, %+v", status, said)
			}
		})
	}
}

func TestHealthOfTheEmbeddedStoreIsTold(t *testing.T) {
	a := newAdmin(t, "", helloBehindGate)
	status, said := a.health()
	if status != http.StatusOK || said.Status != "ok" {
		t.Errorf("the memory store is %d, %+v", status, said)
	}
	if len(said.Mailers) != 1 || said.Mailers[0].Name != "console" || !said.Mailers[0].Available || time.Since(said.Mailers[0].Since) > time.Minute {
		t.Errorf("the mailers are %+v", said.Mailers)
	}
}

// exhaust asks for links until the only mailer is left alone.
func (a endpoint) exhaust() {
	a.t.Helper()
	for _, who := range []string{"ada", "bob", "cem", "dora", "eve"} {
		a.newBrowser().tryAsk(who + "@example.com")
	}
	redistest.Await(a.t, patience, "the mailer to be left alone", func() bool {
		_, said := a.health()
		return !said.Mailers[0].Available
	})
}

func TestAMailerThatFailsIsToldByHealthAndMetrics(t *testing.T) {
	mailer := "mailer smtp " + closedPort() + " {\ntls off\n}\n"
	a := newAdmin(t, "doorpost {\nstore memory\nfrom a@example.com\n"+mailer+mailer+"}\n", helloBehindGate)
	if got := a.metric(`doorpost_mailer_available{mailer="smtp-2"}`); got != 1 {
		t.Errorf("smtp-2 is %v at the beginning", got)
	}
	a.exhaust()
	status, said := a.health()
	if status != http.StatusOK || said.Status != "degraded" || len(said.Mailers) != 2 || said.Mailers[1].Name != "smtp-2" {
		t.Errorf("health is %d %+v", status, said)
	}
	if m := said.Mailers[0]; m.Available || m.Problem == "" || time.Since(m.Since) > time.Minute {
		t.Errorf("the mailer is %+v", m)
	}
	if got := a.metric(`doorpost_mailer_available{mailer="smtp"}`); got != 0 {
		t.Errorf("smtp is %v", got)
	}
}

func TestTheSecondMailerOfAKindHasOneNameEverywhere(t *testing.T) {
	second := testkit.ServeMail(t, testkit.MailOptions{})
	a := newAdmin(t, "doorpost {\nstore memory\nfrom a@example.com\nmailer smtp "+closedPort()+" {\ntls off\n}\nmailer smtp "+second.Address+" {\ntls off\n}\n}\n", helloBehindGate)
	ask := func(who, state, mailer string) {
		t.Helper()
		a.newBrowser().tryAsk(who)
		redistest.Await(t, patience, "a message that is "+state+" to be counted for "+mailer, func() bool {
			return a.metric(`doorpost_messages_total{mailer="`+mailer+`",state="`+state+`"}`) > 0
		})
		var list adminapi.Messages
		if a.ask(http.MethodGet, "/doorpost/outbox", "", &list); list.Messages[0].Mailer != mailer {
			t.Errorf("the outbox has %+v, want %s", list.Messages[0], mailer)
		}
	}
	ask("ada@example.com", "sent", "smtp-2")
	if sent := a.events("sent"); len(sent) != 1 || sent[0]["mailer"] != "smtp-2" {
		t.Errorf("the audit log has %v", sent)
	}
	if line := `"mailer":"smtp","next":"smtp-2"`; !strings.Contains(a.logged(), line) {
		t.Errorf("the log lacks %s", line)
	}
	second.Close()
	ask("bob@example.com", "deferred", "smtp+smtp-2")
}
