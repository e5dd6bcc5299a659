package acceptance

import (
	"net/http"
	"os/exec"
	"strings"
	"testing"
)

func TestSessionsCommandListsAndShowsOut(t *testing.T) {
	eachStore(t, setup{}, func(t *testing.T, d doorway) {
		g := instance(d)
		if out := g.succeeds("sessions", "list"); out != "Nobody is signed in.\n" {
			t.Errorf("the list of no sessions is %q", out)
		}
		ada, elsewhere, bob, cem := enter(t, d, "ada@example.com"), enter(t, d, "ada@example.com"), enter(t, d, "bob@example.com"), enter(t, d, "cem@example.com")
		isOut := func(v *visitor) func() bool {
			return func() bool { return v.open("/").status == http.StatusSeeOther }
		}
		type session struct{ ID, Address, Site, Browser, System string }
		var list []session
		g.prints(&list, "sessions", "list")
		if len(list) != 4 || list[0].Address != "ada@example.com" || list[3].Address != "cem@example.com" || list[3].Browser != "Chrome" || list[3].Site != cem.origin {
			t.Fatalf("listed are %+v", list)
		}
		if out := g.succeeds("sessions", "list", "Cem@example.com"); !strings.Contains(out, list[3].ID) || strings.Contains(out, list[2].ID) || !strings.Contains(out, "Chrome Linux") {
			t.Errorf("the list of one person is %s", out)
		}
		if out := g.succeeds("sessions", "list", "nobody@example.com"); !strings.Contains(out, "nobody@example.com is not signed in anywhere") {
			t.Errorf("the list of nobody is %s", out)
		}

		g.succeeds("sessions", "end", "--id", list[3].ID)
		soon(t, "one session has ended", isOut(cem))
		g.fails("there is no session with that id", "sessions", "end", "--id", list[3].ID)
		g.misuses("32 hexadecimal digits", "sessions", "end", "--id", "nonsense")
		if out := g.succeeds("sessions", "end", "ada@example.com"); !strings.Contains(out, "have ended: 2.") {
			t.Errorf("ending those of one person prints %s", out)
		}
		soon(t, "those of one person have ended", isOut(ada))
		soon(t, "those of one person have ended", isOut(elsewhere))

		g.fails("not confirmed", "sessions", "end", "--all")
		bob.isIn("bob@example.com")
		var done struct {
			Ended int
			Done  bool
		}
		g.prints(&done, "sessions", "end", "--all", "--yes")
		if done.Ended != 1 || !done.Done {
			t.Errorf("of everybody ended %+v", done)
		}
		soon(t, "those of everybody have ended", isOut(bob))
		enter(t, d, "bob@example.com")
	})
}

func TestEndingTheSessionsOfEverybodyIsConfirmed(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	ada := enter(t, g, "ada@example.com")
	end := func(typed string) (code int, said string) {
		cmd := exec.Command(binary, "sessions", "end", "--all", "--address", g.admin)
		cmd.Dir, cmd.Env, cmd.Stdin = g.home.path("home"), g.home.environment(), strings.NewReader(typed)
		out, _ := cmd.CombinedOutput() // the exit code tells
		return cmd.ProcessState.ExitCode(), string(out)
	}
	// A pipe is nobody at a terminal, whatever comes out of it.
	if code, said := end("yes\n"); code != 2 || !strings.Contains(said, "--yes") {
		t.Errorf("without a terminal it ended with %d: %s", code, said)
	}
	ada.isIn("ada@example.com")
	if code, _, progress := g.command("sessions", "end", "--all", "--yes", "--address", g.admin); code != 0 || !strings.Contains(progress, "ended so far: 1") {
		t.Errorf("it ended with %d and told of its progress %q", code, progress)
	}
	ada.isOut()
}
