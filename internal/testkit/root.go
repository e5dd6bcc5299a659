package testkit

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// unpacked is the folder that a script beside this file made in the user's cache.
func unpacked(t testing.TB, name, script string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatalf("%s are started in a root of their own, which only root can do; run this test as root", name)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(cache, name)
	if _, err := os.Stat(filepath.Join(root, "complete")); err != nil {
		t.Fatalf("%s are not there; run internal/testkit/%s once: %v", name, script, err)
	}
	return root
}

// serveIn starts a program that serves an address and stays in the foreground, in a
// root of its own, and waits until it takes connections. It ends with the test,
// and so does what it started. log is what it writes elsewhere than to its output.
func serveIn(t testing.TB, root, address string, command *exec.Cmd, log func() string) *Program {
	t.Helper()
	if command.SysProcAttr == nil {
		command.SysProcAttr = new(syscall.SysProcAttr)
	}
	command.SysProcAttr.Chroot, command.SysProcAttr.Setpgid = root, true
	if command.Dir == "" {
		command.Dir = "/"
	}
	p, err := Run(command)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Stop(10 * time.Second)
		_ = syscall.Kill(-p.PID(), syscall.SIGKILL) // those it started; an error means that they are gone
		if t.Failed() {
			t.Logf("%s wrote:\n%s%s", command.Path, p.Output(), log())
		}
	})
	Await(t, time.Minute, command.Path+" takes connections", func() bool {
		if p.HasEnded() {
			t.Fatalf("%s did not start: %v\n%s%s", command.Path, p.Err, p.Output(), log())
		}
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return p
}
