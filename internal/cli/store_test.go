package cli

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// raw is a server that sends a text, whatever it is asked.
type raw struct {
	fakeCaddy
	text string
	more string // comes behind what was told
}

func (r *raw) Request(context.Context, string, string, string, io.Reader) (*http.Response, error) {
	answer, err := http.ReadResponse(bufio.NewReader(strings.NewReader(r.text)), nil)
	if err == nil && r.more != "" {
		answer.Body = io.NopCloser(io.MultiReader(answer.Body, strings.NewReader(r.more)))
	}
	return answer, err
}

func TestABackupIsAWholeCopyOrNoFile(t *testing.T) {
	const ours = "Content-Type: application/octet-stream\r\n"
	for what, c := range map[string]struct{ text, more, problem string }{
		"whole":             {text: "HTTP/1.1 200 OK\r\n" + ours + "Content-Length: 4\r\n\r\nsome"},
		"a page":            {"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\nsome", "", `"text/html" came, which is none; check which program listens there`},
		"of no type":        {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nsome", "", `type "" came, which is none; check which program`},
		"nothing":           {"HTTP/1.1 204 No Content\r\n\r\n", "", `type "" came`},
		"without a length":  {"HTTP/1.0 200 OK\r\n" + ours + "\r\nsom", "", "does not tell its length came, which is none; check which program"},
		"in pieces":         {"HTTP/1.1 200 OK\r\n" + ours + "Transfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n0\r\n\r\n", "", "does not tell its length"},
		"too short":         {"HTTP/1.1 200 OK\r\n" + ours + "Content-Length: 4\r\n\r\nsom", "", "of 4 bytes, and 3 came; see the log of that server"},
		"too short, of 1.0": {"HTTP/1.0 200 OK\r\n" + ours + "Content-Length: 4\r\n\r\nsom", "", "of 4 bytes, and 3 came"},
		"only begun":        {"HTTP/1.1 200 OK\r\n" + ours + "Content-Length: 4\r\n\r\n", "", "of 4 bytes, and 0 came"},
		"too long":          {"HTTP/1.1 200 OK\r\n" + ours + "Content-Length: 4\r\n\r\nsome", "more", "of 4 bytes, and 8 came"},
	} {
		folder := t.TempDir()
		r := &raw{text: c.text, more: c.more}
		runWith(r, &r.fakeCaddy, "store", "backup", filepath.Join(folder, "backup.db"))
		left, err := os.ReadDir(folder)
		switch {
		case err != nil:
			t.Fatal(err)
		case c.problem == "" && (r.err != nil || len(left) != 1):
			t.Errorf("%s: it ends with %v, and %v is left", what, r.err, left)
		case c.problem != "" && (r.exitCode != 1 || !strings.Contains(r.err.Error(), c.problem) || !strings.Contains(r.err.Error(), "localhost:2019/doorpost/backup")):
			t.Errorf("%s: it ends with %d and %v, want %q", what, r.exitCode, r.err, c.problem)
		case c.problem != "" && len(left) != 0:
			t.Errorf("%s: %v is left", what, left)
		}
	}
}
