package redisstore

import (
	"bytes"
	"log/slog"
	"sync"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

// Servers that tests share unless they harm them.
var (
	sharedSingle   = sync.OnceValues(func() (*redistest.Server, error) { return redistest.Start() })
	sharedSentinel = sync.OnceValues(redistest.StartSentinel)
	sharedCluster  = sync.OnceValues(redistest.StartCluster)
)

func shared[S any](t testing.TB, start func() (S, error)) S {
	t.Helper()
	server, err := start()
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// A kind is one way to run Redis.
type kind struct {
	name    string
	options func(t testing.TB) Options
}

var (
	single = kind{"Single", func(t testing.TB) Options {
		return Options{URLs: []string{shared(t, sharedSingle).URL()}}
	}}
	sentinel = kind{"Sentinel", func(t testing.TB) Options { return ofSentinels(shared(t, sharedSentinel)) }}
	cluster  = kind{"Cluster", func(t testing.TB) Options { return ofCluster(shared(t, sharedCluster)) }}

	kinds = []kind{single, sentinel, cluster}
)

func ofSentinels(s *redistest.Sentinels) Options {
	return Options{URLs: s.URLs(), Sentinel: redistest.MasterName}
}

func ofCluster(n *redistest.Nodes) Options { return Options{URLs: n.URLs(), Cluster: true} }

// open opens a store that is closed with the test.
func open(t testing.TB, o Options) *Store {
	t.Helper()
	store, _ := openLogging(t, o)
	return store
}

// openLogging opens a store and returns what it logs too.
func openLogging(t testing.TB, o Options) (*Store, *log) {
	t.Helper()
	log := &log{}
	store, err := Open(o, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store, log
}

// log collects what is logged.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
