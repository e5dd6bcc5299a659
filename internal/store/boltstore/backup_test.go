package boltstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/address"
)

// What was acknowledged before a backup began is in it, while people sign in and out; and a
// backup is a store like any other.
func TestABackupUnderLoadHasAllThatWasAcknowledged(t *testing.T) {
	store, err := Open(filepath.Join(t.TempDir(), "store.db"))
	must(t, err)
	defer store.Close()
	var (
		mu    sync.Mutex
		facts []fact
		load  sync.WaitGroup
	)
	tell := func(f fact) error {
		mu.Lock()
		defer mu.Unlock()
		facts = append(facts, f)
		return nil
	}
	ctx, stop := context.WithCancel(t.Context())
	defer load.Wait()
	defer stop()
	for worker := range 4 {
		load.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				who := address.Address(fmt.Sprintf("w%d-%d@example.com", worker, i))
				if err := actOut(ctx, store, who, i%3 == 0, tell); err != nil && !errors.Is(err, context.Canceled) {
					t.Error(err)
					return
				}
			}
		})
	}
	checked := 0
	for i := range 50 {
		mu.Lock()
		acknowledged := slices.Clone(facts[checked:]) // those before were in the last one
		checked = len(facts)
		mu.Unlock()
		path := filepath.Join(t.TempDir(), fmt.Sprintf("backup-%d.db", i))
		file, err := os.Create(path)
		must(t, err)
		told := int64(0)
		must(t, store.Backup(file, func(size int64) { told = size }))
		info, err := file.Stat()
		must(t, errors.Join(err, file.Close()))
		if info.Size() != told {
			t.Fatalf("the backup has %d bytes, and was said to have %d", info.Size(), told)
		}
		copied, err := Open(path)
		must(t, err)
		checkFacts(t, copied, acknowledged)
		must(t, copied.Close())
	}
	if checked == 0 {
		t.Fatal("nobody signed in meanwhile")
	}
}
