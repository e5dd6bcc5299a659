package boltstore

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
)

// batchDelay is how long at most, all in all, a batch waits for more changes to
// share its write to disk with.
const batchDelay = time.Millisecond

// maxBatch is how many changes a batch has at most.
const maxBatch = 1000

// batcher runs changes in batches, each of which is one transaction. While one
// is written to disk those that come make up the next. bbolt has batches too,
// but closes them by time alone: of those that wait for the disk anyway, each
// would get a write of its own.
type batcher struct {
	db      *bbolt.DB
	waiting chan *change
	callers atomic.Int64 // who want a change

	turn chan struct{} // full while somebody runs a batch; what follows is theirs

	expected int           // how many changes the next batch has, if all come again
	patience time.Duration // how long the batch may still wait
}

type change struct {
	apply func(*bbolt.Tx) error
	done  chan error // has room for one
}

// errAlone says that a change has to be tried without others.
var errAlone = errors.New("the change failed in a batch")

func newBatcher(db *bbolt.DB) *batcher {
	return &batcher{db: db, waiting: make(chan *change, maxBatch), turn: make(chan struct{}, 1)}
}

// update applies a change for good, or returns its error and keeps nothing of
// it. It may apply it more than once.
func (b *batcher) update(apply func(*bbolt.Tx) error) error {
	b.callers.Add(1)
	defer b.callers.Add(-1)
	c := &change{apply: apply, done: make(chan error, 1)}
	b.waiting <- c // somebody who waits has the turn, or gets it, and takes it out
	for {
		select {
		case err := <-c.done:
			if errors.Is(err, errAlone) { // here it may fail or panic as it likes
				return b.db.Update(apply)
			}
			return err
		case b.turn <- struct{}{}:
			b.lead(c)
		}
	}
}

// lead runs a batch, unless somebody has run the one that a change was in.
func (b *batcher) lead(c *change) {
	defer func() { <-b.turn }()
	if len(c.done) == 0 {
		b.run()
	}
}

// run applies the changes that wait in one transaction. One that fails takes
// the others with it: they are applied again without it. Nobody is left without
// an answer, not even if bbolt panics.
func (b *batcher) run() {
	batch := []*change{<-b.waiting} // that of who has the turn is there
	defer func() {
		for _, c := range batch {
			c.done <- errAlone
		}
	}()
	for b.patience = batchDelay; ; {
		failed := -1
		err := b.db.Update(func(tx *bbolt.Tx) error {
			for i := 0; ; i++ {
				if i == len(batch) {
					c := b.next(i)
					if c == nil {
						break
					}
					batch = append(batch, c)
				}
				if err := batch[i].try(tx); err != nil {
					failed = i
					return err
				}
			}
			if len(batch) == 0 {
				return errAlone // and nothing is written
			}
			return nil
		})
		if failed < 0 {
			b.expected = int(b.callers.Load())
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

// next is the change that comes next in a batch of n so far, nil at its end.
// Where many come at a time the batch waits until those of the last one are
// back, which is when there is work to do: it is applied meanwhile. One that
// comes alone does not wait.
func (b *batcher) next(n int) *change {
	if n >= maxBatch {
		return nil
	}
	select {
	case c := <-b.waiting:
		return c
	default:
	}
	if n >= b.expected {
		return nil
	}
	began, timer := time.Now(), time.NewTimer(b.patience)
	defer timer.Stop()
	select {
	case c := <-b.waiting:
		b.patience -= time.Since(began)
		return c
	case <-timer.C:
		return nil
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
