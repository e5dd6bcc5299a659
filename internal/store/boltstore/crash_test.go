package boltstore

import (
	"math/rand/v2"
	"testing"
)

func TestWhatWasAcknowledgedOutlivesAKilledProcess(t *testing.T) {
	const kills, lives = 50, 2
	path := newPath(t)
	var facts []fact
	starts := []int{}
	for range kills {
		starts = append(starts, len(facts))
		facts = append(facts, liveAndDie(t, path, 1+rand.IntN(100))...)

		store := mustOpen(t, path)
		recent := starts[max(len(starts)-lives, 0)]
		checkFacts(t, store, facts[recent:])
		for range min(100, recent) {
			checkFacts(t, store, []fact{facts[rand.IntN(recent)]})
		}
		must(t, store.Close())
	}
	store := mustOpen(t, path)
	defer store.Close()
	checkFacts(t, store, facts)
	words := make(map[string]int)
	for _, f := range facts {
		words[f.word]++
	}
	if len(words) != 4 || len(facts) < kills*10 {
		t.Errorf("the test was too tame: %v", words)
	}
	t.Logf("%d kills, facts: %v", kills, words)
}

// liveAndDie kills a process under load after some lines, and returns what it
// told until then.
func liveAndDie(t *testing.T, path string, lines int) (facts []fact) {
	t.Helper()
	p := startPart(t, "load", path)
	for range lines {
		facts = append(facts, parseFact(t, p.line(t)))
	}
	must(t, p.Process.Kill())
	for p.lines.Scan() { // what was told before it died counts too
		facts = append(facts, parseFact(t, p.lines.Text()))
	}
	if err := p.Wait(); err == nil {
		t.Fatal("the process ended by itself")
	}
	return facts
}
