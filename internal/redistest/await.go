package redistest

import (
	"fmt"
	"testing"
	"time"
)

// pollInterval is how often a condition is looked at.
const pollInterval = 10 * time.Millisecond

// Await waits until a condition holds and fails the test if it does not in
// time. It returns how long that took.
func Await(t testing.TB, within time.Duration, what string, holds func() bool) time.Duration {
	t.Helper()
	took, err := await(within, what, holds)
	if err != nil {
		t.Fatal(err)
	}
	return took
}

func await(within time.Duration, what string, holds func() bool) (time.Duration, error) {
	start := time.Now()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for !holds() {
		if time.Since(start) > within {
			return within, fmt.Errorf("after %v still not: %s", within, what)
		}
		<-ticker.C
	}
	return time.Since(start), nil
}
