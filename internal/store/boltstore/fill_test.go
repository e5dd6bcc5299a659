package boltstore

import (
	"fmt"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/store/txstore"
	"go.etcd.io/bbolt"
)

func TestPagesOfWhatComesInOrderAreFull(t *testing.T) {
	path := newPath(t)
	store := mustOpen(t, path)
	for i := range 500 {
		at := time.Unix(1_700_000_000, 0).Add(time.Duration(i) * time.Second)
		must(t, store.Put(t.Context(), outbox.Message{ID: fmt.Sprint("m", i), To: "a@example.com", Sealed: make([]byte, 300), Created: at, Due: at}))
	}
	must(t, store.Close())
	db, err := openFile(path)
	must(t, err)
	defer db.Close()
	in := 0
	must(t, db.View(func(tx *bbolt.Tx) error {
		for _, b := range txstore.Buckets() {
			s := tx.Bucket([]byte(b)).Stats()
			if !b.InOrder() || s.LeafPageN < 5 {
				continue
			}
			in++
			if used := float64(s.LeafInuse) / float64(s.LeafAlloc); used < 0.65 {
				t.Errorf("%s uses %.2f of %d pages", b, used, s.LeafPageN)
			}
		}
		return nil
	}))
	if in != 2 { // the messages, and those that wait
		t.Errorf("%d buckets have pages to look at", in)
	}
}
