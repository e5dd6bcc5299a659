package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// stand is what all measurements work with.
type stand struct {
	ctx        context.Context
	folder     string // for everything that is written; gone at the end
	bare, gate string // the programs that are compared
	rounds     int
	duration   time.Duration // of one load
	quick      bool
	secret     []byte
	ring       keys.Ring
	many       crowd    // see manyPeople
	stops      []func() // of what a measurement started
}

// newStand makes a stand without programs.
func newStand(ctx context.Context) (*stand, error) {
	folder, err := os.MkdirTemp("", "doorpost-bench-")
	if err != nil {
		return nil, fmt.Errorf("making a folder: %w", err)
	}
	s := &stand{ctx: ctx, folder: folder, bare: filepath.Join(folder, "caddy"), gate: filepath.Join(folder, "doorpost"), secret: keys.Generate()}
	if s.ring, err = keys.NewRing(s.secret); err != nil {
		return nil, err
	}
	return s, nil
}

// buildBoth builds both programs in the same way: Caddy as its makers build it,
// in the version and with the libraries of the product, and the same with
// Doorpost.
func (s *stand) buildBoth() error {
	for path, source := range map[string]string{s.bare: "github.com/caddyserver/caddy/v2/cmd/caddy", s.gate: "./cmd/doorpost"} {
		if err := s.build(path, source, []string{"CGO_ENABLED=0"}, "-trimpath"); err != nil {
			return err
		}
	}
	return nil
}

func (s *stand) build(path, source string, environment []string, flags ...string) error {
	build := exec.CommandContext(s.ctx, "go", slices.Concat([]string{"build", "-o", path}, flags, []string{source})...)
	build.Dir, build.Env, build.Stderr = "..", append(os.Environ(), environment...), os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("building %s: %w", source, err)
	}
	return nil
}

func (s *stand) close() { _ = os.RemoveAll(s.folder) }

// stopAll ends what was started since the last time, the last of it first.
func (s *stand) stopAll() {
	for _, stop := range slices.Backward(s.stops) {
		stop()
	}
	s.stops = nil
}

// startRedis starts a server that ends with the measurement.
func (s *stand) startRedis() (*redistest.Server, error) {
	server, err := redistest.Start()
	if err == nil {
		s.stops = append(s.stops, server.Kill)
	}
	return server, err
}

// size is how many of something to make: a tenth of it in a quick run.
func (s *stand) size(n int) int {
	if s.quick {
		return n / 10
	}
	return n
}

func (s *stand) path(name string) string { return filepath.Join(s.folder, name) }

// half are the cores of the machine that the gateways have (the first half) or
// load and app have (the second), as taskset names them. Two that take cores
// from one another would measure that.
func half(second bool) string {
	n := runtime.NumCPU()
	switch {
	case n < 2:
		return "0"
	case second:
		return fmt.Sprintf("%d-%d", n/2, n-1)
	}
	return fmt.Sprintf("0-%d", n/2-1)
}

// onCores makes a command that runs on some cores, and knows nothing of whoever
// runs this.
func (s *stand) onCores(cores, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(s.ctx, "taskset", append([]string{"-c", cores, name}, args...)...)
	cmd.Dir, cmd.Env = s.folder, []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.folder, "XDG_DATA_HOME=" + s.path("data"), "XDG_CONFIG_HOME=" + s.path("config"),
		"TMPDIR=" + s.folder, "DOORPOST_SECRET=" + hex.EncodeToString(s.secret),
	}
	return cmd
}

// part makes a command that plays a part of this program on the cores of the load.
func (s *stand) part(name string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("looking for our own program: %w", err)
	}
	cmd := s.onCores(half(true), self)
	cmd.Env = append(cmd.Env, partVariable+"="+name)
	return cmd, nil
}

// startApp starts an app that answers 1 KiB, which ends with the measurement.
func (s *stand) startApp() (address string, err error) {
	cmd, err := s.part("app")
	if err != nil {
		return "", err
	}
	app, err := testkit.Run(cmd)
	if err != nil {
		return "", err
	}
	s.stops = append(s.stops, app.Kill)
	if !testkit.HoldsWithin(startTime, func() bool { return app.HasEnded() || strings.HasSuffix(app.Stdout.String(), "\n") }) || app.HasEnded() {
		return "", errors.New("the app did not start: " + app.Output())
	}
	return strings.TrimSpace(app.Stdout.String()), nil
}

// facts say where and of what the results are.
func (s *stand) facts() [][2]string {
	said := func(name string, args ...string) string {
		cmd := exec.CommandContext(s.ctx, name, args...)
		cmd.Dir = ".."
		printed, err := cmd.Output()
		if err != nil {
			return "unknown"
		}
		return strings.TrimSpace(string(printed))
	}
	commit := said("git", "rev-parse", "--short=12", "HEAD")
	if said("git", "status", "--porcelain", "--untracked-files=no") != "" {
		commit += ", with changes that are not committed"
	}
	_, redis, _ := strings.Cut(said("redis-server", "--version"), "v=")
	redis, _, _ = strings.Cut(redis, " ")
	return [][2]string{
		{"date", time.Now().UTC().Format("2006-01-02 15:04 UTC")},
		{"commit", commit},
		{"processor", fmt.Sprintf("%s, %d cores", firstValue("/proc/cpuinfo", "model name"), runtime.NumCPU())},
		{"memory", firstValue("/proc/meminfo", "MemTotal")},
		{"system", said("uname", "-srm") + ", stores on " + said("stat", "-f", "-c", "%T", s.folder)},
		{"versions", runtime.Version() + ", Caddy " + said("go", "list", "-m", "-f", "{{.Version}}", "github.com/caddyserver/caddy/v2") +
			", Redis " + redis + ", bbolt " + said("go", "list", "-m", "-f", "{{.Version}}", "go.etcd.io/bbolt")},
		{"settings", fmt.Sprintf("%d rounds of %v each, %d connections; the gateways on cores %s, load and app on cores %s",
			s.rounds, s.duration, connections, half(false), half(true))},
	}
}

// firstValue is what the first line of a file in /proc that begins with a name
// says, such as "12 kB"; empty if there is none.
func firstValue(path, name string) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if key, value, found := strings.Cut(lines.Text(), ":"); found && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
