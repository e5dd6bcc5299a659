package steps

import (
	"sync"

	"github.com/doorpost-auth/doorpost/internal/session"
)

// Hooks are the functions that want to be told what a store did. Stores embed
// them. The zero Hooks is ready for use, and safe for concurrent use.
type Hooks struct {
	mu      sync.Mutex
	next    int
	ended   map[int]func(session.Key)
	changed map[int]func(session.Key)
	waiting map[int]func()
	doubted map[int]func()
}

// OnEnd implements session.Store.
func (h *Hooks) OnEnd(ended func(session.Key)) (cancel func()) { return hook(h, &h.ended, ended) }

// OnChange implements session.Store.
func (h *Hooks) OnChange(changed func(session.Key)) (cancel func()) {
	return hook(h, &h.changed, changed)
}

// OnWaiting implements outbox.Store.
func (h *Hooks) OnWaiting(f func()) (cancel func()) { return hook(h, &h.waiting, f) }

// OnDoubt calls a function whenever word of ended and changed sessions may have
// been missed.
func (h *Hooks) OnDoubt(doubted func()) (cancel func()) { return hook(h, &h.doubted, doubted) }

func hook[F any](h *Hooks, hooks *map[int]F, f F) (cancel func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if *hooks == nil {
		*hooks = make(map[int]F)
	}
	id := h.next
	h.next++
	(*hooks)[id] = f
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(*hooks, id)
	}
}

// TellEnded tells of a session that ended.
func (h *Hooks) TellEnded(key session.Key) { tell(h, &h.ended, func(f func(session.Key)) { f(key) }) }

// TellChanged tells of a session that changed.
func (h *Hooks) TellChanged(key session.Key) {
	tell(h, &h.changed, func(f func(session.Key)) { f(key) })
}

// TellWaiting tells that a message waits.
func (h *Hooks) TellWaiting() { tell(h, &h.waiting, func(f func()) { f() }) }

// TellDoubt tells that word may have been missed.
func (h *Hooks) TellDoubt() { tell(h, &h.doubted, func(f func()) { f() }) }

func tell[F any](h *Hooks, hooks *map[int]F, call func(F)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, f := range *hooks {
		call(f)
	}
}
