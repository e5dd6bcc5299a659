package acceptance

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/redistest"
)

// Back from a program that writes another format: it is refused in words, and the newer
// program has lost nothing by the attempt.
func TestAnUpgradeToAnotherFormatKeepsSessionsAndTheWayBackIsRefused(t *testing.T) {
	t.Parallel()
	next := filepath.Join(t.TempDir(), "doorpost")
	if err := build(next, "-race", "-ldflags", "-X github.com/doorpost-auth/doorpost/internal/store/steps.format=2"); err != nil {
		t.Fatal(err)
	}
	server := redistest.Single(t)
	for name, store := range map[string]string{"bolt": "", "redis": patientRedis(server.URL())} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := start(t, setup{store: store, global: "secret " + newSecret()})
			ada := g.signedIn("ada@example.com")
			g.gate.stop()

			g.home.program = next
			g.run()
			ada.isIn("ada@example.com")
			bob := g.signedIn("bob@example.com")
			g.gate.stop()

			g.home.program = ""
			code, said := runToEnd(t, g.home, "run", "--config", g.caddyfile())
			if code == 0 || !strings.Contains(said, "the store has format 2, this program reads up to 1; start the version that wrote it or a newer one, or go back to a backup") {
				t.Errorf("the program before ends with %d: %s", code, said)
			}
			g.home.program = next
			g.run()
			ada.isIn("ada@example.com")
			bob.isIn("bob@example.com")
		})
	}
}
