package acceptance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// binary is the program under test.
var binary string

// TestMain builds the program once, with the race detector in it, and ends the
// browser that tests share.
func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	folder, err := os.MkdirTemp("", "doorpost-acceptance-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "making a folder for the binary:", err)
		return 1
	}
	defer os.RemoveAll(folder)
	binary = filepath.Join(folder, "doorpost")
	build := exec.Command("go", "build", "-race", "-o", binary, "./cmd/doorpost")
	build.Dir = filepath.Join("..", "..") // the program has its own go.mod, not that of its tests
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "building the program under test:", err)
		return 1
	}
	defer chrome.close()
	return m.Run()
}
