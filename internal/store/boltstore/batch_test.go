package boltstore

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"go.etcd.io/bbolt"
)

// newTestBatcher makes a batcher of a file with one bucket.
func newTestBatcher(t *testing.T) (*batcher, func(key string) bool) {
	t.Helper()
	db, err := openFile(newPath(t))
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	must(t, db.Update(func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("b")); return err }))
	return newBatcher(db), func(key string) (found bool) {
		must(t, db.View(func(tx *bbolt.Tx) error { found = tx.Bucket([]byte("b")).Get([]byte(key)) != nil; return nil }))
		return found
	}
}

func put(tx *bbolt.Tx, key string) error { return tx.Bucket([]byte("b")).Put([]byte(key), []byte{1}) }

// together makes changes that are in one batch: they all wait before it begins.
func together(t *testing.T, b *batcher, n int, change func(i int)) {
	t.Helper()
	b.turn <- struct{}{}
	b.expected = n
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { change(i) })
	}
	for len(b.waiting) < n {
		runtime.Gosched()
	}
	<-b.turn
	group.Wait()
}

func TestChangesThatComeDuringAWriteShareTheNext(t *testing.T) {
	b, has := newTestBatcher(t)
	var transactions sync.Map
	const n = 50
	together(t, b, n, func(i int) {
		err := b.update(func(tx *bbolt.Tx) error {
			transactions.Store(tx.ID(), true)
			return put(tx, fmt.Sprint(i))
		})
		if err != nil {
			t.Error(err)
		}
	})
	used := 0
	transactions.Range(func(any, any) bool { used++; return true })
	if used != 1 {
		t.Errorf("%d changes took %d transactions", n, used)
	}
	for i := range n {
		if !has(fmt.Sprint(i)) {
			t.Errorf("change %d is not there", i)
		}
	}
}

func TestAChangeThatFailsLeavesNothingAndTheOthersStay(t *testing.T) {
	b, has := newTestBatcher(t)
	refused := errors.New("refused")
	const n = 12
	together(t, b, n, func(i int) {
		defer func() {
			if p := recover(); (p != nil) != (i%4 == 2) {
				t.Errorf("change %d panics with %v", i, p)
			}
		}()
		err := b.update(func(tx *bbolt.Tx) error {
			if err := put(tx, fmt.Sprint(i)); err != nil {
				return err
			}
			switch i % 4 {
			case 1:
				return refused
			case 2:
				panic("broken")
			}
			return nil
		})
		if want := map[bool]error{true: refused}[i%4 == 1]; !errors.Is(err, want) {
			t.Errorf("change %d has error %v", i, err)
		}
	})
	for i := range n {
		if want := i%4 == 0 || i%4 == 3; has(fmt.Sprint(i)) != want {
			t.Errorf("change %d is there: %v", i, !want)
		}
	}
}

func TestABatchOfWhichNothingIsLeftWritesNothing(t *testing.T) {
	b, _ := newTestBatcher(t)
	last := func() (id int) {
		must(t, b.db.View(func(tx *bbolt.Tx) error { id = tx.ID(); return nil }))
		return id
	}
	before, refused := last(), errors.New("refused")
	together(t, b, 3, func(int) {
		if err := b.update(func(*bbolt.Tx) error { return refused }); !errors.Is(err, refused) {
			t.Errorf("a change that is refused has error %v", err)
		}
	})
	if after := last(); after != before {
		t.Errorf("%d transactions were written", after-before)
	}
}

func TestEverybodyHasAnAnswerOnceTheFileIsClosed(t *testing.T) {
	b, _ := newTestBatcher(t)
	must(t, b.db.Close())
	together(t, b, 20, func(int) {
		if err := b.update(func(tx *bbolt.Tx) error { return put(tx, "late") }); err == nil {
			t.Error("a change is made in a file that is closed")
		}
	})
}

func TestWhoComesAloneDoesNotWaitForOthers(t *testing.T) {
	b, _ := newTestBatcher(t)
	change := func(i int) { must(t, b.update(func(tx *bbolt.Tx) error { return put(tx, fmt.Sprint(i)) })) }
	together(t, b, 5, change)
	for i := range 3 { // the first may still hope for the others
		change(i)
	}
	if b.expected != 1 {
		t.Errorf("the next batch waits for %d changes", b.expected)
	}
}
