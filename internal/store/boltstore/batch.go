package boltstore

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.etcd.io/bbolt"
)

// batchDelay is how long at most a batch waits for more changes to share its
// write to disk with.
const batchDelay = time.Millisecond

// batcher runs changes in batches, each of which is one transaction. While one
// is written to disk those that come make up the next. bbolt has batches too,
// but closes them by time alone: of those that wait for the disk anyway, each
// would get a write of its own.
type batcher struct {
	db   *bbolt.DB
	turn chan struct{} // full while somebody runs a batch

	mu       sync.Mutex
	waiting  []*change
	expected int           // how many changes the next batch has, if all come again
	enough   chan struct{} // closed when so many wait; nil if nobody wants to know
}

type change struct {
	apply func(*bbolt.Tx) error
	done  chan error // has room for one
}

// errAlone says that a change has to be tried without others.
var errAlone = errors.New("the change failed in a batch")

func newBatcher(db *bbolt.DB) *batcher { return &batcher{db: db, turn: make(chan struct{}, 1)} }

// update applies a change for good, or returns its error and keeps nothing of
// it. It may apply it more than once.
func (b *batcher) update(apply func(*bbolt.Tx) error) error {
	c := &change{apply: apply, done: make(chan error, 1)}
	b.add(c)
	var err error
	select {
	case err = <-c.done:
	case b.turn <- struct{}{}:
		b.lead(c)
		err = <-c.done
	}
	if errors.Is(err, errAlone) { // here it may fail or panic as it likes
		return b.db.Update(apply)
	}
	return err
}

func (b *batcher) add(c *change) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = append(b.waiting, c)
	if b.enough != nil && len(b.waiting) >= b.expected {
		close(b.enough)
		b.enough = nil
	}
}

// lead runs the batch that a change is in, unless somebody has done so.
func (b *batcher) lead(c *change) {
	defer func() { <-b.turn }()
	if len(c.done) > 0 {
		return
	}
	batch := b.gather()
	b.run(batch)
	b.mu.Lock()
	b.expected = len(batch) + len(b.waiting)
	b.mu.Unlock()
}

// gather takes all changes that wait. Where many come at a time it waits until
// those of the last batch are back: one that comes alone does not wait.
func (b *batcher) gather() []*change {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) < b.expected {
		enough := make(chan struct{})
		b.enough = enough
		b.mu.Unlock()
		select {
		case <-enough:
		case <-time.After(batchDelay):
		}
		b.mu.Lock()
		b.enough = nil
	}
	batch := b.waiting
	b.waiting = nil
	return batch
}

// run applies changes in one transaction. One that fails takes the others with
// it: they are applied again without it. Nobody is left without an answer, not
// even if bbolt panics.
func (b *batcher) run(batch []*change) {
	defer func() {
		for _, c := range batch {
			c.done <- errAlone
		}
	}()
	for len(batch) > 0 {
		failed := -1
		err := b.db.Update(func(tx *bbolt.Tx) error {
			for i, c := range batch {
				if err := c.try(tx); err != nil {
					failed = i
					return err
				}
			}
			return nil
		})
		if failed < 0 {
			for _, c := range batch {
				c.done <- err
			}
			batch = nil
			return
		}
		batch[failed].done <- errAlone
		batch = slices.Delete(batch, failed, failed+1)
	}
}

// try applies a change. A panic is an error here: it is the business of who
// wants the change, not of who runs the batch.
func (c *change) try(tx *bbolt.Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("applying a change: %v", p)
		}
	}()
	return c.apply(tx)
}
