package structure

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What the page shows is what the tests run.
func TestTheDocsShowTheVerifiersOfAssertions(t *testing.T) {
	page, err := os.ReadFile(root + "/docs/assertion.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(root + "/ops/verifiers/*")
	if err != nil || len(files) != 5 {
		t.Fatalf("there are the verifiers %q, %v", files, err)
	}
	for _, file := range files {
		code, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(page), "\n"+string(code)+"```\n") {
			t.Errorf("docs/assertion.md does not show %s as it is", filepath.Base(file))
		}
	}
}
