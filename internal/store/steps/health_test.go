package steps

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorpost-auth/doorpost/internal/people"
)

// disk is a Backend that counts what is written, unless it has no room.
type disk struct {
	Backend // its other methods are not called
	full    error
	writes  int
}

func (s *disk) Change(_ context.Context, _ []Key, f Step) error {
	if _, err := f(&desk{}); err != nil {
		return err
	}
	if s.full != nil {
		return s.full
	}
	s.writes++
	return nil
}

func TestAStoreIsTriedSeldomAndAgainAfterAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		backend := &disk{}
		s := New(backend, &Hooks{})
		try := func(full error, writes int) {
			t.Helper()
			backend.full = full
			if err := s.TryWrite(t.Context()); !errors.Is(err, full) || backend.writes != writes {
				t.Errorf("trying to write: %v after %d writes, want %v after %d", err, backend.writes, full, writes)
			}
		}
		full := errors.New("no space left on device")
		try(nil, 1)
		try(nil, 1)
		time.Sleep(trialRest)
		try(nil, 2)
		time.Sleep(trialRest)
		try(full, 2)
		try(nil, 3)
		// Somebody who signs in meets the full disk before the next trial.
		step := func(fails error) error {
			return run(t.Context(), s.change("ask"), nil, func(tx *tx) { tx.fail(fails) })
		}
		_ = step(people.ErrUnknown) // a rule, which says nothing of the store
		try(nil, 3)
		backend.full = full
		_ = step(nil)
		try(full, 3)
	})
}

func TestAStepTellsWhetherTheStoreFailed(t *testing.T) {
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	broken := errors.New("connection refused")
	for name, c := range map[string]struct {
		ctx    context.Context
		err    error
		failed bool
	}{
		"done":                  {t.Context(), nil, false},
		"refused by a rule":     {t.Context(), fmt.Errorf("changing: %w", people.ErrUnknown), false},
		"no answer":             {t.Context(), broken, true},
		"no answer in time":     {late, late.Err(), true},
		"the caller went away":  {gone, gone.Err(), false},
		"nobody waits any more": {gone, broken, false},
	} {
		var ran Ran
		hooks := &Hooks{}
		hooks.OnRan(func(r Ran) { ran = r })
		s := New(&disk{full: c.err}, hooks)
		_ = run(c.ctx, s.change("ask"), nil, func(*tx) {})
		if ran.Step != "ask" || ran.Failed != c.failed {
			t.Errorf("%s: told of %+v", name, ran)
		}
	}
}
