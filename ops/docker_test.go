package ops

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// stages are those of a Dockerfile, which Docker's own linter has nothing to say to.
func stages(t *testing.T, path string) (list []instructions.Stage, arguments []instructions.ArgCommand) {
	t.Helper()
	parsed, err := parser.Parse(strings.NewReader(read(t, path)))
	if err != nil {
		t.Fatal(err)
	}
	for _, warning := range parsed.Warnings {
		t.Errorf("%s: %s", path, warning.Short)
	}
	lint := linter.New(&linter.Config{Warn: func(rule, _, _, message string, _ []parser.Range) {
		t.Errorf("%s: %s: %s", path, rule, message)
	}})
	list, arguments, err = instructions.Parse(parsed.AST, lint)
	if err != nil {
		t.Fatal(err)
	}
	return list, arguments
}

// last is the last instruction of a kind in a stage: the one that counts.
func last[Command any](t *testing.T, stage instructions.Stage) Command {
	t.Helper()
	for _, command := range slices.Backward(stage.Commands) {
		if found, ok := command.(Command); ok {
			return found
		}
	}
	t.Fatalf("the image from %s has no %T", stage.BaseName, *new(Command))
	panic("not reached")
}

// of is a value of the product's go.mod.
func of(t *testing.T, what string) string {
	t.Helper()
	command := exec.Command("go", "mod", "edit", "-json")
	command.Dir = ".."
	printed, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Go      string
		Require []struct{ Path, Version string }
	}
	if err := json.Unmarshal(printed, &file); err != nil {
		t.Fatal(err)
	}
	if what == "go" {
		return file.Go
	}
	for _, required := range file.Require {
		if required.Path == what {
			return strings.TrimPrefix(required.Version, "v")
		}
	}
	t.Fatalf("go.mod has no %s", what)
	return ""
}

func TestTheOfficialImageIsThatOfTheCaddyThatWeTest(t *testing.T) {
	list, arguments := stages(t, "docker/Dockerfile")
	if caddy := arguments[0].Args[0]; caddy.Key != "CADDY" || caddy.ValueString() != of(t, "github.com/caddyserver/caddy/v2") {
		t.Errorf("it is Caddy %s, go.mod has %s", caddy.ValueString(), of(t, "github.com/caddyserver/caddy/v2"))
	}
	if len(list) != 2 || list[0].BaseName != "caddy:${CADDY}-builder" || list[1].BaseName != "caddy:${CADDY}" {
		t.Fatalf("it is not built by one official image into another: %+v", list)
	}
	build := strings.Join(last[*instructions.RunCommand](t, list[0]).CmdLine, " ")
	for _, want := range []string{"xcaddy build v${CADDY}", "--with github.com/doorpost-auth/doorpost/caddymodule", "--replace github.com/doorpost-auth/doorpost=/src"} {
		if !strings.Contains(build, want) {
			t.Errorf("%q is not in %q", want, build)
		}
	}
	if copied := last[*instructions.CopyCommand](t, list[1]); copied.From != "build" || copied.DestPath != "/usr/bin/caddy" {
		t.Errorf("it copies %+v", copied)
	}
}

func TestTheImageFromScratchRunsAsAUserWithoutRights(t *testing.T) {
	list, _ := stages(t, "docker/Dockerfile.scratch")
	if len(list) != 2 || list[1].BaseName != "scratch" {
		t.Fatalf("it is not one stage into an empty one: %+v", list)
	}
	if compiler := "golang:" + of(t, "go"); !strings.HasPrefix(compiler, strings.TrimSuffix(list[0].BaseName, "-alpine")) {
		t.Errorf("it is compiled by %s, go.mod wants %s", list[0].BaseName, compiler)
	}
	if user := last[*instructions.UserCommand](t, list[1]).User; user != "65532:65532" { // by number: there is no list of users
		t.Errorf("it runs as %s", user)
	}
	if compile := strings.Join(list[0].Commands[2].(*instructions.RunCommand).CmdLine, " "); !strings.HasPrefix(compile, "CGO_ENABLED=0 go build ") {
		t.Errorf("there is no C library, and it is compiled with %q", compile)
	}
}

// Each command of an image is one that the program takes.
func TestTheProgramTakesTheCommandsOfTheImages(t *testing.T) {
	for _, path := range []string{"docker/Dockerfile", "docker/Dockerfile.scratch"} {
		list, _ := stages(t, path)
		check := last[*instructions.HealthCheckCommand](t, list[1]).Health.Test
		words := slices.DeleteFunc(slices.Clone(check[2:]), func(word string) bool { return word == "doorpost" }) // caddy doorpost health
		if check[0] != "CMD" || words[0] != "health" {
			t.Fatalf("%s checks health with %q", path, check)
		}
		printed, _ := exec.Command(binary, words...).CombinedOutput()
		if strings.Contains(string(printed), "unknown") || !strings.Contains(string(printed), "localhost:2019") {
			t.Errorf("%s: %q says %s", path, check, printed)
		}
	}
	list, _ := stages(t, "docker/Dockerfile.scratch")
	if start := last[*instructions.CmdCommand](t, list[1]).CmdLine; !slices.Equal(start, []string{"run", "--config", "/etc/caddy/Caddyfile"}) {
		t.Errorf("it starts with %q", start)
	}
}
