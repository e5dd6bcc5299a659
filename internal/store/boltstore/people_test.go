package boltstore

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
	"github.com/doorpost-auth/doorpost/internal/store/ordered"
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

func TestASearchAmongAHundredThousandPeopleReadsTheRecordsOfThoseFoundOnly(t *testing.T) {
	const count, namesAtOnce = 100_000, 10_000
	path := filepath.Join(t.TempDir(), "doorpost.db")
	fillPeople(t, path, count)
	db, _, err := openFile(path)
	must(t, err)
	store, err := ordered.Open(&engine{db})
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
		stats := db.Stats()
		before := stats.TxStats.GetCursorCount()
		page, err := store.People(t.Context(), c.query)
		must(t, err)
		if len(page.People) != c.found || c.found > 0 && page.People[c.found-1].Address != c.want {
			t.Fatalf("a search for %s finds %d", name, len(page.People))
		}
		stats = db.Stats()
		// Each list of names and each record takes a cursor, after one that finds the bucket.
		looks, most := (stats.TxStats.GetCursorCount()-before)/2, int64(count/namesAtOnce+1+c.found)
		if looks == 0 || looks > most {
			t.Errorf("a search for %s looks %d times into the file, want at most %d", name, looks, most)
		}
	}
}
