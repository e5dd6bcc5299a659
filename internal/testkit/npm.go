package testkit

import (
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// NPM is the path of a file of a package of npm: name/of/the/file.
func NPM(t testing.TB, name string) string {
	t.Helper()
	return filepath.Join(unpacked(t, "doorpost-apps", "apps.sh"), "srv/apps/node_modules", name)
}

// RunNPM runs npm in a folder of its own that has some files, and returns what it says.
func RunNPM(t testing.TB, files map[string]string, environment []string, arguments ...string) (said string, ok bool) {
	t.Helper()
	a := newApp(t, "npm")
	for name, content := range files {
		a.write(t, name, content)
	}
	npm := exec.Command("/usr/bin/node", append([]string{"/usr/bin/npm", "--no-audit", "--no-fund", "--no-update-notifier"}, arguments...)...)
	npm.Dir, npm.Env = a.data, append([]string{"PATH=/usr/bin:/bin", "HOME=" + a.data}, environment...)
	npm.SysProcAttr = &syscall.SysProcAttr{Chroot: a.root}
	out, err := npm.CombinedOutput()
	return string(out), err == nil
}
