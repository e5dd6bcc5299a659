package acceptance

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// smallDisk is a disk that has room for very little.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	folder := t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "mode=0700,size="+size); err != nil {
		t.Fatalf("mounting a small disk, for which tests run as root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, 0); err != nil {
			t.Error(err)
		}
	})
	return folder
}

func TestAFullDiskEndsABackupAndACopyAndHarmsNoStore(t *testing.T) {
	t.Parallel()
	s := setup{global: "secret " + newSecret()}
	g := start(t, s)
	ada := g.signedIn("ada@example.com")
	g.fillWithPeople(2000)

	disk := smallDisk(t, "100k")
	g.fails("no space left on device", "store", "backup", filepath.Join(disk, "backup.db"))
	if left, err := os.ReadDir(disk); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
	ada.isIn("ada@example.com")
	g.gate.stop()

	from, copied := "bolt "+g.store(), filepath.Join(disk, "copy.db")
	g.fails("no space left on device", "store", "copy", "--from", from, "--to", "bolt "+copied)
	s.store = "bolt " + copied
	g.configure(s)
	if code, said := runToEnd(t, g.home, "run", "--config", g.caddyfile()); code == 0 || !strings.Contains(said, "that was not finished") {
		t.Errorf("a server starts on it: %d %s", code, said)
	}
	tiny := smallDisk(t, "8k")
	g.fails("no space left on device", "store", "copy", "--from", from, "--to", "bolt "+filepath.Join(tiny, "copy.db"))
	if left, err := os.ReadDir(tiny); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
	// With room, the same command goes on; and the source was not harmed.
	if err := syscall.Mount("tmpfs", disk, "tmpfs", syscall.MS_REMOUNT, "size=50m"); err != nil {
		t.Fatal(err)
	}
	var done storeCopy
	g.prints(&done, "store", "copy", "--from", from, "--to", "bolt "+copied)
	if done.Tables["people"] != 2001 {
		t.Errorf("with room it says %+v", done)
	}
	g.run()
	ada.isIn("ada@example.com")
	g.gate.stop()
	s.store = from
	g.configure(s)
	g.run()
	ada.isIn("ada@example.com")
	g.gate.stop()
}
