package ordered

import (
	"context"
	"fmt"
	"sync"

	"github.com/doorpost-auth/doorpost/internal/store/steps"
)

// Store implements the stores of signin, session, outbox, people, entry and
// account.
type Store struct {
	steps.Steps
	steps.Hooks
	engine Engine

	mu      sync.Mutex
	claimed map[string]bool // ids of messages; nobody else uses the engine
}

// Open makes a store of an engine and checks the format of what is in it.
// The store closes the engine.
func Open(engine Engine) (*Store, error) { return OpenCopy(engine, "") }

// OpenCopy is Open for a store into which another one is copied, see steps.EnterFormat.
func OpenCopy(engine Engine, of string) (*Store, error) {
	err := engine.Update(func(tx Tx) error {
		stored, err := (&transaction{tx: tx}).Get(steps.FormatKey)
		if err != nil {
			return err
		}
		entered, err := steps.EnterFormat(stored, of)
		if err != nil || entered == nil {
			return err
		}
		var draft steps.Draft
		draft.Put(steps.FormatKey, steps.Record{Value: entered})
		return write(tx, draft)
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
