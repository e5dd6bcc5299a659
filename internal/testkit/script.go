package testkit

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// languages are what runs a script, by the ending of its name.
var languages = map[string]struct{ root, script, program string }{
	".py":  {"doorpost-languages", "languages.sh", "/usr/bin/python3"},
	".rb":  {"doorpost-languages", "languages.sh", "/usr/bin/ruby"},
	".php": {"doorpost-apps", "apps.sh", "/usr/bin/php8.2"},
	".mjs": {"doorpost-apps", "apps.sh", "/usr/bin/node"},
}

// Script is a program in a language that is not compiled, as Debian has it. It runs in a
// root of its own.
type Script struct{ root, program, path string }

// NewScript makes a script of a file, which is gone from that root when the test ends.
func NewScript(t testing.TB, file string) Script {
	t.Helper()
	language, known := languages[filepath.Ext(file)]
	if !known {
		t.Fatalf("%s: there is nothing that runs it", file)
	}
	s := Script{root: unpacked(t, language.root, language.script), program: language.program}
	folder, err := os.MkdirTemp(filepath.Join(s.root, "tmp"), "script-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	content, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, filepath.Base(file)), content, 0o644)
	}
	if err == nil {
		err = os.Chmod(folder, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	s.path = filepath.Join("/tmp", filepath.Base(folder), filepath.Base(file))
	return s
}

// Command runs the script with arguments.
func (s Script) Command(arguments ...string) *exec.Cmd {
	command := exec.Command(s.program, append([]string{s.path}, arguments...)...)
	command.Dir, command.Env = "/tmp", []string{"PATH=/usr/bin:/bin", "HOME=/tmp"}
	command.SysProcAttr = &syscall.SysProcAttr{Chroot: s.root, Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	return command
}
