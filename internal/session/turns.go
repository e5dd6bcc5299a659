package session

import "sync"

// turns lets one request at a time ask the store for a session that was seen
// before. A session has no lock of its own: there are many, and few are asked
// for at a time.
type turns struct {
	mu    sync.Mutex
	taken map[*Session]*turn
}

type turn struct {
	sync.Mutex
	users int // who has it or waits for it
}

// try takes the turn of a session unless somebody has it or waits for it.
func (t *turns) try(s *Session) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.taken[s] != nil {
		return false
	}
	t.join(s).Lock() // nobody else knows it yet
	return true
}

// take takes the turn of a session, and waits until it is free.
func (t *turns) take(s *Session) {
	t.mu.Lock()
	own := t.join(s)
	t.mu.Unlock()
	own.Lock()
}

func (t *turns) join(s *Session) *turn {
	if t.taken == nil {
		t.taken = make(map[*Session]*turn)
	}
	own := t.taken[s]
	if own == nil {
		own = new(turn)
		t.taken[s] = own
	}
	own.users++
	return own
}

// end gives the turn of a session to whoever waits for it.
func (t *turns) end(s *Session) {
	t.mu.Lock()
	defer t.mu.Unlock()
	own := t.taken[s]
	own.Unlock()
	if own.users--; own.users == 0 {
		delete(t.taken, s)
	}
}
