package testkit

import (
	"testing"
	"time"
)

// pollInterval is how often a condition is looked at.
const pollInterval = 10 * time.Millisecond

// Await waits until a condition holds and fails the test if it does not in
// time. It returns how long that took.
func Await(t testing.TB, within time.Duration, what string, holds func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	if !HoldsWithin(within, holds) {
		t.Fatalf("after %v still not: %s", within, what)
	}
	return time.Since(began)
}

// HoldsWithin waits until a condition holds and reports whether it did in time.
func HoldsWithin(within time.Duration, holds func() bool) bool {
	deadline := time.After(within)
	again := time.NewTicker(pollInterval)
	defer again.Stop()
	for !holds() {
		select {
		case <-deadline:
			return holds()
		case <-again.C:
		}
	}
	return true
}
