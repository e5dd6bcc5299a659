// Package memstore keeps everything in memory: for tests and trials. What it
// holds is gone when the process ends.
package memstore

import (
	"errors"
	"sync"

	"github.com/doorpost-auth/doorpost/internal/store/ordered"
	"github.com/tidwall/btree"
)

// ErrClosed is what transactions return after Close.
var ErrClosed = errors.New("the memory store is closed")

// buckets is a state of the store, and an ordered.Tx. A copy shares what neither changes.
type buckets map[ordered.Bucket]*btree.Map[string, []byte]

// engine implements ordered.Engine.
type engine struct {
	mu    sync.RWMutex
	state buckets // nil once closed
}

// New makes an empty store.
func New() (*ordered.Store, error) { return ordered.Open(newEngine()) }

func newEngine() *engine {
	state := make(buckets)
	for _, name := range ordered.Buckets() {
		state[name] = btree.NewMap[string, []byte](0)
	}
	return &engine{state: state}
}

func (e *engine) View(f func(ordered.Tx) error) error {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.state == nil {
		return ErrClosed
	}
	return f(e.state)
}

// Update works on a copy, which takes the place of the state if f succeeds.
func (e *engine) Update(f func(ordered.Tx) error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state == nil {
		return ErrClosed
	}
	next := make(buckets, len(e.state))
	for name, b := range e.state {
		next[name] = b.Copy()
	}
	if err := f(next); err != nil {
		return err
	}
	e.state = next
	return nil
}

func (e *engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.state = nil
	return nil
}

func (s buckets) Get(b ordered.Bucket, key []byte) []byte {
	value, _ := s[b].Get(string(key))
	return value
}

func (s buckets) Put(b ordered.Bucket, key, value []byte) error {
	s[b].Set(string(key), append([]byte{}, value...)) // never nil, which would be none
	return nil
}

func (s buckets) Delete(b ordered.Bucket, key []byte) error {
	s[b].Delete(string(key))
	return nil
}

func (s buckets) Scan(b ordered.Bucket, from []byte, f func(key, value []byte) bool) {
	s[b].Ascend(string(from), func(key string, value []byte) bool { return f([]byte(key), value) })
}
