package boltstore

import (
	"bufio"
	"context"
	"crypto/rand"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"go.uber.org/goleak"
)

// The test program starts itself again to play a part in another process: the
// one named here, on the file named here.
const (
	partVariable = "DOORPOST_TEST_PART"
	fileVariable = "DOORPOST_TEST_FILE"
)

// parts of other processes write what they have to tell to standard output, a
// line at a time, and end when standard input does.
var parts = map[string]func(path string) error{
	"hold": holdOpen,
	"load": runLoad,
}

func TestMain(m *testing.M) {
	play, other := parts[os.Getenv(partVariable)]
	if !other {
		goleak.VerifyTestMain(m)
		return
	}
	if err := play(os.Getenv(fileVariable)); err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
}

// otherProcess is one that plays a part.
type otherProcess struct {
	*exec.Cmd
	lines *bufio.Scanner
	stdin io.Closer
}

func startPart(t *testing.T, part, path string) *otherProcess {
	t.Helper()
	program, err := os.Executable()
	must(t, err)
	p := &otherProcess{Cmd: exec.CommandContext(t.Context(), program)}
	p.Env = append(os.Environ(), partVariable+"="+part, fileVariable+"="+path)
	p.Stderr = os.Stderr
	stdout, err := p.StdoutPipe()
	must(t, err)
	p.stdin, err = p.StdinPipe()
	must(t, err)
	must(t, p.Start())
	p.lines = bufio.NewScanner(stdout)
	return p
}

// line awaits one line.
func (p *otherProcess) line(t *testing.T) string {
	t.Helper()
	if !p.lines.Scan() {
		t.Fatalf("the other process ended early: %v", p.Wait())
	}
	return p.lines.Text()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newPath(t *testing.T) string { return filepath.Join(t.TempDir(), "doorpost.db") }

func mustOpen(t *testing.T, path string) *Store {
	t.Helper()
	store, err := Open(path)
	must(t, err)
	return store
}

const (
	testSite  = "https://app.example.com"
	testRules = "rules"
)

// newAsking is what an admitted person asks, in a browser of its own.
func newAsking(who address.Address, now time.Time) signin.Asking {
	plenty := limit.Rule{Max: 1_000_000, Window: time.Hour}
	a := signin.Asking{
		Now: now, Browser: signin.NewBrowser().Key(),
		Request:   signin.Request{Address: who, Origin: testSite, To: "/", Asked: now, Expires: now.Add(10 * time.Minute)},
		Client:    limit.Use{Name: "192.0.2.1", Rule: plenty},
		Mailbox:   limit.Use{Name: string(who), Rule: plenty},
		Total:     limit.Use{Rule: plenty},
		Admission: people.Admission{Ways: []people.Way{{Open: true}}}, Policy: testRules,
		Message: outbox.Message{ID: rand.Text(), To: who, Origin: testSite, Sealed: make([]byte, 250), Created: now, State: outbox.Queued, Due: now},
	}
	rand.Read(a.Link[:])
	rand.Read(a.Code[:])
	return a
}

// newRedemption redeems in the browser that asked.
func newRedemption(a signin.Asking) signin.Redemption {
	return signin.Redemption{
		Origin: testSite, Browser: a.Browser, Link: a.Link, Codes: []signin.CodeKey{a.Code}, Policy: testRules,
		Arrival: signin.Arrival{Now: a.Now, Session: session.Entry{Key: session.NewID().Key(), Record: session.Record{
			Scope: testSite, SignedIn: a.Now, Seen: a.Now, Expires: a.Now.Add(time.Hour),
		}}},
	}
}

// linkOutcome tells how a link stands without using it up.
func linkOutcome(t *testing.T, store *Store, link signin.LinkKey) signin.Outcome {
	t.Helper()
	redeemed, err := store.RedeemLink(t.Context(), signin.Redemption{
		Arrival: signin.Arrival{Now: time.Now()}, Origin: testSite, Browser: signin.NewBrowser().Key(), Link: link, Policy: testRules,
	})
	must(t, err)
	return redeemed.Outcome
}

func isFound(t *testing.T, store *Store, key session.Key) bool {
	t.Helper()
	_, found, err := store.Session(t.Context(), key, time.Now())
	must(t, err)
	return found
}

// signIn signs somebody in.
func signIn(ctx context.Context, store *Store, who address.Address) (signin.Asking, session.Key, error) {
	a := newAsking(who, time.Now())
	r := newRedemption(a)
	if _, err := store.Ask(ctx, a); err != nil {
		return a, session.Key{}, err
	}
	_, err := store.RedeemLink(ctx, r)
	return a, r.Session.Key, err
}

// wantKnown holds that somebody who asked had signed in before: the message is
// no welcome.
func wantKnown(t *testing.T, store *Store, a signin.Asking) {
	t.Helper()
	if m, found, err := store.Message(t.Context(), a.Message.ID); err != nil || !found || m.Welcome {
		t.Errorf("the message is %+v, %v, %v; the person is forgotten", m, found, err)
	}
}
