package testkit

import (
	"path/filepath"
	"testing"
)

// NPM is the path of a file of a package of npm: name/of/the/file.
func NPM(t testing.TB, name string) string {
	t.Helper()
	return filepath.Join(unpacked(t, "doorpost-apps", "apps.sh"), "srv/apps/node_modules", name)
}
