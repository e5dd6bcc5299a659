package boltstore

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
	"go.etcd.io/bbolt"
)

// fillPeople writes a file in which many people are known.
func fillPeople(t *testing.T, path string, count int) {
	t.Helper()
	store, err := Open(path) // for the buckets
	must(t, err)
	must(t, store.Close())
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoSync: true})
	must(t, err)
	must(t, db.Update(func(tx *bbolt.Tx) error {
		known, err := codec.Encode(codec.Person{Added: codec.Millis(time.Now())})
		for i := 0; err == nil && i < count; i++ {
			err = tx.Bucket([]byte("people")).Put(fmt.Appendf(nil, "person%06d@example.com", i), append(make([]byte, 8), known...)) // kept for good
		}
		return err
	}))
	must(t, db.Close())
}

func TestASearchAmongAHundredThousandPeopleTakesNoTime(t *testing.T) {
	const count, limit = 100_000, 200 * time.Millisecond
	path := filepath.Join(t.TempDir(), "doorpost.db")
	fillPeople(t, path, count)
	store, err := Open(path)
	must(t, err)
	defer store.Close()
	for name, c := range map[string]struct {
		query people.Query
		want  address.Address // the last one found
		found int
	}{
		"the last one": {people.Query{Search: "n099999@", Max: 50}, "person099999@example.com", 1},
		"nobody":       {people.Query{Search: "nobody", Max: 50}, "", 0},
		"everybody":    {people.Query{Max: 1000}, "person000999@example.com", 1000},
		"a late page":  {people.Query{Search: "@example", After: "person099000@example.com", Max: 50}, "person099050@example.com", 50},
	} {
		best := time.Hour
		for try := 0; try < 30 && best > limit; try++ { // others use the machine as well
			start := time.Now()
			page, err := store.People(t.Context(), c.query)
			best = min(best, time.Since(start))
			must(t, err)
			if len(page.People) != c.found || c.found > 0 && page.People[c.found-1].Address != c.want {
				t.Fatalf("a search for %s finds %d", name, len(page.People))
			}
		}
		if best > limit {
			t.Errorf("a search for %s takes %v", name, best)
		}
	}
}
