// Package redisstore keeps everything in Redis, for several instances: a single
// server, one with sentinels, or a cluster.
//
// A step reads with one script and writes with another, which does nothing if
// what was read has changed. No script knows a rule: those are in package steps.
// All keys have one hash tag, so that in a cluster each script finds its keys on
// one node: a cluster serves to survive the loss of a node, not to spread the
// load, which is a fraction of what one node can do.
package redisstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/doorpost-auth/doorpost/internal/store/steps"
	"github.com/redis/go-redis/v9"
)

// Store implements the stores of signin, session, outbox, people, entry and
// account.
type Store struct {
	steps.Steps
	steps.Hooks
	client  redis.UniversalClient
	base    string // all keys begin with it, hash tag included
	timeout time.Duration
	copyOf  string // see Options
	logger  *slog.Logger
	broken  breaker

	stop    context.CancelFunc
	running sync.WaitGroup

	instance string // tells this store from those of other instances

	claiming sync.Mutex // held by the one claim that is made
	mu       sync.Mutex
	claimed  map[string]string // places of messages in the stream, by id
	refused  error             // why this server cannot be used, if it cannot

	beforeCommit func() // for tests: between reading and writing
}

// The client prints failures to dial to the terminal, past every logger. Each
// of them comes back as an error of an operation too, which is logged.
func init() { redis.SetLogger(mute{}) }

type mute struct{}

func (mute) Printf(context.Context, string, ...any) {}

// Open makes a store. A server that refuses us, or that is too old, is an
// error; one that does not answer is not: it may be back in a moment, and until
// then each operation says that it is not there.
func Open(o Options, logger *slog.Logger) (*Store, error) {
	p, err := o.parse()
	if err != nil {
		return nil, fmt.Errorf("store redis: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Store{
		client: p.client(), base: p.prefix + "{1}:", timeout: p.timeout, copyOf: o.CopyOf, logger: logger, stop: stop,
		instance: rand.Text(), claimed: make(map[string]string),
	}
	s.Steps = steps.New(backend{s}, &s.Hooks)
	err = s.inspect(ctx)
	if unusable := (*unusableError)(nil); errors.As(err, &unusable) {
		return nil, errors.Join(fmt.Errorf("store redis: %w", err), s.Close())
	}
	if err != nil {
		logger.Error("store redis does not answer; people can sign in as soon as it does", "error", err)
		s.running.Go(func() { s.inspectUntilUsable(ctx) })
	}
	s.running.Go(func() { s.listen(ctx) })
	return s, nil
}

// Close ends all connections.
func (s *Store) Close() error {
	s.stop()
	err := s.client.Close()
	s.running.Wait()
	return err
}

// run runs a script. After ErrUncertain it is not known whether it was done: it
// may be run again if doing it twice is doing it once.
func (s *Store) run(ctx context.Context, step script, arguments ...any) (any, error) {
	return s.guarded(ctx, func(ctx context.Context) (any, error) { return s.eval(ctx, step, arguments...) })
}

// mostTexts is how many keys are read at a time. It keeps the server from being
// busy with one call for long.
const mostTexts = 1000

// texts reads records as they are kept; empty for those that are not there.
func (s *Store) texts(ctx context.Context, keys []steps.Key) ([]string, error) {
	texts := make([]string, 0, len(keys))
	for few := range slices.Chunk(keys, mostTexts) {
		names := make([]string, len(few))
		for i, k := range few {
			names[i] = s.name(k)
		}
		raw, err := s.guarded(ctx, func(ctx context.Context) (any, error) { return s.client.MGet(ctx, names...).Result() })
		if err != nil {
			return nil, err
		}
		values, _ := raw.([]any)
		if len(values) != len(few) {
			return nil, fmt.Errorf("redis answers with %d texts where %d were asked for", len(values), len(few))
		}
		for _, value := range values {
			text, _ := value.(string)
			texts = append(texts, text)
		}
	}
	return texts, nil
}

// ids lists ids of a table that is listed, in their order, after one.
func (s *Store) ids(ctx context.Context, table steps.Table, after string, n int) (ids []string, err error) {
	for len(ids) < n {
		from := "-"
		if after != "" {
			from = "(" + after
		}
		few := min(n-len(ids), mostTexts)
		raw, err := s.guarded(ctx, func(ctx context.Context) (any, error) {
			return s.client.ZRangeByLex(ctx, s.base+string(table), &redis.ZRangeBy{Min: from, Max: "+", Count: int64(few)}).Result()
		})
		if err != nil {
			return nil, err
		}
		found, _ := raw.([]string)
		if ids = append(ids, found...); len(found) < few {
			return ids, nil
		}
		after = found[len(found)-1]
	}
	return ids, nil
}

// guarded does one operation within its time, unless the server is known not
// to answer.
func (s *Store) guarded(ctx context.Context, do func(context.Context) (any, error)) (any, error) {
	if err := s.usable(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	done, err := s.broken.enter()
	if err != nil {
		return nil, err
	}
	bounded, cancel := s.bounded(ctx)
	defer cancel()
	began := time.Now()
	result, err := do(bounded)
	if errors.Is(err, redis.Nil) {
		err = nil
	}
	switch {
	case err == nil || isAnswer(err):
		done(answered)
	case hungUp(ctx) && time.Since(began) < s.timeout: // says nothing of the server
	default:
		done(silent)
	}
	if redis.IsClusterDownError(err) || err != nil && !isAnswer(err) {
		s.lookAround()
	}
	if err != nil {
		return nil, describe(err)
	}
	return result, nil
}

// hungUp reports whether the caller waits no more. What is on the wire may end
// by the deadline a moment before the context does.
func hungUp(ctx context.Context) bool {
	deadline, limited := ctx.Deadline()
	return ctx.Err() != nil || limited && !time.Now().Before(deadline)
}

// lookAround makes the client of a cluster learn anew who serves what. By
// itself it does so when a node sends it elsewhere, which a dead one does not.
func (s *Store) lookAround() {
	if cluster, ok := s.client.(*redis.ClusterClient); ok {
		cluster.ReloadState(context.Background()) // in the background, and once at a time
	}
}

func (s *Store) usable() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused
}
