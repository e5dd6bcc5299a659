package steps

import (
	"sync"

	"github.com/doorpost-auth/doorpost/internal/session"
)

// Hooks are the functions that want to be told what a store did. Stores embed
// them. The zero Hooks is ready for use, and safe for concurrent use.
type Hooks struct {
	ended, changed   hooks[session.Key]
	waiting, doubted hooks[struct{}]
	ran              hooks[Ran]
}

// OnEnd implements session.Store.
func (h *Hooks) OnEnd(f func(session.Key)) (cancel func()) { return h.ended.add(f) }

// OnChange implements session.Store.
func (h *Hooks) OnChange(f func(session.Key)) (cancel func()) { return h.changed.add(f) }

// OnWaiting implements outbox.Store.
func (h *Hooks) OnWaiting(f func()) (cancel func()) { return h.waiting.add(func(struct{}) { f() }) }

// OnDoubt calls a function whenever word of ended and changed sessions may have
// been missed.
func (h *Hooks) OnDoubt(f func()) (cancel func()) { return h.doubted.add(func(struct{}) { f() }) }

// OnRan calls a function after each step.
func (h *Hooks) OnRan(f func(Ran)) (cancel func()) { return h.ran.add(f) }

// TellEnded tells of a session that ended.
func (h *Hooks) TellEnded(key session.Key) { h.ended.tell(key) }

// TellChanged tells of a session that changed.
func (h *Hooks) TellChanged(key session.Key) { h.changed.tell(key) }

// TellWaiting tells that a message waits.
func (h *Hooks) TellWaiting() { h.waiting.tell(struct{}{}) }

// TellDoubt tells that word may have been missed.
func (h *Hooks) TellDoubt() { h.doubted.tell(struct{}{}) }

// hooks are the functions that want to be told of one kind of thing.
type hooks[T any] struct {
	mu  sync.Mutex
	all map[*func(T)]bool
}

func (h *hooks[T]) add(f func(T)) (cancel func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.all == nil {
		h.all = make(map[*func(T)]bool)
	}
	h.all[&f] = true
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.all, &f)
	}
}

func (h *hooks[T]) tell(of T) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for f := range h.all {
		(*f)(of)
	}
}
