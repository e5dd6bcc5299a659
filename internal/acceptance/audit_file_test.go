package acceptance

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const auditRecipe = "audit-log-in-a-file.md"

// auditFile is a gate whose audit log is in a file, as a Caddyfile of the recipe says.
type auditFile struct {
	*recipe
	v      *visitor
	folder string
	told   int // lines that the gate has to have written
}

func startAuditFile(t *testing.T, index int, others ...string) *auditFile {
	t.Helper()
	f := &auditFile{folder: filepath.Join(t.TempDir(), "log")}
	site := "\napp.example.com {\n\tdoorpost {\n\t\tallow *@example.com\n\t}\n\trespond hello\n}\n"
	f.recipe = startCaddyfileOf(t, auditRecipe, index, site, append(others, "/var/log/doorpost", f.folder)...)
	f.v = f.at("https://app.example.com")
	return f
}

func (f *auditFile) path() string { return filepath.Join(f.folder, "audit.log") }

// tells has n things happen that the log has a line for each.
func (f *auditFile) tells(n int) {
	f.t.Helper()
	for range n {
		f.v.submit("/_doorpost/link", "token", "nonsense").is(f.t, 422)
		f.told++
	}
}

// reloads loads the same configuration again.
func (f *auditFile) reloads() {
	f.t.Helper()
	f.succeeds("reload", "--force", "--config", f.caddyfile())
}

// lines are those of a file that tell of a refusal, by the id of the request.
func (f *auditFile) lines(path string) map[string]bool {
	f.t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		f.t.Fatal(err)
	}
	if strings.HasSuffix(path, ".gz") {
		unpacked, err := gzip.NewReader(bytes.NewReader(content))
		if err == nil {
			content, err = io.ReadAll(unpacked)
		}
		if err != nil {
			f.t.Fatalf("%s: %v", path, err)
		}
	}
	found := make(map[string]bool)
	for line := range strings.Lines(string(content)) {
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			f.t.Fatalf("%s has the line %q: %v", path, line, err)
		}
		if e.Msg != "refused" {
			continue
		}
		if found[e.Request] {
			f.t.Errorf("%s has a line twice: %s", path, line)
		}
		found[e.Request] = true
	}
	return found
}

// isWhole fails the test unless the files have all lines that were written, each once, and
// the gate's other log none.
func (f *auditFile) isWhole(paths ...string) {
	f.t.Helper()
	all := make(map[string]bool)
	n := 0
	for _, path := range paths {
		found := f.lines(path)
		if n += len(found); len(found) == 0 {
			f.t.Errorf("%s has no line", path)
		}
		for request := range found {
			all[request] = true
		}
	}
	if len(all) != f.told || n != f.told {
		f.t.Errorf("%q have %d lines, %d of them different; %d things happened", paths, n, len(all), f.told)
	}
	if strings.Contains(f.gate.Output(), "doorpost.audit") {
		f.t.Error("lines of the audit log are in the other log too")
	}
}

func TestTheAuditLogInAFileOutlivesItsRotation(t *testing.T) {
	t.Parallel()
	f := startAuditFile(t, 0, "50MiB", "1MiB")
	f.gate.stop()
	// What is there already is just below the size at which Caddy rolls.
	const size = 1 << 20
	const filler = `{"msg":"what was before","words":"%s"}` + "\n"
	before := fmt.Sprintf(filler, strings.Repeat("x", size-2500-len(filler)))
	if err := os.WriteFile(f.path(), []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	f.gate = launch(t, f.home, "run", "--config", f.caddyfile())
	f.v = f.at("https://app.example.com")
	f.tells(5)
	f.reloads()
	f.tells(10)
	f.reloads()
	f.tells(5)

	var rolled []string
	await(t, "the file to be rolled and compressed", func() bool {
		rolled, _ = filepath.Glob(filepath.Join(f.folder, "audit-*-size.log.gz")) // the pattern is well formed
		plain, _ := filepath.Glob(filepath.Join(f.folder, "audit-*-size.log"))
		return len(rolled) == 1 && len(plain) == 0
	})
	f.isWhole(rolled[0], f.path())
	for _, path := range []string{rolled[0], f.path()} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s may be read by others: %v, %v", path, info.Mode(), err)
		}
	}
}

func TestTheAuditLogInAFileIsRotatedFromOutside(t *testing.T) {
	t.Parallel()
	f := startAuditFile(t, 1)
	f.tells(3)
	// What logrotate does with copytruncate.
	content, err := os.ReadFile(f.path())
	if err != nil {
		t.Fatal(err)
	}
	first, second := f.path()+".2", f.path()+".1"
	if err := os.WriteFile(first, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(f.path(), 0); err != nil {
		t.Fatal(err)
	}
	f.tells(3)
	f.isWhole(first, f.path())
	// What it does without, which the recipe warns of: a reload does not help, a restart does.
	if err := os.Rename(f.path(), second); err != nil {
		t.Fatal(err)
	}
	f.tells(3)
	f.reloads()
	f.tells(3)
	if _, err := os.Stat(f.path()); !os.IsNotExist(err) {
		t.Errorf("after a reload the file is there again: %v", err)
	}
	f.isWhole(first, second)
	f.gate.stop()
	f.gate = launch(t, f.home, "run", "--config", f.caddyfile())
	f.v = f.at("https://app.example.com")
	f.tells(3)
	f.isWhole(first, second, f.path())
}
