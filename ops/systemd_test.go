package ops

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

const unitFile = "systemd/doorpost.service"

// unit are the settings of a service. One may be given several times.
type unit map[string][]string

func readUnit(t *testing.T) unit {
	t.Helper()
	u := make(unit)
	for line := range strings.Lines(read(t, unitFile)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(line, "#") {
			u[name] = append(u[name], value)
		}
	}
	return u
}

func TestSystemdTakesTheService(t *testing.T) {
	copied := filepath.Join(t.TempDir(), filepath.Base(unitFile))
	write(t, copied, strings.ReplaceAll(read(t, unitFile), "/usr/bin/doorpost", binary))
	if printed, err := exec.Command("systemd-analyze", "verify", "--man=no", copied).CombinedOutput(); err != nil || len(printed) > 0 {
		t.Errorf("systemd says %v\n%s", err, printed)
	}
}

// The exposure that systemd computes is a sum over all that a service may do: 9.6 for
// one that restricts nothing.
func TestTheServiceMayDoLittle(t *testing.T) {
	const bound = "18" // 1.8
	analyze := exec.Command("systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold="+bound, unitFile)
	if printed, err := analyze.CombinedOutput(); err != nil {
		t.Errorf("more than %s tenths: %v\n%s", bound, err, printed)
	}
}

const nobody = 65534

// service is the program as systemd runs it: with the commands and the environment of
// the unit, as a user that owns the folders of the unit and nothing else.
type service struct {
	t       *testing.T
	unit    unit
	paths   *strings.Replacer // from those of the machine to those of the test
	environ []string
	notices *net.UnixConn
}

func newService(t *testing.T) *service {
	t.Helper()
	folder := t.TempDir()
	if err := os.Chmod(filepath.Dir(folder), 0o755); err != nil {
		t.Fatal(err)
	}
	path := func(name string) string { return filepath.Join(folder, name) }
	s := &service{t: t, unit: readUnit(t), paths: strings.NewReplacer(
		"/usr/bin/doorpost", binary, "/etc/doorpost", path("etc"), "/run/doorpost", path("run"), "%S/doorpost", path("state"))}

	for _, credential := range s.unit["LoadCredential"] {
		name, source, _ := strings.Cut(credential, ":")
		if !strings.HasPrefix(source, "/etc/doorpost/") {
			t.Errorf("%s is loaded from %s", name, source)
		}
		write(t, path("credentials/"+name), strings.Repeat("0123456789abcdef", 4))
	}
	for name, mode := range map[string]os.FileMode{"credentials": 0o500, "run": 0o700, "state": 0o700} {
		if err := os.MkdirAll(path(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(path(name), nobody, nobody); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path(name), mode); err != nil {
			t.Fatal(err)
		}
	}

	notices, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path("notify"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = notices.Close() })
	if err := os.Chmod(path("notify"), 0o777); err != nil {
		t.Fatal(err)
	}
	s.notices = notices
	s.environ = append(strings.Fields(s.paths.Replace(s.unit["Environment"][0])), "PATH=/usr/bin:/bin", "HOME=/",
		"CREDENTIALS_DIRECTORY="+path("credentials"), "GORACE=atexit_sleep_ms=0")
	return s
}

// configure writes the Caddyfile, for a site on a port of the test.
func (s *service) configure(port string) {
	s.t.Helper()
	content := strings.Replace(read(s.t, "systemd/Caddyfile"), "app.example.com {", "http://localhost:"+port+" {", 1)
	write(s.t, s.paths.Replace("/etc/doorpost/Caddyfile"), s.paths.Replace(content))
}

// command is one of the unit, or one beside it.
func (s *service) command(line string) *exec.Cmd {
	words := strings.Fields(s.paths.Replace(line))
	command := exec.Command(words[0], words[1:]...)
	command.Dir, command.Env = "/", s.environ
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	return command
}

func (s *service) succeeds(line string) {
	s.t.Helper()
	if printed, err := s.command(line).CombinedOutput(); err != nil {
		s.t.Fatalf("%s: %v\n%s", line, err, printed)
	}
}

// awaitNotice waits until the program tells systemd something.
func (s *service) awaitNotice(want string, p *testkit.Program) {
	s.t.Helper()
	buffer := make([]byte, 4096)
	if err := s.notices.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		s.t.Fatal(err)
	}
	for {
		n, err := s.notices.Read(buffer)
		if err != nil {
			s.t.Fatalf("systemd is not told %s: %v\n%s", want, err, p.Output())
		}
		if slices.Contains(strings.Split(string(buffer[:n]), "\n"), want) {
			return
		}
	}
}

func TestTheServiceStartsReloadsAndStopsAsAUserWithoutRights(t *testing.T) {
	s := newService(t)
	s.configure(testkit.FreePort())
	start := s.command(s.unit["ExecStart"][0])
	start.Env = append(start.Env, "NOTIFY_SOCKET="+s.notices.LocalAddr().String())
	p, err := testkit.Run(start)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	s.awaitNotice("READY=1", p)
	s.succeeds("/usr/bin/doorpost health --ready --config /etc/doorpost/Caddyfile")

	s.succeeds(s.unit["ExecReload"][0])
	s.awaitNotice("RELOADING=1", p)
	s.awaitNotice("READY=1", p)
	s.succeeds("/usr/bin/doorpost health --ready --config /etc/doorpost/Caddyfile")

	within, err := time.ParseDuration(s.unit["TimeoutStopSec"][0])
	if err != nil {
		t.Fatal(err)
	}
	if !p.Stop(within) {
		t.Error("it does not stop in the time of the unit")
	}
	s.awaitNotice("STOPPING=1", p)
	if p.Err != nil {
		t.Errorf("it ended with %v\n%s", p.Err, p.Output())
	}
	for _, name := range []string{"data/caddy/doorpost.db", "config/caddy/autosave.json"} {
		if _, err := os.Stat(s.paths.Replace("%S/doorpost/") + name); err != nil {
			t.Errorf("the folder of the state: %v\n%s", err, p.Output())
		}
	}
	saved := read(t, s.paths.Replace("%S/doorpost/config/caddy/autosave.json"))
	if strings.Contains(saved, "0123456789abcdef") {
		t.Errorf("a secret is in what Caddy saves: %s", saved)
	}
}
