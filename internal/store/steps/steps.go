package steps

import "context"

// Steps implements the stores of signin, session, token, people, access and account, and
// of outbox what is not about whose turn it is to send. It is safe for concurrent
// use.
type Steps struct {
	backend Backend
	hooks   *Hooks
	trial   *trial
}

// New makes the steps of a store, whose hooks are told of each.
func New(b Backend, h *Hooks) Steps { return Steps{b, h, new(trial)} }

// transact is Look or Change of a Backend.
type transact func(ctx context.Context, reads []Key, f Step) error

// run runs a step that returns nothing.
func run(ctx context.Context, in transact, reads []Key, step func(*tx)) error {
	return in(ctx, reads, func(backend Tx) (Draft, error) {
		t := &tx{backend: backend}
		step(t)
		return t.draft, t.err
	})
}

// result runs a step, and returns what it returns; the zero value with an error.
func result[R any](ctx context.Context, in transact, reads []Key, step func(*tx) R) (r R, err error) {
	r, _, err = results(ctx, in, reads, func(t *tx) (R, bool) { return step(t), true })
	return r, err
}

// results is result for two of them.
func results[A, B any](ctx context.Context, in transact, reads []Key, step func(*tx) (A, B)) (a A, b B, err error) {
	if err = run(ctx, in, reads, func(t *tx) { a, b = step(t) }); err != nil {
		return *new(A), *new(B), err
	}
	return a, b, nil
}
