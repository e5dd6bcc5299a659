package release

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goreleaser/goreleaser/v2/pkg/config"
)

const root = "../.."

// project is how releases are made. What Goreleaser does not know is an error.
func project(t *testing.T) config.Project {
	t.Helper()
	loaded, err := config.Load(filepath.Join("..", ".goreleaser.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

func TestAReleaseIsForEachSystemWithAListOfWhatIsInIt(t *testing.T) {
	p := project(t)
	if build := p.Builds[0]; !slices.Equal(build.Goos, []string{"linux", "darwin", "windows", "freebsd"}) || !slices.Equal(build.Goarch, []string{"amd64", "arm64"}) {
		t.Errorf("it is for %q on %q", build.Goos, build.Goarch)
	}
	if p.Checksum.Algorithm != "sha256" || p.SBOMs[0].Artifacts != "binary" {
		t.Errorf("the checksums are %+v, the lists %+v", p.Checksum, p.SBOMs)
	}
	lists := p.SBOMs[0]
	tool := lists.Args[slices.Index(lists.Args, "run")+1]
	known := exec.Command("go", "list", "-f", "{{.Name}}", tool)
	known.Dir = filepath.Join(root, "docs", lists.Args[1]) // a folder beside dist
	if printed, err := known.Output(); err != nil || string(printed) != "main\n" {
		t.Errorf("%s is not a command of %s: %v %s", tool, lists.Args[1], err, printed)
	}
	for _, file := range p.Archives[0].Files {
		if found, err := filepath.Glob(filepath.Join(root, file.Source)); err != nil || len(found) == 0 {
			t.Errorf("%s is not there: %v", file.Source, err)
		}
	}
}

func TestReleasesAreBuiltAsXcaddyBuilds(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(root, "xcaddy.json"))
	if err != nil {
		t.Fatal(err)
	}
	var xcaddy struct {
		BuildFlags string `json:"build_flags"`
	}
	if err := json.Unmarshal(content, &xcaddy); err != nil {
		t.Fatal(err)
	}
	build := project(t).Builds[0]
	flags := strings.Join(build.Flags, " ") + " -ldflags '" + strings.Join(build.Ldflags, " ") + "' -tags " + strings.Join(build.Tags, ",")
	if flags != xcaddy.BuildFlags {
		t.Errorf("releases are built with %s, xcaddy.json has %s", flags, xcaddy.BuildFlags)
	}
}

// Those of Linux and macOS are what people build every day.
func TestTheOtherSystemsOfAReleaseCompile(t *testing.T) {
	build := project(t).Builds[0]
	for _, system := range []string{"windows", "freebsd"} {
		compile := exec.Command("go", "build", "-trimpath", "-ldflags="+build.Ldflags[0], "-tags="+strings.Join(build.Tags, ","), "-o", os.DevNull, build.Main)
		compile.Dir = root
		compile.Env = append(os.Environ(), append(build.Env, "GOOS="+system)...)
		if printed, err := compile.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", system, err, printed)
		}
	}
}
