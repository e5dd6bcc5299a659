package redisstore

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/redistest"
)

// clients is how many callers there are at the same time.
const clients = 64

// BenchmarkSignIn asks for a link and redeems it, from many callers at a time.
func BenchmarkSignIn(b *testing.B) {
	store := open(b, Options{URLs: []string{redistest.Single(b).URL()}})
	visits := make([]*visit, b.N)
	for i := range visits {
		visits[i] = newVisit(b)
	}
	inParallel(clients, func(int) { signIn(b, store) }) // connect
	b.ResetTimer()
	inParallel(b.N, func(i int) {
		visits[i].ask(b, store)
		visits[i].redeem(b, store)
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "sign-ins/s")
}

// BenchmarkSession looks sessions up.
func BenchmarkSession(b *testing.B) {
	store := open(b, Options{URLs: []string{redistest.Single(b).URL()}})
	visits := make([]*visit, 1000)
	inParallel(len(visits), func(i int) { visits[i] = signIn(b, store) })
	b.ResetTimer()
	inParallel(b.N, func(i int) {
		key := visits[i%len(visits)].session.Key()
		if _, found, err := store.Session(context.Background(), key, visits[i%len(visits)].now); err != nil || !found {
			b.Error(found, err)
		}
	})
}

// inParallel makes calls from many callers at a time.
func inParallel(calls int, call func(i int)) {
	var next atomic.Int64
	var running sync.WaitGroup
	for range clients {
		running.Go(func() {
			for i := int(next.Add(1)) - 1; i < calls; i = int(next.Add(1)) - 1 {
				call(i)
			}
		})
	}
	running.Wait()
}
