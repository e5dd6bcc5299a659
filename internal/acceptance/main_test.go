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
	if err := build(binary, "-race"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer chrome.close()
	return m.Run()
}

// build builds the program.
func build(to string, flags ...string) error {
	compiler := exec.Command("go", append(append([]string{"build"}, flags...), "-o", to, "./cmd/doorpost")...)
	compiler.Dir = filepath.Join("..", "..") // the program has its own go.mod, not that of its tests
	if said, err := compiler.CombinedOutput(); err != nil {
		return fmt.Errorf("building the program under test: %w: %s", err, said)
	}
	return nil
}
