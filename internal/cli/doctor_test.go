package cli

import (
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

// filed is a server with a file whose configuration is its own, or can be loaded.
type filed struct {
	*fakeCaddy
	config string
	found  []adminapi.Finding
}

func (f filed) Load(string, string) ([]byte, string, error) {
	return []byte(f.config), "/etc/caddy/Caddyfile", nil
}

func (f filed) Try([]byte) ([]adminapi.Finding, error) { return f.found, nil }

func (f filed) run(arguments ...string) string { return runWith(f, f.fakeCaddy, arguments...) }

// The same Caddyfile may be named otherwise, or have a comment more than when it was loaded.
func TestDoctorDoesNotCompareWhereDirectivesStand(t *testing.T) {
	config := func(at, allow string) string {
		return `{"apps": {"doorpost": {"caddyfile": {"directive": "` + at + `:2"}}, "http": {"routes": [{"handle": [{"allow": ["` + allow + `"], "caddyfile": {"directive": "` + at + `:9"}}]}]}}}`
	}
	for file, same := range map[string]bool{config("/etc/caddy/Caddyfile", "*"): true, config("Caddyfile", "*"): true, config("Caddyfile", "a@example.com"): false} {
		f := filed{&fakeCaddy{answers: map[string]string{"GET /config/": config("Caddyfile", "*")}}, file, nil}
		if out := f.run("doctor"); strings.Contains(out, "is what the server runs") != same {
			t.Errorf("of %s it says %s", file, out)
		}
	}
}

func TestDoctorSaysToWhichLineAWarningBelongs(t *testing.T) {
	warning := adminapi.NewFinding("site https://app.example.com", adminapi.Warning, "doorpost /x/* does not include /x", "write more")
	warning.Where = "Caddyfile:9"
	f := filed{&fakeCaddy{}, `{}`, []adminapi.Finding{warning}}
	if out := f.run("doctor"); !strings.Contains(out, "Caddyfile:9: doorpost /x/* does not include /x\n") {
		t.Errorf("it says %s", out)
	}
}
