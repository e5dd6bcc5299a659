package txstore

import (
	"context"
	"fmt"
	"sync"

	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/store/registry"
)

// formatVersion is that of the records. A store of a later one is refused.
const formatVersion = "1"

// Store implements the stores of signin, session, outbox, people, entry and
// account.
type Store struct {
	registry.Registry
	engine Engine

	mu        sync.Mutex
	onEnd     map[int]func(session.Key)
	onChange  map[int]func(session.Key)
	onWaiting map[int]func()
	nextHook  int
	claimed   map[string][]byte // keys of messages, by id; nobody else uses the engine
}

// Open makes a store of an engine and checks the version of what is in it.
// The store closes the engine.
func Open(engine Engine) (*Store, error) {
	err := engine.Update(func(tx Tx) error {
		switch version := tx.Get(meta, []byte("version")); {
		case version == nil:
			return tx.Put(meta, []byte("version"), []byte(formatVersion))
		case string(version) != formatVersion:
			return fmt.Errorf("the store has format %q, this program reads %q; start the version that wrote it", version, formatVersion)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	s := &Store{
		engine: engine, onEnd: make(map[int]func(session.Key)), onChange: make(map[int]func(session.Key)),
		onWaiting: make(map[int]func()), claimed: make(map[string][]byte),
	}
	s.Registry = registry.New(registryEngine{s})
	return s, nil
}

// Close closes the engine.
func (s *Store) Close() error { return s.engine.Close() }

// Health tells whether the store answers.
func (s *Store) Health(ctx context.Context) (warnings []string, err error) {
	return nil, s.view(ctx, func(Tx) error { return nil })
}

func (s *Store) view(ctx context.Context, f func(Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.engine.View(f)
}

func (s *Store) update(ctx context.Context, f func(Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.engine.Update(f)
}

// OnEnd implements session.Store.
func (s *Store) OnEnd(ended func(session.Key)) (cancel func()) { return hookUp(s, s.onEnd, ended) }

// OnChange implements session.Store.
func (s *Store) OnChange(changed func(session.Key)) (cancel func()) {
	return hookUp(s, s.onChange, changed)
}

func hookUp[F any](s *Store, hooks map[int]F, f F) (cancel func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	hook := s.nextHook
	s.nextHook++
	hooks[hook] = f
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(hooks, hook)
	}
}

func (s *Store) tellEnded(keys []session.Key) { s.tell(s.onEnd, keys) }

func (s *Store) tellChanged(keys []session.Key) { s.tell(s.onChange, keys) }

func (s *Store) tell(hooks map[int]func(session.Key), keys []session.Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range keys {
		for _, f := range hooks {
			f(key)
		}
	}
}
