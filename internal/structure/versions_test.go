package structure

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
)

const caddy = "github.com/caddyserver/caddy/v2"

// run runs a command and returns what it prints.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	command := exec.Command(name, args...)
	command.Stderr = os.Stderr
	printed, err := command.Output()
	if err != nil {
		t.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(printed))
}

// A build with xcaddy takes the higher of two versions. One of ours that is
// higher than Caddy's would change Caddy itself under its users.
func TestLibrariesThatCaddyNeedsHaveCaddysVersions(t *testing.T) {
	file := run(t, "go", "list", "-m", "-f", "{{.GoMod}}", caddy)
	var caddyMod struct {
		Require []struct{ Path, Version string }
	}
	if err := json.Unmarshal([]byte(run(t, "go", "mod", "edit", "-json", file)), &caddyMod); err != nil {
		t.Fatal(err)
	}
	if len(caddyMod.Require) < 50 {
		t.Fatalf("Caddy requires %d modules only", len(caddyMod.Require))
	}
	list := []string{"list", "-m", "-f", "{{.Path}} {{.Version}}"}
	for _, required := range caddyMod.Require {
		list = append(list, required.Path)
	}
	selected := make(map[string]string)
	for line := range strings.Lines(run(t, "go", list...)) {
		path, version, _ := strings.Cut(strings.TrimSpace(line), " ")
		selected[path] = version
	}
	for _, required := range caddyMod.Require {
		if selected[required.Path] != required.Version {
			t.Errorf("%s is %s here and %s in Caddy", required.Path, selected[required.Path], required.Version)
		}
	}
}

func TestTheBuildForXcaddyHasTheVersionOfCaddyThatWeTest(t *testing.T) {
	content, err := os.ReadFile("../../xcaddy.json")
	if err != nil {
		t.Fatal(err)
	}
	var build struct {
		CaddyVersion string `json:"caddy_version"`
		Plugins      []struct {
			ModulePath string `json:"module_path"`
			Version    string `json:"version"`
		} `json:"plugins"`
		Replacements []struct {
			Old string `json:"old"`
			New string `json:"new"`
		} `json:"replacements"`
		BuildFlags string `json:"build_flags"`
	}
	decoder := json.NewDecoder(strings.NewReader(string(content)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&build); err != nil {
		t.Fatal(err)
	}
	if want := run(t, "go", "list", "-m", "-f", "{{.Version}}", caddy); build.CaddyVersion != want {
		t.Errorf("caddy_version is %s, go.mod has %s", build.CaddyVersion, want)
	}
	if len(build.Plugins) != 1 || run(t, "go", "list", build.Plugins[0].ModulePath) != module+"/caddymodule" {
		t.Errorf("the plugins are %+v, want our caddymodule", build.Plugins)
	}
	if len(build.Replacements) != 1 || build.Replacements[0].Old != run(t, "go", "list", "-m") || build.Replacements[0].New != "." {
		t.Errorf("the replacements are %+v, want this checkout in place of our module", build.Replacements)
	}
}
