package acceptance

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

var sourcesOnce sync.Once

// dependOnSources makes the go command run these tests again when the program
// changed. It keeps the result of tests that pass, and repeats it until a file
// changes that they looked at; the program is no package that they import, so
// they look at all its files.
func dependOnSources(t testing.TB) {
	t.Helper()
	sourcesOnce.Do(func() {
		root := filepath.Join("..", "..")
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				if err == nil && path != root && strings.HasPrefix(entry.Name(), ".") {
					return filepath.SkipDir
				}
				return err
			}
			_, err = os.Stat(path)
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // a file may go while somebody works on it
			t.Fatal("looking at the sources:", err)
		}
	})
}
