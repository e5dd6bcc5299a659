package caddymodule

import (
	"bufio"
	"net/http"
	"strconv"
	"strings"
	"testing"

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
