package redisstore

import (
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/limit"
)

// Instances differ while a configuration is rolled out, or for good where somebody
// made a mistake. Whoever asks both in turn gets no more than each allows.
func TestAnotherWindowForgetsNothing(t *testing.T) {
	store := open(t, single.options(t))
	client := limit.Use{Name: "198.51.100.7", Rule: limit.Rule{Max: 5, Window: time.Hour}}
	let := 0
	for i := range 20 {
		client.Rule.Window = []time.Duration{time.Hour, 24 * time.Hour}[i%2]
		asking := newVisit(t).asking()
		asking.Client = client
		asked, err := store.Ask(t.Context(), asking)
		if err != nil {
			t.Fatal(err)
		}
		if asked.Wait == 0 {
			let++
		}
	}
	if let != client.Rule.Max {
		t.Errorf("%d of 20 were let through, want %d", let, client.Rule.Max)
	}
}

// A window that is shorter than before begins to count anew when it is over.
func TestAShorterWindowIsOverSooner(t *testing.T) {
	store := open(t, single.options(t))
	ask := func(window, later time.Duration) (wait time.Duration) {
		t.Helper()
		v := newVisit(t)
		v.now = v.now.Add(later)
		asking := v.asking()
		asking.Client = limit.Use{Name: "198.51.100.8", Rule: limit.Rule{Max: 1, Window: window}}
		asked, err := store.Ask(t.Context(), asking)
		if err != nil {
			t.Fatal(err)
		}
		return asked.Wait
	}
	if wait := ask(time.Hour, 0); wait != 0 {
		t.Fatalf("the first one waits for %v", wait)
	}
	if wait := ask(time.Minute, 0); wait <= 0 {
		t.Fatal("the second one does not wait")
	}
	if wait := ask(time.Minute, 10*time.Minute); wait != 0 {
		t.Fatalf("one that comes later waits for %v", wait)
	}
}
