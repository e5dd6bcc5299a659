package acceptance

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// storeCopy is what these tests read of the JSON of store copy.
type storeCopy struct {
	From, To         string
	Records, Written int
	Tables           map[string]int
}

func TestAStoreMovesToRedisAndBackAndEverybodyStaysSignedIn(t *testing.T) {
	t.Parallel()
	server := redistest.Single(t)
	inRedis := patientRedis(server.URL())
	s := setup{global: "secret " + newSecret()}
	g := start(t, s)
	ada, asks := g.signedIn("ada@example.com"), g.visitor()
	asks.do(asks.form("/_doorpost/sign-in", "email", "bob@example.com", "to", "/")).leadsTo(t, "/_doorpost/check-mail")
	ofGate := "bolt " + g.store()
	g.fails("another process has it open", "store", "copy", "--from", ofGate, "--to", inRedis)
	g.gate.stop()

	g.misuses("--from and --to", "store", "copy", "--from", ofGate)
	g.misuses("neither a configuration file nor a store", "store", "copy", "--from", ofGate, "--to", "redsi redis://localhost")
	g.misuses("store memory is gone", "store", "copy", "--from", "memory", "--to", ofGate)
	g.misuses("are the same store", "store", "copy", "--from", ofGate, "--to", g.caddyfile())
	g.fails("there is no file", "store", "copy", "--from", ofGate+"x", "--to", inRedis)
	g.fails("opening the target", "store", "copy", "--from", ofGate, "--to", "redis redis://localhost:1")
	if out := g.succeeds("store", "copy", "--from", g.caddyfile(), "--to", inRedis); !strings.Contains(out, "holds all") || !strings.Contains(out, "people 1, sessions 1") {
		t.Errorf("it prints %q", out)
	}
	g.fails("the target is not empty", "store", "copy", "--from", ofGate, "--to", inRedis)
	if _, _, told := g.command("store", "copy", "--from", ofGate, "--to", inRedis); strings.Contains(told, "so far") {
		t.Errorf("a copy that is refused tells how far it is: %s", told)
	}

	s.store = inRedis
	g.configure(s)
	g.run()
	ada.isIn("ada@example.com")
	g.fails("a server uses the store", "store", "copy", "--from", g.caddyfile(), "--to", "bolt "+g.home.path("back.db"))
	g.fails("there is nothing to copy", "store", "copy", "--from", "redis "+server.URL()+"/3", "--to", "bolt "+g.home.path("back.db"))
	if _, err := os.Stat(g.home.path("back.db")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a copy that is refused leaves its target: %v", err)
	}
	ada.isIn("ada@example.com")
	g.gate.stop()
	var done storeCopy
	g.prints(&done, "store", "copy", "--from", g.caddyfile(), "--to", "bolt "+g.home.path("back.db"))
	if done.Tables["people"] != 1 || done.Tables["sessions"] != 1 || done.Records != done.Written || done.To != "bolt "+g.home.path("back.db") {
		t.Errorf("in JSON it is %+v", done)
	}
	s.store = "bolt " + g.home.path("back.db")
	g.configure(s)
	g.run()
	ada.isIn("ada@example.com")
	g.signedIn("carol@example.com")
}

// fillWithPeople makes the store of a stage one that takes a while to copy.
func (g *stage) fillWithPeople(n int) {
	g.t.Helper()
	failed := make(chan error, 50)
	for worker := range cap(failed) {
		go func() {
			var err error
			for i := worker; i < n && err == nil; i += cap(failed) {
				var answer *http.Response
				answer, err = http.Post("http://"+g.admin+"/doorpost/users/add", "application/json", strings.NewReader(fmt.Sprintf(`{"address":"p%d@example.com"}`, i)))
				if err == nil {
					if answer.Body.Close(); answer.StatusCode != http.StatusOK {
						err = fmt.Errorf("adding somebody: %s", answer.Status)
					}
				}
			}
			failed <- err
		}()
	}
	for range cap(failed) {
		if err := <-failed; err != nil {
			g.t.Fatal(err)
		}
	}
}

var copiedSome = regexp.MustCompile(`records copied so far: [1-9]`)

func TestACopyThatWasKilledIsNoStoreAndIsFinishedByTheNextRun(t *testing.T) {
	t.Parallel()
	const people = 6000
	server := redistest.Single(t)
	s := setup{global: "secret " + newSecret()}
	g := start(t, s)
	ada := g.signedIn("ada@example.com")
	g.fillWithPeople(people)
	g.gate.stop()
	g.succeeds("store", "copy", "--from", g.caddyfile(), "--to", patientRedis(server.URL())) // a source for the way back
	for name, c := range map[string]struct{ from, other, to string }{
		"bolt to redis": {"bolt " + g.store(), patientRedis(server.URL()), "redis " + server.URL() + " {\ntimeout 10s\nprefix killed:\n}"},
		"redis to bolt": {patientRedis(server.URL()), "bolt " + g.store(), "bolt " + g.home.path("killed.db")},
	} {
		arguments := []string{"store", "copy", "--from", c.from, "--to", c.to, "--json"}
		copying, err := testkit.Run(g.home.run(arguments...))
		if err != nil {
			t.Fatal(err)
		}
		await(t, "something to be copied", func() bool { return copying.HasEnded() || copiedSome.MatchString(copying.Output()) })
		if copying.HasEnded() {
			t.Fatalf("%s: it ended before it was killed: %s", name, copying.Output())
		}
		copying.Kill()

		s.store = c.to
		g.configure(s)
		code, said := runToEnd(t, g.home, "run", "--config", g.caddyfile())
		if code == 0 || !strings.Contains(said, "that was not finished; run store copy from there again to finish it") {
			t.Errorf("%s: a server starts on it: %d %s", name, code, said)
		}
		g.fails("that was not finished", "store", "copy", "--from", c.other, "--to", c.to)
		var done storeCopy
		g.prints(&done, arguments[:len(arguments)-1]...)
		if done.Tables["people"] != people+1 || done.Written == 0 {
			t.Errorf("%s: the second run says %+v", name, done)
		}
		g.run()
		ada.isIn("ada@example.com")
		g.gate.stop()
	}
}
