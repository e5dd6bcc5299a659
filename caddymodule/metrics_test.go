package caddymodule

import (
	"bufio"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/redistest"
)

// metric scrapes a sample; zero if there is none.
func (a endpoint) metric(name string) float64 {
	a.t.Helper()
	got := a.ask(http.MethodGet, "/metrics", "", nil)
	if got.status != http.StatusOK {
		a.t.Fatalf("scraping is answered with %d %s", got.status, got.body)
	}
	for lines := bufio.NewScanner(strings.NewReader(got.body)); lines.Scan(); {
		if text, found := strings.CutPrefix(lines.Text(), name+" "); found {
			value, err := strconv.ParseFloat(text, 64)
			if err != nil {
				a.t.Fatal(err)
			}
			return value
		}
	}
	return 0
}

func TestMetricsCountMessagesOverReloads(t *testing.T) {
	const sample = `doorpost_messages_total{mailer="console",state="sent"}`
	a := newAdmin(t, "", helloBehindGate)
	before := a.metric(sample)
	a.sent("ada@example.com")
	redistest.Await(t, patience, "the message to be counted", func() bool { return a.metric(sample) == before+1 })
	a.site = strings.Replace(helloBehindGate, "hello", "hello again", 1)
	a.load()
	if got := a.metric(sample); got != before+1 {
		t.Errorf("after a reload the count is %v, want %v", got, before+1)
	}
	a.sent("bob@example.com")
	redistest.Await(t, patience, "the second message to be counted", func() bool { return a.metric(sample) == before+2 })
	if got := a.ask(http.MethodGet, "/metrics", "", nil).body; strings.Contains(got, "example.com") {
		t.Error("a metric names an address")
	}
	if got := a.metric(`doorpost_mailer_available{mailer="console"}`); got != 1 {
		t.Errorf("the mailer is %v", got)
	}
}

func TestMetricsTellOfSignInsAndRequests(t *testing.T) {
	a := newAdmin(t, "", "doorpost {\n allow ada@example.com\n public /open\n}\n respond hello\n")
	b := a.newBrowser()
	samples := map[string]float64{ // by how much each has to rise
		`doorpost_asked_total{sent="true"}`:               1,
		`doorpost_asked_total{sent="false"}`:              1,
		`doorpost_redeemed_total{by="link"}`:              1,
		`doorpost_redeemed_total{by="code"}`:              0,
		`doorpost_refused_total{reason="wrong_code"}`:     1,
		`doorpost_refused_total{reason="not_admitted"}`:   1,
		`doorpost_refused_total{reason="unknown"}`:        1,
		`doorpost_requests_total{verdict="no_session"}`:   1,
		`doorpost_requests_total{verdict="pass"}`:         1,
		`doorpost_requests_total{verdict="pass_unnamed"}`: 1,
		`doorpost_requests_total{verdict="forbidden"}`:    1,
		`doorpost_requests_total{verdict="own_page"}`:     5,
		`doorpost_sessions`:                               1,
		`doorpost_mailer_seconds_count{mailer="console"}`: 1,

		`doorpost_store_seconds_count{step="ask"}`:    2,
		`doorpost_store_seconds_count{step="redeem"}`: 2, // not for the link that was made up
		`doorpost_store_seconds_count{step="touch"}`:  0,
	}
	before := make(map[string]float64)
	for name := range samples {
		before[name] = a.metric(name)
	}
	b.get("/")
	b.get("/open")
	b.do("TRACE", "/open", nil)
	b.tryAsk("eve@example.com")
	b.post("/_doorpost/code", url.Values{"code": {"23456789"}})
	b.post("/_doorpost/link", url.Values{"token": {"made-up"}})
	b.signIn("ada@example.com")
	b.get("/")
	for name, rise := range samples {
		if got := a.metric(name) - before[name]; got != rise {
			t.Errorf("%s rose by %v, want %v", name, got, rise)
		}
	}
}

// What requests of a session cost the store is one look every few seconds.
func TestGatedRequestsTakeNoStepOfTheStore(t *testing.T) {
	a := newAdmin(t, "", helloBehindGate)
	b := a.newBrowser()
	b.signIn("ada@example.com")
	b.get("/")
	const sample = "doorpost_store_seconds_count"
	steps := func() (sum float64) {
		for _, name := range a.series() {
			if strings.HasPrefix(name, sample+"{") && !strings.Contains(name, "_message") && !strings.Contains(name, `"claim"`) {
				sum += a.metric(name)
			}
		}
		return sum
	}
	begun, before := time.Now(), steps()
	const requests, freshness = 200, 5 * time.Second
	for range requests {
		expectBody(t, "a request of hers", b.get("/"), "hello ada@example.com")
	}
	looks := 1 + float64(time.Since(begun)/freshness)
	if got := steps() - before; got > looks {
		t.Errorf("%d requests in %v took %v steps of the store, want at most %v", requests, time.Since(begun), got, looks)
	}
}

