package structure

import (
	"go/version"
	"strconv"
	"strings"
	"testing"
)

// leastVersions are those below which there are known holes.
var leastVersions = map[string]string{
	caddy:                              "v2.11.9", // GHSA-j8px, CVE-2026-52845, CVE-2026-30851
	"github.com/redis/go-redis/v9":     "v9.7.3",
	"github.com/wneessen/go-mail":      "v0.7.1",
	"go.etcd.io/bbolt":                 "v1.3.7",
	"github.com/gorilla/securecookie":  "v1.1.2",
	"github.com/mailgun/mailgun-go/v4": "v4.0.0",
}

// leastGo has CVE-2026-39821 mended.
const leastGo = "go1.26.6"

func TestNothingIsOlderThanItsKnownHoles(t *testing.T) {
	for path, least := range leastVersions {
		used := run(t, "go", "list", "-m", "-f", "{{.Version}}", path)
		if isOlder(t, used, least) {
			t.Errorf("%s is %s, needed is %s or newer", path, used, least)
		}
	}
	if used := run(t, "go", "env", "GOVERSION"); version.Compare(used, leastGo) < 0 {
		t.Errorf("this is %s, needed is %s or newer", used, leastGo)
	}
}

func TestVersionsAreComparedByNumber(t *testing.T) {
	for _, c := range []struct {
		one, other string
		older      bool
	}{{"v2.9.0", "v2.11.0", true}, {"v2.11.0", "v2.9.0", false}, {"v1.1.2", "v1.1.2", false}, {"v0.9.9", "v1.0.0", true}} {
		if isOlder(t, c.one, c.other) != c.older {
			t.Errorf("%s is older than %s: want %v", c.one, c.other, c.older)
		}
	}
}

// isOlder compares two released versions.
func isOlder(t *testing.T, one, other string) bool {
	t.Helper()
	a, b := numbers(t, one), numbers(t, other)
	for i := range a {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return false
}

func numbers(t *testing.T, of string) (n [3]int) {
	t.Helper()
	parts := strings.SplitN(strings.TrimPrefix(of, "v"), ".", 3)
	for i, part := range parts {
		number, _, _ := strings.Cut(part, "-")
		value, err := strconv.Atoi(number)
		if err != nil || len(parts) != 3 {
			t.Fatalf("%q is no version", of)
		}
		n[i] = value
	}
	return n
}
