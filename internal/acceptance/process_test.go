package acceptance

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// stopTime is how long the program may take to stop: it sends what it promised
// to send first.
const stopTime = 20 * time.Second

// home is the folders of one installation of the program: what it keeps between
// two starts.
type home struct {
	dir  string
	also []string // variables of its environment beside the usual ones
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
		"XDG_CONFIG_HOME=" + h.path("config"), "TMPDIR=" + h.path("tmp"), "GORACE=halt_on_error=0",
	}, h.also...)
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
	t              testing.TB
	cmd            *exec.Cmd
	stdout, stderr *transcript
	exited         chan struct{}
	err            error      // valid once exited is closed
	ended          bool       // on our behalf
	sockets        []net.Conn // WebSockets through it
}

// launch starts the program. The test ends with it stopped in good order.
func launch(t testing.TB, h home, arguments ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(binary, arguments...), stdout: new(transcript), stderr: new(transcript), exited: make(chan struct{})}
	p.cmd.Dir, p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = h.dir, h.environment(), p.stdout, p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	t.Cleanup(p.stop)
	return p
}

// runToEnd runs a command of the program and returns its exit code and output.
func runToEnd(t testing.TB, h home, arguments ...string) (code int, output string) {
	t.Helper()
	cmd := exec.Command(binary, arguments...)
	cmd.Dir, cmd.Env = h.dir, h.environment()
	combined, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	checkOutput(t, string(combined))
	return cmd.ProcessState.ExitCode(), string(combined)
}

// hasExited tells whether the program ended.
func (p *process) hasExited() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// stop asks the program to stop and checks how it lived and ended. A process
// that was killed, or stopped before, is left alone.
func (p *process) stop() {
	p.t.Helper()
	if p.ended {
		return
	}
	p.ended = true
	if p.hasExited() {
		p.t.Errorf("the program ended by itself: %v\n%s", p.err, p.output())
		return
	}
	p.closeSockets()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Errorf("asking the program to stop: %v", err)
	}
	select {
	case <-p.exited:
	case <-time.After(stopTime):
		_ = p.cmd.Process.Kill()
		<-p.exited
		p.t.Errorf("the program did not stop within %v\n%s", stopTime, p.output())
		return
	}
	if p.err != nil {
		p.t.Errorf("the program ended with %v\n%s", p.err, p.output())
	}
	checkOutput(p.t, p.output())
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
		return p.hasExited() || strings.Count(p.stderr.String(), `"uri":"`+socketPath+`"`) >= len(p.sockets)
	})
}

// kill ends the program as a power cut would.
func (p *process) kill() {
	p.t.Helper()
	p.ended = true
	if err := p.cmd.Process.Kill(); err != nil {
		p.t.Fatal(err)
	}
	<-p.exited
	checkOutput(p.t, p.output())
}

func (p *process) output() string { return p.stdout.String() + p.stderr.String() }

// checkOutput looks for what no output may have in it.
func checkOutput(t testing.TB, output string) {
	t.Helper()
	for _, bad := range []string{"DATA RACE", "panic", "fatal error:", "goroutine 1 ["} {
		if strings.Contains(output, bad) {
			t.Errorf("the program said %q:\n%s", bad, output)
		}
	}
}

// transcript is what the program wrote so far. It is safe for concurrent use.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *transcript) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *transcript) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// ports are those that were given out, so that none is given out twice.
var ports sync.Map

// freePort finds a port of this machine that nothing listens on.
func freePort(t testing.TB) string {
	t.Helper()
	for {
		// Not one that the system gives to whoever connects to something, see
		// ip_local_port_range: it may be gone before it is used.
		port := strconv.Itoa(10_000 + rand.IntN(20_000))
		if _, given := ports.LoadOrStore(port, true); given {
			continue
		}
		if listener, err := net.Listen("tcp", ":"+port); err == nil {
			_ = listener.Close()
			return port
		}
	}
}
