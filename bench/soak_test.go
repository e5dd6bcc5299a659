package main

import (
	"strings"
	"testing"
)

func TestASoakOfSomeSecondsIsFlat(t *testing.T) {
	var said strings.Builder
	// The gate as all tests build it, so that nothing is compiled twice.
	if err := runSoak([]string{"-for", "20s", "-race", "-steps=false"}, &said); err != nil {
		t.Errorf("%v\n%s", err, &said)
	}
	for _, row := range []string{"sign-ins", "gated requests", "sessions lost", "steps of the clock", "goroutines", "heap, MiB", "store, KiB"} {
		if !strings.Contains(said.String(), "\n"+row+"  ") {
			t.Errorf("the report has no row %q:\n%s", row, &said)
		}
	}
	t.Log(said.String())
}

func TestASoakSaysWhatIsNotFlat(t *testing.T) {
	flat := func() *soakGate {
		f := soakFigures{goroutines: 50, heap: 10 << 20, store: 100 << 10}
		return &soakGate{name: "bolt", count: soakCount{signIns: 10, requests: 100}, begin: f, end: f}
	}
	if err := flat().judged(); err != nil {
		t.Errorf("what is flat is found wrong: %v", err)
	}
	for want, change := range map[string]func(*soakGate){
		"nobody came in":                    func(g *soakGate) { g.count.requests = 0 },
		"1 requests failed":                 func(g *soakGate) { g.count.failed = 1 },
		"1 sessions were lost":              func(g *soakGate) { g.count.lost = 1 },
		"1 links did not come":              func(g *soakGate) { g.count.undelivered = 1 },
		"goroutines grew from 50 to 70":     func(g *soakGate) { g.end.goroutines = 70 },
		"the heap grew from":                func(g *soakGate) { g.end.heap = 20 << 20 },
		"the store grew from 102400 to 200": func(g *soakGate) { g.end.store = 2_000_000 },
	} {
		g := flat()
		change(g)
		if err := g.judged(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("it says %v, want %q", err, want)
		}
	}
}

func TestASoakIsCalledWithADuration(t *testing.T) {
	for _, args := range [][]string{{"-for", "1s"}, {"-for", "1h", "more"}, {"1h"}} {
		if err := runSoak(args, new(strings.Builder)); err == nil || !strings.Contains(err.Error(), "-for 1h") {
			t.Errorf("%q ends with %v", args, err)
		}
	}
}

func TestGoroutinesOfMessagesThatWaitAreNotCounted(t *testing.T) {
	const profile = "goroutine profile: total 24\n20 @ 0x1 0x2\n#\t0x1\tgithub.com/doorpost-auth/doorpost/internal/mail.(*delivery).run+0x1\n\n" +
		"3 @ 0x3\n#\t0x3\tnet/http.(*conn).serve+0x1\n\n1 @ 0x4\n"
	if got := goroutinesOf(profile); got != 4 {
		t.Errorf("counted are %d, want 4", got)
	}
	if got := goroutinesOf("goroutine profile: total 1\n1 @ 0x3\n#\t0x3\tmain.main\n"); got != 1 {
		t.Errorf("counted are %d, want 1", got)
	}
}
