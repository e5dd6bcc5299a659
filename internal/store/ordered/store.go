package ordered

import (
	"context"
	"fmt"
	"sync"

	"github.com/doorpost-auth/doorpost/internal/store/steps"
)

// formatVersion is that of the records. A store of another one is refused.
const formatVersion = "2"

// Store implements the stores of signin, session, outbox, people, entry and
// account.
type Store struct {
	steps.Steps
	steps.Hooks
	engine Engine

	mu      sync.Mutex
	claimed map[string]bool // ids of messages; nobody else uses the engine
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
	s := &Store{engine: engine, claimed: make(map[string]bool)}
	s.Steps = steps.New(backend{s}, &s.Hooks)
	return s, nil
}

// Close closes the engine.
func (s *Store) Close() error { return s.engine.Close() }

// Health reports whether the store answers.
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
