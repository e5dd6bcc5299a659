package steps

import (
	"context"
	"time"
)

// Ran is how long a step took, be it in vain, with all times that it was run again.
type Ran struct {
	Kind string // Looked or Changed
	Took time.Duration
}

// The kinds of steps: those that only read, and those that may write.
const (
	Looked  = "look"
	Changed = "change"
)

// measured is a Backend that tells how long each step took.
type measured struct {
	Backend
	hooks *Hooks
}

func (m measured) Look(ctx context.Context, reads []Key, f Step) error {
	defer m.tell(Looked, time.Now())
	return m.Backend.Look(ctx, reads, f)
}

func (m measured) Change(ctx context.Context, reads []Key, f Step) error {
	defer m.tell(Changed, time.Now())
	return m.Backend.Change(ctx, reads, f)
}

func (m measured) tell(kind string, begun time.Time) { m.hooks.ran.tell(Ran{kind, time.Since(begun)}) }
