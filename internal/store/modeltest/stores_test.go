package modeltest

import (
	"crypto/rand"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/store/boltstore"
	"github.com/doorpost-auth/doorpost/internal/store/memstore"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) {
	// Longer histories than usual: a life has many steps. The command line wins.
	if err := flag.Set("rapid.steps", "60"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	redistest.Main(m)
}

// check leads the stores that open makes through many histories. Open returns
// how to open the same store again, nil where it keeps nothing.
func check(t *testing.T, open func() (first store, again func() store, end func())) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) {
		first, again, end := open()
		defer end()
		h := newHistory(first, again)
		t.Repeat(map[string]func(*rapid.T){
			"": h.holds, "ask": h.ask, "ask again": h.ask, "redeem a link": h.redeemLink, "redeem a code": h.redeemCode, "redeem at once": h.race,
			"disable": h.disable, "disable at once": h.disableAtOnce, "remove": h.remove, "move": h.move,
			"make a passkey": h.makePasskey, "use a passkey": h.usePasskey, "use one again": h.usePasskey, "remove a passkey": h.removePasskey, "act for others": h.actForOthers, "drop passkeys": h.dropPasskeys,
			"stop": h.stop, "sign out": h.signOut, "touch": h.touch, "wait": h.wait, "crash": h.crash,
		})
	})
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestTheMemoryStoreLivesAsItsModel(t *testing.T) {
	for range 5 { // its steps are the same as those of the other stores, and take the least time
		check(t, func() (store, func() store, func()) {
			opened, err := memstore.New()
			s := must[store](t)(opened, err)
			return s, nil, func() { _ = opened.Close() }
		})
	}
}

func TestTheFileStoreLivesAsItsModel(t *testing.T) {
	folder := t.TempDir()
	check(t, func() (store, func() store, func()) {
		path := filepath.Join(folder, rand.Text()+".db")
		opened, err := boltstore.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		return opened, func() store {
				if err := opened.Close(); err != nil {
					t.Fatal(err)
				}
				if opened, err = boltstore.Open(path); err != nil {
					t.Fatal(err)
				}
				return opened
			}, func() {
				_ = opened.Close()
				_ = os.Remove(path)
			}
	})
}
