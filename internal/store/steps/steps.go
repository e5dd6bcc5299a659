package steps

import "context"

// Steps implements the stores of signin, session, people, access and account, and
// of outbox what is not about whose turn it is to send. It is safe for concurrent
// use.
type Steps struct{ backend Backend }

// New makes the steps of a store.
func New(b Backend) Steps { return Steps{b} }

// change runs a step that changes something, and returns what it returns; the
// zero value with an error.
func change[R any](ctx context.Context, s Steps, reads []Key, step func(Tx) (R, error)) (result R, err error) {
	return run(func(f func(Tx) error) error { return s.backend.Change(ctx, reads, f) }, step)
}

// look runs a step that changes nothing.
func look[R any](ctx context.Context, s Steps, reads []Key, step func(Tx) (R, error)) (result R, err error) {
	return run(func(f func(Tx) error) error { return s.backend.Look(ctx, reads, f) }, step)
}

func run[R any](transact func(func(Tx) error) error, step func(Tx) (R, error)) (result R, err error) {
	err = transact(func(tx Tx) error {
		result, err = step(tx)
		return err
	})
	if err != nil {
		var none R
		return none, err
	}
	return result, nil
}
