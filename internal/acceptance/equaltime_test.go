package acceptance

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/testkit"
)

const (
	samples = 1000 // of each class
	warmUp  = 50   // rounds before that
	// separable is by how much the medians of two classes may differ, in ms
	// (ATTACKS EN-02).
	separable = 2.0
)

// BenchmarkEqualTime measures whether the time of an answer tells what becomes
// of a request for a link, while the mail service takes 800 ms for a message,
// and while it takes none and the queue is full:
//
//	go -C internal/acceptance test -run '^$' -bench EqualTime -benchtime 1x -timeout 30m .
//
// It is no test, since it needs a machine that does nothing else. The program is
// built without the race detector, which makes a millisecond of a third of one.
// It reports
// the largest difference of two medians in ms, and the least p of the
// Kolmogorov-Smirnov test for two classes. It fails if the difference is more
// than 2 ms.
func BenchmarkEqualTime(b *testing.B) {
	buildAsReleased(b)
	b.Run("bolt", func(b *testing.B) { measureEqualTime(b, setup{}, false) })
	b.Run("bolt, full queue", func(b *testing.B) { measureEqualTime(b, setup{}, true) })
	b.Run("redis", func(b *testing.B) {
		measureEqualTime(b, setup{store: "redis " + redistest.Single(b).URL(), global: "secret " + newSecret()}, false)
	})
}

// buildAsReleased has the program built without the race detector until the
// benchmark ends.
func buildAsReleased(b *testing.B) {
	b.Helper()
	checked := binary
	b.Cleanup(func() { binary = checked })
	binary = filepath.Join(b.TempDir(), "doorpost")
	if said, err := exec.Command("go", "build", "-o", binary, "github.com/doorpost-auth/doorpost/cmd/doorpost").CombinedOutput(); err != nil {
		b.Fatalf("building the program: %v: %s", err, said)
	}
}

// class is people of whom nobody may learn that they belong to it.
type class struct {
	name    string
	address func(i int) string // of the request with that number
}

func measureEqualTime(b *testing.B, s setup, full bool) {
	const queued = 1500 // more than a process takes on
	var slow, stuck atomic.Bool
	hear, wait := deaf(b)
	service := startSMTP(b, func(at testkit.MailStep, to string, _ int) string {
		if strings.HasPrefix(to, "blocked") {
			return "550 5.1.1 no such mailbox"
		}
		switch {
		case at == testkit.AtRecipient && stuck.Load():
			wait()
		case at == testkit.AtRecipient && slow.Load():
			<-time.After(800 * time.Millisecond)
		}
		return ""
	})
	b.Cleanup(hear)
	s.silent, s.site = true, "allow *@example.com"
	s.limits = "limit client 1000000 1m\nlimit address 1 24h\nlimit total 1000000 1h"
	g := service.sendsThrough(b, s)
	for _, address := range []string{"limited@example.com", "muted@example.com", "blocked@example.com"} {
		g.visitor().ask(address, "/")
	}
	service.await(b, "limited@example.com")
	stop := g.visitor()
	if a := stop.submit("/_doorpost/stop", "token", service.await(b, "muted@example.com").token); a.status >= 400 {
		b.Fatalf("stopping messages was answered %d: %s", a.status, a.text())
	}
	g.becomes("blocked@example.com", "bounced")
	slow.Store(true)
	v := g.visitor()
	if full {
		stuck.Store(true)
		for i := range queued {
			clear(v.cookies)
			v.ask(fmt.Sprintf("queued%04d@example.com", i), "/").leadsTo(b, "/_doorpost/check-mail")
		}
	}
	one := func(address string) func(int) string { return func(int) string { return address } }
	classes := []class{
		{"allowed", func(i int) string { return fmt.Sprintf("someone%06d@example.com", i) }},
		{"not allowed", func(i int) string { return fmt.Sprintf("someone%06d@example.net", i) }},
		{"over the limit", one("limited@example.com")},
		{"muted", one("muted@example.com")},
		{"blocked", one("blocked@example.com")},
	}
	number := 0
	for b.Loop() {
		times := make([][]float64, len(classes))
		for round := range samples + warmUp {
			for _, n := range rand.Perm(len(classes)) {
				number++
				clear(v.cookies)
				r := v.form("/_doorpost/sign-in", "email", classes[n].address(number), "to", "/")
				began := time.Now()
				a, err := v.try(r)
				took := time.Since(began)
				if err != nil || a.status != http.StatusSeeOther {
					b.Fatalf("%s: answered %d (%v)", classes[n].name, a.status, err)
				}
				if round >= warmUp {
					times[n] = append(times[n], float64(took)/float64(time.Millisecond))
				}
			}
		}
		worst, leastP := 0.0, 1.0
		for i := range classes {
			slices.Sort(times[i])
			b.Logf("%-15s median %7.3f ms, 9 of 10 within %7.3f ms", classes[i].name, times[i][samples/2], times[i][samples*9/10])
			for j := range i {
				difference := math.Abs(times[i][samples/2] - times[j][samples/2])
				worst, leastP = max(worst, difference), min(leastP, kolmogorovSmirnov(times[i], times[j]))
				if difference > separable {
					b.Errorf("%s and %s can be told apart: their medians differ by %.3f ms", classes[i].name, classes[j].name, difference)
				}
			}
		}
		b.ReportMetric(worst, "ms-between-medians")
		b.ReportMetric(leastP, "least-p")
	}
	slow.Store(false)
	hear()
	service.mu.Lock()
	defer service.mu.Unlock()
	for address, tries := range service.tries {
		if strings.HasSuffix(address, ".net") || len(tries) > 1 && slices.ContainsFunc(classes[2:], func(c class) bool { return c.address(0) == address }) {
			b.Errorf("%s was written to: its class is not what it is called", address)
		}
	}
}
