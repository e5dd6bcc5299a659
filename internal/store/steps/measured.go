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

// measured tells how the step went.
func (s Steps) measured(step string, in transact) transact {
	return func(ctx context.Context, reads []Key, f Step) error {
		begun := time.Now()
		err := in(ctx, reads, f)
		failed := storeFailed(ctx, err)
		if failed {
			s.trial.passed.Store(nil)
		}
		s.hooks.ran.tell(Ran{step, time.Since(begun), failed})
		return err
	}
}
