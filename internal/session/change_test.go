package session

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/people"
)

// changing is a store in which the record of a person changes all the time.
type changing struct {
	Store
	record  Record
	version atomic.Int64
	asked   chan struct{} // gets a value when a slow look has its answer
	slow    atomic.Bool   // the next look is slow
}

func (c *changing) Session(context.Context, Key, time.Time) (Record, bool, error) {
	r := c.record
	r.Standing = &people.Standing{Groups: []string{strconv.FormatInt(c.version.Load(), 10)}}
	if c.slow.Swap(false) {
		c.asked <- struct{}{}
	}
	return r, true, nil
}

// A look that began before a change may answer after it.
func TestAChangeIsNotOvertakenByALookThatIsOlder(t *testing.T) {
	k := newKeep(t)
	store := &changing{record: k.store.records[k.key], asked: make(chan struct{})}
	k.Keeper.store = store
	s := k.mustFind(t)
	for range 10_000 {
		s.Doubt() // so that the other request asks the store
		store.slow.Store(true)
		var other sync.WaitGroup
		other.Go(func() {
			if s, err := k.find(t); s == nil || err != nil {
				t.Errorf("found %v, %v", s, err)
			}
		})
		<-store.asked
		want := strconv.FormatInt(store.version.Add(1), 10)
		k.cache.Change(k.key)
		got := k.mustFind(t).Standing().Groups[0]
		other.Wait()
		if got != want {
			t.Fatalf("after change %s a request is let in by what was before, %s", want, got)
		}
	}
}
