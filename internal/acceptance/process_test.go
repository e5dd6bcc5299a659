package acceptance

import (
	"cmp"
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// stopTime is how long the program may take to stop: it sends what it promised
// to send first.
const stopTime = 20 * time.Second

// home is the folders of one installation of the program: what it keeps between
// two starts.
type home struct {
	dir     string
	also    []string // variables of its environment beside the usual ones
	program string   // another build than the usual one
}

func newHome(t testing.TB) home {
	t.Helper()
	dependOnSources(t)
	h := home{dir: t.TempDir()}
	for _, folder := range []string{"home", "data", "config", "tmp"} {
		if err := os.Mkdir(filepath.Join(h.dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func (h home) path(name string) string { return filepath.Join(h.dir, name) }

func (h home) environment() []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + h.path("home"), "XDG_DATA_HOME=" + h.path("data"),
		"XDG_CONFIG_HOME=" + h.path("config"), "TMPDIR=" + h.path("tmp"), "GORACE=halt_on_error=0 exitcode=0 atexit_sleep_ms=0",
	}, h.also...)
}

// run is the program, to be run with arguments.
func (h home) run(arguments ...string) *exec.Cmd {
	cmd := exec.Command(cmp.Or(h.program, binary), arguments...)
	cmd.Dir, cmd.Env = h.dir, h.environment()
	return cmd
}

// files lists what lies below the installation, as paths in it.
func (h home) files(t testing.TB) (found []string) {
	t.Helper()
	err := filepath.WalkDir(h.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, _ := filepath.Rel(h.dir, path)
			found = append(found, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// process is the program as it runs.
type process struct {
	*testkit.Program
	t       testing.TB
	ended   bool       // on our behalf
	sockets []net.Conn // WebSockets through it
}

// launch starts the program. The test ends with it stopped in good order.
func launch(t testing.TB, h home, arguments ...string) *process {
	t.Helper()
	cmd := h.run(arguments...)
	started, err := testkit.Run(cmd)
	if err != nil {
		t.Fatal(err)
	}
	p := &process{Program: started, t: t}
	t.Cleanup(p.stop)
	return p
}

// runToEnd runs a command of the program and returns its exit code and output.
func runToEnd(t testing.TB, h home, arguments ...string) (code int, output string) {
	t.Helper()
	cmd := h.run(arguments...)
	combined, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	checkOutput(t, string(combined))
	return cmd.ProcessState.ExitCode(), string(combined)
}

// stop asks the program to stop and checks how it lived and ended. A process
// that was killed, or stopped before, is left alone.
func (p *process) stop() {
	p.t.Helper()
	if p.ended {
		return
	}
	p.ended = true
	if p.HasEnded() {
		p.t.Errorf("the program ended by itself: %v\n%s", p.Err, p.Output())
		return
	}
	p.closeSockets()
	if !p.Stop(stopTime) {
		p.t.Errorf("the program did not stop within %v\n%s", stopTime, p.Output())
		return
	}
	if p.Err != nil {
		p.t.Errorf("the program ended with %v\n%s", p.Err, p.Output())
	}
	checkOutput(p.t, p.Output())
}

// closeSockets ends the WebSockets and waits until that is in the access log.
// Caddy closes those that are open when it stops, and counts what it writes
// into them while their handlers return and read that count: a data race.
func (p *process) closeSockets() {
	p.t.Helper()
	for _, conn := range p.sockets {
		_ = conn.Close()
	}
	await(p.t, "the WebSockets to be over", func() bool {
		return p.HasEnded() || strings.Count(p.Stderr.String(), `"uri":"`+socketPath+`"`) >= len(p.sockets)
	})
}

// kill ends the program as a power cut would.
func (p *process) kill() {
	p.t.Helper()
	p.ended = true
	p.Kill()
	checkOutput(p.t, p.Output())
}

// withoutRaceOfCaddy leaves out reports of a race that is Caddy's own: with
// stream_close_delay a reload clears the list of connections of a proxy while the
// answer to a request looks at it. Of all others the output tells; the exit code does not.
func withoutRaceOfCaddy(output string) string {
	const line = "==================\n"
	var kept []string
	for _, part := range strings.Split(output, line) {
		if !strings.Contains(part, "DATA RACE") || !strings.Contains(part, "reverseproxy.(*Handler).cleanupConnections()") {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, line)
}

// checkOutput looks for what no output may have in it.
func checkOutput(t testing.TB, output string) {
	t.Helper()
	output = withoutRaceOfCaddy(output)
	for _, bad := range []string{"DATA RACE", "panic", "fatal error:", "goroutine 1 ["} {
		if strings.Contains(output, bad) {
			t.Errorf("the program said %q:\n%s", bad, output)
		}
	}
}
