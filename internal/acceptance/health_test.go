package acceptance

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/redistest"
)

// The store may take longer than anybody waits who asks whether the server runs.
func TestAServerWhoseStoreIsSilentRunsAndIsNotReady(t *testing.T) {
	t.Parallel()
	between := redistest.Between(t, redistest.Single(t))
	g := start(t, setup{store: "redis " + between.URL() + " {\ntimeout 10s\n}", global: "secret " + newSecret(), silent: true})
	between.Do(t, redistest.BlackHole)
	t.Cleanup(between.Heal)
	for flag, want := range map[string]int{"--json": 0, "--ready": 1} {
		begun := time.Now()
		code, out, said := g.command("health", "--json", flag, "--timeout", "8s", "--address", g.admin)
		var health struct{ Status string }
		if err := json.Unmarshal([]byte(out), &health); err != nil || health.Status != "unavailable" || code != want || (code == 1) != strings.Contains(said, "the store is down: ") {
			t.Errorf("health %s prints %s%s, %v, and ends with %d", flag, out, said, err, code)
		}
		if took := time.Since(begun); took > 8*time.Second {
			t.Errorf("health %s takes %s", flag, took)
		}
	}
}
