package cli

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// slow is a server that sends an answer in pieces, with a pause before each.
type slow struct {
	fakeCaddy
	pieces []string
	pause  time.Duration
}

func (s *slow) Request(ctx context.Context, _, _, _ string, _ io.Reader) (*http.Response, error) {
	answer, sending := io.Pipe()
	context.AfterFunc(ctx, func() { sending.CloseWithError(context.Cause(ctx)) })
	go func() {
		for _, piece := range s.pieces {
			time.Sleep(s.pause)
			if _, err := sending.Write([]byte(piece)); err != nil {
				return
			}
		}
		sending.Close()
	}()
	return &http.Response{Header: marked(), ContentLength: int64(len(strings.Join(s.pieces, ""))), Body: answer}, nil
}

func (s *slow) Load(string, string) ([]byte, string, error) { return nil, "", nil }

// What is long takes as long as it takes, while the server goes on; an answer that is one value
// has to come in time.
func TestACommandWaitsForAServerThatGoesOnAndForNoOther(t *testing.T) {
	store := aStore(t)
	const silent = "the server at localhost:2019 did not answer, or not to the end, within "
	for _, c := range []struct {
		arguments string
		pieces    []string
		pause     time.Duration
		problem   string
		lasts     time.Duration
	}{
		{"store backup FILE", []string{store[:5], store[5:8192], store[8192:9000], store[9000:]}, 59 * time.Second, "", 4 * 59 * time.Second},
		{"store backup FILE", []string{store[:5], store[5:]}, 61 * time.Second, "writing the backup, after 0 kB: " + silent + "1m0s; ", time.Minute},
		{"store backup FILE --timeout 2m", []string{store[:5], store[5:]}, 61 * time.Second, "", 122 * time.Second},
		{"sessions end --all --yes", []string{`{"ended": 1000}`, `{"ended": 2000}`, `{"ended": 2500, "done": true}`}, 59 * time.Second, "", 3 * 59 * time.Second},
		{"sessions end --all --yes", []string{`{"ended": 1000}`, `{"ended": 2000`}, 59 * time.Second, "broke off after 1000 sessions had ended", 118 * time.Second},
		{"stats", []string{`{"asked"`, `: 1}`}, 29 * time.Second, "", 58 * time.Second},
		{"stats", []string{`{"asked"`, `: 1}`}, 31 * time.Second, silent + "1m0s; ", time.Minute},
		{"health", []string{`{"status"`, `: "ok"`, `}`}, time.Second, "", 3 * time.Second},
		{"health", []string{`{"status"`, `: "ok"`, `}`}, 2 * time.Second, silent + "4s; ", 4 * time.Second},
		{"health --timeout 7s", []string{`{"status"`, `: "ok"`, `}`}, 2 * time.Second, "", 6 * time.Second},
		{"stats --timeout 0s", nil, 0, "--timeout must be longer than 0s", 0},
	} {
		file := filepath.Join(t.TempDir(), "backup.db")
		synctest.Test(t, func(t *testing.T) {
			s, begun := &slow{pieces: c.pieces, pause: c.pause}, time.Now()
			runWith(s, &s.fakeCaddy, strings.Fields(strings.Replace(c.arguments, "FILE", file, 1))...)
			if (s.err == nil) != (c.problem == "") || s.err != nil && !strings.Contains(s.err.Error(), c.problem) || time.Since(begun) != c.lasts {
				t.Errorf("%s, in %d pieces after %s each: ended after %s with %v; want %s and %q", c.arguments, len(c.pieces), c.pause, time.Since(begun), s.err, c.lasts, c.problem)
			}
			time.Sleep(time.Hour) // until nothing is sent any more
			if _, err := os.Stat(file); strings.Contains(c.arguments, "FILE") && (err == nil) != (c.problem == "") {
				t.Errorf("%s: of the file is known: %v", c.arguments, err)
			}
		})
	}
}
