package steps

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/doorpost-auth/doorpost/internal/fault"
)

// trialKey is what a trial writes. It ends before anybody copies it.
var trialKey = Key{about, "trial"}

const (
	trialSize = 64 << 10 // bytes: more than a sign-in adds to a file
	trialLife = closeToEnd / 2
	trialRest = 30 * time.Second // spares a disk that wears out
)

// trial is when the store took a trial last; nil says that it has to be tried now. It is a time
// of this process, so that a clock that is set back puts no trial off.
type trial struct{ passed atomic.Pointer[time.Time] }

// TryWrite fails where nothing can be written, although the store answers: a disk or a
// memory is full, or a server has too few replicas. It writes for that, but not within half a
// minute after that worked, unless a step failed since.
func (s Steps) TryWrite(ctx context.Context) error {
	if passed := s.trial.passed.Load(); passed != nil && time.Since(*passed) < trialRest {
		return nil
	}
	some := make([]byte, trialSize)
	_, _ = rand.Read(some) // it never fails; and a file system cannot compress it
	now := time.Now()
	err := run(ctx, s.change("trial"), nil, func(t *tx) {
		t.draft.Put(trialKey, Record{Value: some, Until: now.Add(trialLife)})
	})
	if err != nil {
		return fmt.Errorf("trying to write: %w", err)
	}
	s.trial.passed.Store(&now)
	return nil
}

// storeFailed reports whether a step failed because the store did not do its part. An error
// that has a kind is a refusal, and a caller who went away says nothing of the store.
func storeFailed(ctx context.Context, err error) bool {
	kind := fault.KindOf(err)
	return err != nil && (kind == fault.Internal || kind == fault.Unavailable) && !errors.Is(ctx.Err(), context.Canceled)
}
