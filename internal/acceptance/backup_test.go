package acceptance

import (
	"net/http"
	"os"
	"strings"
	"testing"
)

func TestABackupOfARunningGateIsAStoreWithItsSessions(t *testing.T) {
	t.Parallel()
	g := start(t, setup{})
	ada := g.signedIn("ada@example.com")
	file := g.home.path("backup.db")
	if out := g.succeeds("store", "backup", file); !strings.HasPrefix(out, file+" holds all that was in the store at ") {
		t.Errorf("it prints %q", out)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode() != 0o600 {
		t.Fatalf("the file is %v, %v", info, err)
	}
	var done struct {
		File  string
		Bytes int64
	}
	g.prints(&done, "store", "backup", file+"-2")
	if done.File != file+"-2" || done.Bytes < 4096 {
		t.Errorf("in JSON it is %+v", done)
	}
	g.fails("exists already", "store", "backup", file)
	g.fails("no such file or directory", "store", "backup", g.home.path("nowhere/backup.db"))

	if out := g.succeeds("health", "--ready"); out != "ok\n" {
		t.Errorf("it is %q", out)
	}
	// What happens later is not in it.
	bob := g.signedIn("bob@example.com")
	g.succeeds("sessions", "end", "ada@example.com")
	g.gate.stop()
	if code, _, _ := g.command("health", "--address", g.admin); code != 1 {
		t.Errorf("without a server health ends with %d", code)
	}
	if err := os.Rename(file, g.store()); err != nil {
		t.Fatal(err)
	}
	g.run()
	ada.isIn("ada@example.com")
	bob.open("/").is(t, http.StatusSeeOther)
}

func TestABackupOfAnotherStoreIsRefusedWithWhatToDo(t *testing.T) {
	t.Parallel()
	g := start(t, setup{store: "memory"})
	g.fails("use store bolt", "store", "backup", g.home.path("backup.db"))
	for _, file := range g.home.files(t) {
		if strings.Contains(file, "backup") {
			t.Errorf("%s is left", file)
		}
	}
}
