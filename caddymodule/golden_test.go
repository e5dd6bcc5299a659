package caddymodule

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	_ "github.com/caddyserver/caddy/v2/modules/standard"
	"github.com/doorpost-auth/doorpost/internal/testkit"
)

var update = flag.Bool("update", false, "write what the golden files should hold")

// separator stands between a Caddyfile and what becomes of it.
const separator = "----------\n"

// adapt turns a Caddyfile into the JSON that Caddy loads.
func adapt(source string) ([]byte, error) {
	config, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(source), map[string]any{"filename": "Caddyfile"})
	return config, err
}

// validate adapts a Caddyfile and provisions it without starting it, as the
// command validate does.
func validate(source string) error {
	adapted, err := adapt(source)
	if err != nil {
		return err
	}
	return validateJSON(adapted)
}

// validateJSON provisions a configuration without starting it.
func validateJSON(adapted []byte) error {
	var config *caddy.Config
	if err := json.Unmarshal(adapted, &config); err != nil {
		return err
	}
	return caddy.Validate(config)
}

// forEachGolden calls produce with the Caddyfile of each golden file and
// compares what it returns to what the file holds.
func forEachGolden(t *testing.T, folder string, produce func(t *testing.T, source string) string) {
	files, err := filepath.Glob(filepath.Join("testdata", folder, "*.caddyfiletest"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files in %s: %v", folder, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".caddyfiletest"), func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			source, want, found := strings.Cut(string(content), separator)
			if !found && !*update {
				t.Fatalf("%s has no line %s", file, separator)
			}
			got := strings.TrimRight(produce(t, source), "\n") + "\n"
			if *update {
				if err := os.WriteFile(file, []byte(source+separator+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestACaddyfileBecomesTheJSONInTheGoldenFileAndIsValid(t *testing.T) {
	isolate(t)
	setTestSecrets(t)
	forEachGolden(t, "adapt", func(t *testing.T, source string) string {
		adapted, err := adapt(source)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(source); err != nil {
			t.Errorf("it is not valid: %v", err)
		}
		var pretty bytes.Buffer
		if err := json.Indent(&pretty, adapted, "", "\t"); err != nil {
			t.Fatal(err)
		}
		return pretty.String()
	})
}

func TestAMistakeInACaddyfileIsTheErrorInTheGoldenFile(t *testing.T) {
	isolate(t)
	setTestSecrets(t)
	forEachGolden(t, "errors", func(t *testing.T, source string) string {
		err := validate(source)
		if err == nil {
			t.Fatal("it was accepted")
		}
		return ours(err)
	})
}

// ours is the part of an error that Doorpost wrote. Before it Caddy names every
// module on the way, in an order that is not the same each time.
func ours(err error) string {
	message := err.Error()
	for _, step := range []string{"provision http.handlers.doorpost: ", "provision http.handlers.doorpost_portal: ", "provision http.handlers.doorpost_edge: ", "provision doorpost: "} {
		if i := strings.LastIndex(message, step); i >= 0 {
			message = message[i+len(step):]
		}
	}
	return message
}

// setTestSecrets sets what the Caddyfiles of tests name.
func setTestSecrets(t *testing.T) {
	t.Setenv("DOORPOST_SECRET", strings.Repeat("0123456789abcdef", 4))
	t.Setenv("DOORPOST_OLD_SECRET", strings.Repeat("fedcba9876543210", 4))
	t.Setenv("MAILGUN_API_KEY", "key-test")
	t.Setenv("SMTP_PASSWORD", "password-test")
	t.Setenv("OAUTH_CLIENT_SECRET", "secret-test")
	t.Setenv("OAUTH_REFRESH_TOKEN", "token-test")
	t.Setenv("DOORPOST_CA_FILE", certificateFile(t))
	t.Setenv("REDIS_PASSWORD", "password-test")
	t.Setenv("DOORPOST_TEMPLATES", t.TempDir())
}

// certificateFile is a PEM file with a certificate.
func certificateFile(t *testing.T) string {
	t.Helper()
	certificate, err := testkit.NewCertificate()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, certificate.PEM, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// isolate gives a test folders of its own for what Caddy keeps, and no word of
// the logs of the configurations that it loads.
func isolate(t testing.TB) (folder string) {
	t.Helper()
	folder = t.TempDir()
	t.Setenv("XDG_DATA_HOME", folder)
	t.Setenv("XDG_CONFIG_HOME", folder)
	t.Setenv("HOME", folder)
	return folder
}
