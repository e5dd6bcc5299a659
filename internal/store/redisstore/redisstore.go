// Package redisstore keeps everything in Redis, for several instances: a single
// server, one with sentinels, or a cluster.
//
// What must be one step is one script. All keys have one hash tag, so that in a
// cluster each script finds its keys on one node: a cluster serves to survive
// the loss of a node, not to spread the load, which is a fraction of what one
// node can do.
package redisstore

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/registry"
	"github.com/redis/go-redis/v9"
)

// Store implements the stores of signin, session, outbox, people, entry and
// account.
type Store struct {
	registry.Registry
	client  redis.UniversalClient
	base    string // all keys begin with it, hash tag included
	timeout time.Duration
	logger  *slog.Logger
	broken  breaker
	wire    wire

	stop    context.CancelFunc
	running sync.WaitGroup

	instance string // tells this store from those of other instances

	claiming  sync.Mutex // held by the one claim that is made
	mu        sync.Mutex
	onEnd     map[int]func(session.Key)
	onChange  map[int]func(session.Key)
	onDoubt   map[int]func()
	onWaiting map[int]func()
	nextHook  int
	claimed   map[string]string // places of messages in the stream, by id
	refused   error             // why this server cannot be used, if it cannot
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
		client: p.client(), base: p.prefix + "{1}:", timeout: p.timeout, logger: logger, stop: stop,
		instance: rand.Text(), claimed: make(map[string]string),
		onEnd: make(map[int]func(session.Key)), onChange: make(map[int]func(session.Key)), onDoubt: make(map[int]func()), onWaiting: make(map[int]func()),
	}
	s.Registry = registry.New(engine{s})
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

// run runs a step. Whoever is told ErrUncertain does not know whether it was
// done: it may be repeated if doing it twice is doing it once.
func (s *Store) run(ctx context.Context, step script, argument any) (any, error) {
	encoded, err := json.Marshal(argument)
	if err != nil {
		return nil, fmt.Errorf("writing a step: %w", err)
	}
	return s.runPacked(ctx, step, encoded)
}

// runPacked is run with arguments that the script reads as they are.
func (s *Store) runPacked(ctx context.Context, step script, arguments ...any) (any, error) {
	return s.guarded(ctx, func(ctx context.Context) (any, error) { return s.eval(ctx, step, arguments...) })
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

// hungUp tells whether the caller waits no more. What is on the wire may end
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

// addHook keeps a function that is called until it is cancelled.
func (s *Store) addHook(add func(hook int), remove func(hook int)) (cancel func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	hook := s.nextHook
	s.nextHook++
	add(hook)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		remove(hook)
	}
}

// encode writes a key as it stands in Redis and in JSON.
func encode(key []byte) string { return base64.RawURLEncoding.EncodeToString(key) }

// encodeLink writes the key of a link. Half of the hash tells links apart.
func encodeLink(key signin.LinkKey) string { return encode(key[:16]) }

// encodeBrowser writes the key of a browser as the JSON of a person has it.
func encodeBrowser(key signin.BrowserKey) string { return base64.StdEncoding.EncodeToString(key[:]) }

func decodeKey(encoded string) (key session.Key, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil || len(raw) != len(key) {
		return key, false
	}
	return session.Key(raw), true
}
