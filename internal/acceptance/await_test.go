package acceptance

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// patience is how long to wait for what should come at once: the race detector
// and a busy machine make everything slow.
const patience = 30 * time.Second

// await waits until a condition holds, and fails the test if it does not.
func await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	testkit.Await(t, patience, what, holds)
}

// replaceInFile changes the one place in a file that has the words.
func replaceInFile(t testing.TB, path, old, new string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(content), old) != 1 {
		t.Fatalf("%s has %q %d times", path, old, strings.Count(string(content), old))
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(content), old, new, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}
