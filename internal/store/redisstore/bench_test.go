package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/redis/go-redis/v9"
)

// clients is how many callers there are at the same time.
const clients = 64

// rounds is into how many parts a benchmark is cut. What is compared takes
// turns, so that whatever else the machine does slows all of it alike.
const rounds = 10

// The least that a script can do that has something to remember: it looks
// whether its argument is there and keeps it for ten minutes, under a key of
// its own. This is the call that steps are compared with. The other script does
// nothing at all, which no step could do with.
var (
	bareScript  = redis.NewScript("local was = redis.call('GET', KEYS[1]) redis.call('SET', KEYS[1], ARGV[1], 'PX', '600000') return was")
	emptyScript = redis.NewScript("return 1")
)

// BenchmarkSignIn asks for a link and redeems it, calls the very scripts that do
// it from a bare client, and makes two calls of each of the scripts above with
// arguments as long, from as many clients. It prints how
// many requests there are in a second for one of theirs, how long each took, and
// for how long each kept the processor of the server busy, which says more than
// the clock on a machine that has other things to do.
func BenchmarkSignIn(b *testing.B) {
	server := redistest.Single(b)
	store := open(b, Options{URLs: []string{server.URL()}})
	visits := make([]*visit, b.N)
	for i := range visits {
		visits[i] = newVisit(b)
	}
	lengths := stepLengths(b)
	ask := &contender{name: "ask", call: func(i int) { visits[i].ask(b, store) }}
	redeem := &contender{name: "redeem", call: func(i int) { visits[i].redeem(b, store) }}
	same := &contender{name: "same", call: sameSteps(b, server, store)}
	bare := &contender{name: "bare", call: scriptCalls(b, server, bareScript, lengths)}
	empty := &contender{name: "empty", call: scriptCalls(b, server, emptyScript, lengths)}
	inParallel(0, clients, func(int) { signIn(b, store) }) // connect

	compare(b, server, ask, redeem, same, bare, empty)
	b.ReportMetric(float64(same.took)/float64(ask.took+redeem.took), "of-same")
	b.ReportMetric(float64(bare.took)/float64(ask.took+redeem.took), "of-bare")
	b.ReportMetric(float64(empty.took)/float64(ask.took+redeem.took), "of-empty")
}

// BenchmarkSession looks sessions up, and gets their records without the store.
func BenchmarkSession(b *testing.B) {
	server := redistest.Single(b)
	store := open(b, Options{URLs: []string{server.URL()}})
	client := bareClient(b, server)
	visits := make([]*visit, 1000)
	inParallel(0, len(visits), func(i int) { visits[i] = signIn(b, store) })
	session := &contender{name: "session", call: func(i int) { visits[i%len(visits)].wantSession(b, store, true) }}
	get := &contender{name: "get", call: func(i int) {
		key := visits[i%len(visits)].session.Key()
		if err := client.Get(context.Background(), store.base+"s:"+encode(key[:])).Err(); err != nil {
			b.Error(err)
		}
	}}
	inParallel(0, clients, get.call) // connect

	compare(b, server, session, get)
	b.ReportMetric(float64(session.took)/float64(get.took), "times-get")
}

// stepLengths are how long the arguments of a sign-in are.
func stepLengths(b *testing.B) []int {
	v := newVisit(b)
	asking, err := packAsking(v.asking())
	if err != nil {
		b.Fatal(err)
	}
	redemption, err := packRedemption(v.redemption(), encodeLink(v.link), "")
	if err != nil {
		b.Fatal(err)
	}
	return []int{lengthOf(asking), lengthOf(redemption)}
}

// lengthOf is how long arguments are together.
func lengthOf(arguments []any) (length int) {
	for _, argument := range arguments {
		length += len(fmt.Sprintf("%s", argument))
	}
	return length
}

// sameSteps asks and redeems for others, with the scripts of the store.
func sameSteps(b *testing.B, server *redistest.Server, store *Store) func(i int) {
	client := bareClient(b, server)
	arguments := make([][2][]any, b.N)
	for i := range arguments {
		v := newVisit(b)
		ask, err := packAsking(v.asking())
		if err != nil {
			b.Fatal(err)
		}
		redemption, err := packRedemption(v.redemption(), encodeLink(v.link), "")
		if err != nil {
			b.Fatal(err)
		}
		arguments[i] = [2][]any{ask, redemption}
	}
	return func(i int) {
		for step, s := range []script{askStep, redeemLinkStep} {
			if err := client.EvalSha(context.Background(), s.hash, []string{store.base, store.base + "2"}, arguments[i][step]...).Err(); err != nil {
				b.Error(err)
			}
		}
	}
}

// scriptCalls makes calls of a script, one for each length of its argument.
func scriptCalls(b *testing.B, server *redistest.Server, script *redis.Script, lengths []int) func(i int) {
	client := bareClient(b, server)
	calls := func(i int) {
		for step, length := range lengths {
			key := strconv.Itoa(step) + ":" + strconv.Itoa(i)
			err := script.Run(context.Background(), client, []string{"bare:" + script.Hash() + key}, strings.Repeat("x", length)).Err()
			if err != nil && !errors.Is(err, redis.Nil) {
				b.Error(err)
			}
		}
	}
	inParallel(-clients, 0, calls) // connect
	return calls
}

func bareClient(b *testing.B, server *redistest.Server) *redis.Client {
	client := redis.NewClient(&redis.Options{Addr: server.Address})
	b.Cleanup(func() { client.Close() })
	return client
}

// contender is one of the things that a benchmark compares.
type contender struct {
	name       string
	call       func(i int)
	took, busy time.Duration // by the clock, and of the server's processor
}

// compare makes all calls of each contender, in turns.
func compare(b *testing.B, server *redistest.Server, contenders ...*contender) {
	b.Helper()
	b.ResetTimer()
	for round := range rounds {
		for _, c := range contenders {
			before := busy(b, server)
			c.took += inParallel(b.N*round/rounds, b.N*(round+1)/rounds, c.call)
			c.busy += busy(b, server) - before
		}
	}
	b.StopTimer()
	b.ReportMetric(0, "ns/op") // of all together says nothing
	for _, c := range contenders {
		b.ReportMetric(float64(c.took.Nanoseconds())/float64(b.N), c.name+"-ns")
		b.ReportMetric(float64(c.busy.Nanoseconds())/float64(b.N), c.name+"-server-ns")
	}
}

// inParallel makes calls from all clients and returns how long that took.
func inParallel(from, to int, call func(i int)) time.Duration {
	var next atomic.Int64
	next.Store(int64(from))
	began := time.Now()
	var group sync.WaitGroup
	for range clients {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(to); i = next.Add(1) - 1 {
				call(int(i))
			}
		})
	}
	group.Wait()
	return time.Since(began)
}

// busy is how much time of its processor the server has used.
func busy(b *testing.B, server *redistest.Server) time.Duration {
	b.Helper()
	info, err := server.Info("cpu")
	if err != nil {
		b.Fatal(err)
	}
	total := 0.0
	for _, part := range []string{"used_cpu_user", "used_cpu_sys"} {
		seconds, err := strconv.ParseFloat(info[part], 64)
		if err != nil {
			b.Fatal(err)
		}
		total += seconds
	}
	return time.Duration(total * float64(time.Second))
}
