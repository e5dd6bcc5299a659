package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/store/boltstore"
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

// aStore is the content of a file of a store.
func aStore(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "doorpost.db")
	store, err := boltstore.Open(path)
	if err == nil {
		err = store.Close()
	}
	content, failed := os.ReadFile(path)
	if err := errors.Join(err, failed); err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestABackupIsAWholeCopyOrNoFile(t *testing.T) {
	const ours = "Doorpost: admin API\r\n"
	good := aStore(t)
	whole := func(content string) string {
		return fmt.Sprintf("HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s", ours, len(content), content)
	}
	for what, c := range map[string]struct{ text, more, problem string }{
		"whole":             {text: whole(good)},
		"something else":    {whole("some"), "", "and got 4 bytes that are not a whole bolt file: "},
		"long, but no file": {whole(strings.Repeat("some", len(good)/4)), "", "bytes that are not a whole bolt file: invalid database; see the log of that server"},
		"half of a file":    {whole(good[:len(good)/2]), "", "that are not a whole bolt file: "},
		"a damaged file":    {whole(strings.ReplaceAll(good, "people", "\xffeople")), "", "that are not a whole bolt file: "},
		"an empty file":     {whole(""), "", "and got 0 bytes that are not a whole bolt file: the file is empty"},
		"without a length":  {"HTTP/1.0 200 OK\r\n" + ours + "\r\nsom", "", "of -1 bytes, and 3 came"},
		"in pieces":         {"HTTP/1.1 200 OK\r\n" + ours + "Transfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n0\r\n\r\n", "", "of -1 bytes, and 4 came"},
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
