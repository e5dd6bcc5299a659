package redisstore

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/redis/go-redis/v9"
)

// clients is how many callers there are at the same time.
const clients = 16

// inParallel calls do n times from all clients and returns how long that took.
func inParallel(n int, do func(i int)) time.Duration {
	var next atomic.Int64
	began := time.Now()
	var group sync.WaitGroup
	for range clients {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				do(int(i))
			}
		})
	}
	group.Wait()
	return time.Since(began)
}

// nothing is a script that does nothing with an argument as long as that of a
// step, to compare with.
var nothing = redis.NewScript("return 1")

// bare makes as many calls of a script that does nothing.
func bare(b *testing.B, server *redistest.Server, argument string) time.Duration {
	b.Helper()
	client := redis.NewClient(&redis.Options{Addr: server.Address})
	defer client.Close()
	call := func(int) {
		if err := nothing.Run(context.Background(), client, []string{"key"}, argument).Err(); err != nil {
			b.Error(err)
		}
	}
	inParallel(clients, call) // connect
	return inParallel(b.N, call)
}

// report says how long a step takes beside a call that does nothing.
func report(b *testing.B, step, bare time.Duration) {
	b.ReportMetric(float64(step.Nanoseconds())/float64(b.N), "ns/op")
	b.ReportMetric(float64(bare.Nanoseconds())/float64(b.N), "bare-ns/op")
	b.ReportMetric(float64(step)/float64(bare), "times-bare")
}

func benchmarkVisits(b *testing.B) (*redistest.Server, *Store, []*visit) {
	server := redistest.Single(b)
	store := open(b, Options{URLs: []string{server.URL()}})
	inParallel(clients, func(int) { signIn(b, store) }) // connect
	visits := make([]*visit, b.N)
	for i := range visits {
		visits[i] = newVisit(b)
	}
	return server, store, visits
}

func BenchmarkAsk(b *testing.B) {
	server, store, visits := benchmarkVisits(b)
	b.ResetTimer()
	took := inParallel(b.N, func(i int) { visits[i].ask(b, store) })
	b.StopTimer()
	report(b, took, bare(b, server, strings.Repeat("x", 650)))
}

func BenchmarkRedeem(b *testing.B) {
	server, store, visits := benchmarkVisits(b)
	inParallel(b.N, func(i int) { visits[i].ask(b, store) })
	b.ResetTimer()
	took := inParallel(b.N, func(i int) { visits[i].redeem(b, store) })
	b.StopTimer()
	report(b, took, bare(b, server, strings.Repeat("x", 350)))
}