// series are the names and labels of all samples of ours.
func (a endpoint) series() (names []string) {
	a.t.Helper()
	for line := range strings.Lines(a.ask(http.MethodGet, "/metrics", "", nil).body) {
		if strings.HasPrefix(line, "doorpost_") {
			names = append(names, line[:strings.LastIndex(line, " ")])
		}
	}
	return names
}

func TestHostileRequestsMakeNoSeries(t *testing.T) {
	const hostile = 10_000
	a := newAdmin(t, manyRequests, helloBehindGate)
	a.sent("ada@example.com")
	redistest.Await(t, patience, "the message to be counted", func() bool {
		return a.metric(`doorpost_messages_total{mailer="console",state="sent"}`) > 0
	})
	before, refused := a.series(), a.metric(`doorpost_refused_total{reason="unknown"}`)
	h := findHandler(t)
	for range hostile {
		odd := rand.Text()
		method, path, fields := http.MethodPost, "", url.Values{}
		switch odd[0] % 4 {
		case 0:
			path, fields = "/_doorpost/sign-in", url.Values{"email": {odd + "@" + odd + ".example"}}
		case 1:
			path, fields = "/_doorpost/code", url.Values{"code": {odd[:8]}}
		case 2:
			path, fields = "/_doorpost/link", url.Values{"token": {odd}}
		case 3:
			method, path = odd, "/"+odd
		}
		r := httptest.NewRequest(method, a.origin()+path, strings.NewReader(fields.Encode()))
		r.Header = http.Header{
			"Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {a.origin()}, "User-Agent": {odd}, "Cookie": {"doorpost=" + odd + "; doorpost-ask-" + a.port + "=" + odd},
		}
		w := httptest.NewRecorder()
		if err := h.ServeHTTP(w, caddyhttp.PrepareRequest(r, caddy.NewReplacer(), w, new(caddyhttp.Server)), nothing); err != nil {
			t.Fatal(err)
		}
	}
	if refused = a.metric(`doorpost_refused_total{reason="unknown"}`) - refused; refused < hostile/4 {
		t.Errorf("only %v refusals were counted", refused)
	}
	if after := a.series(); !slices.Equal(before, after) {
		t.Errorf("before %d hostile requests the series were\n%q\nand after them\n%q", hostile, before, after)
	}
}

// What the docs list as reasons have labels of their own.
func TestEveryReasonHasALabel(t *testing.T) {
	content, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for row := range strings.Lines(string(content)) {
		_, reasons, found := strings.Cut(row, "`silent` has the reason: ")
		if !found {
			_, reasons, _ = strings.Cut(row, "with `reason`: ")
		}
		reasons = strings.ReplaceAll(reasons, "`reason` is ", "")
		for _, quoted := range regexp.MustCompile("(?:^|[,:] |in which )`([a-z ]+)`").FindAllStringSubmatch(reasons, -1) {
			if checked++; labelOf(quoted[1]) == otherReason {
				t.Errorf("the reason %q has no label", quoted[1])
			}
		}
	}
	if checked < 18 {
		t.Errorf("only %d reasons were found", checked)
	}
	if labelOf("ada@example.com") != otherReason {
		t.Error("a text that is no reason has a label of its own")
	}
}

func TestStatsTellWhatTheMetricsCount(t *testing.T) {
	a := newAdmin(t, "", "doorpost {\n allow ada@example.com\n}\n respond hello\n")
	var before, after adminapi.Stats
	a.ask(http.MethodGet, adminapi.StatsPath, "", &before)
	b := a.newBrowser()
	b.tryAsk("eve@example.com")
	b.signIn("ada@example.com")
	b.get("/")
	redistest.Await(t, patience, "the message to be counted", func() bool {
		a.ask(http.MethodGet, adminapi.StatsPath, "", &after)
		return after.Messages["sent"] > before.Messages["sent"]
	})
	if after.Asked != before.Asked+2 || after.Sent != before.Sent+1 || after.Redeemed["link"] != before.Redeemed["link"]+1 ||
		after.Refused["not_admitted"] != before.Refused["not_admitted"]+1 || after.Sessions != 1 || len(after.Mailers) != 1 {
		t.Errorf("before, the figures were\n%+v\nand then\n%+v", before, after)
	}
	said, err := a.run("stats")
	for _, want := range []string{
		fmt.Sprintf("Asked for a link: %d, of which %d got a message.\n", after.Asked, after.Sent),
		fmt.Sprintf("%d not admitted", after.Refused["not_admitted"]), "Sessions that it remembers: 1.\n", "Mailer console: works.\n",
	} {
		if err != nil || !strings.Contains(said, want) {
			t.Errorf("stats ends with %v, and %q is not in\n%s", err, want, said)
		}
	}
}
