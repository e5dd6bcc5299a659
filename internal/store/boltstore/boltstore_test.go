package boltstore

import (
	"path/filepath"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/store/storetest"
)

func TestTheFileStoreKeepsThePromisesOfAStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Store {
		store, err := Open(filepath.Join(t.TempDir(), "doorpost.db"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		})
		return store
	})
}
