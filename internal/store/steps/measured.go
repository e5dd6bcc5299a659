package steps

import (
	"context"
	"time"
)

// Ran is how long a step took, be it in vain, with all times that it was run again.
type Ran struct {
	Step   string // its name in metrics
	Took   time.Duration
	Failed bool // because the store did not do its part, and not for a rule
}

// look is Look of the backend, for the step with a name.
func (s Steps) look(step string) transact { return s.measured(step, s.backend.Look) }

// change is Change of the backend, for the step with a name.
func (s Steps) change(step string) transact { return s.measured(step, s.backend.Change) }

func (s Steps) measured(step string, in transact) transact {
	return func(ctx context.Context, reads []Key, f Step) error {
		return s.Measure(ctx, step, func() error { return in(ctx, reads, f) })
	}
}

// Measure does a step, and tells how it went. Stores call it for what they do themselves.
func (s Steps) Measure(ctx context.Context, step string, do func() error) error {
	begun := time.Now()
	err := do()
	failed := storeFailed(ctx, err)
	if failed {
		s.trial.passed.Store(nil)
	}
	s.hooks.ran.tell(Ran{step, time.Since(begun), failed})
	return err
}
