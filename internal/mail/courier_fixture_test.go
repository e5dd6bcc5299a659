package mail

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/memstore"
	"github.com/doorpost-auth/doorpost/internal/store/ordered"
)

// flakyStore is a real store that a test can make fail.
type flakyStore struct {
	*ordered.Store
	mu      sync.Mutex
	fails   bool // before anything is done
	forgets bool // to answer: it does the work and returns an error
	failed  int
}

var errStoreDown = errors.New("the store does not answer")

func newStore(t *testing.T) *flakyStore {
	t.Helper()
	store, err := memstore.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return &flakyStore{Store: store}
}

func (s *flakyStore) set(fails, forgets bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fails, s.forgets = fails, forgets
}

func (s *flakyStore) faults() (fails, forgets bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails || s.forgets {
		s.failed++
	}
	return s.fails, s.forgets
}

func (s *flakyStore) failures() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

func (s *flakyStore) Claim(ctx context.Context, n int) ([]outbox.Message, error) {
	if fails, _ := s.faults(); fails {
		return nil, errStoreDown
	}
	return s.Store.Claim(ctx, n)
}

func (s *flakyStore) Change(ctx context.Context, id string, once outbox.Once, change func(*outbox.Message) error) (outbox.Message, error) {
	fails, forgets := s.faults()
	if fails {
		return outbox.Message{}, errStoreDown
	}
	m, err := s.Store.Change(ctx, id, once, change)
	if forgets && err == nil {
		return outbox.Message{}, errStoreDown
	}
	return m, err
}

// put stores a new message with the given time to live, changed by change.
func put(t *testing.T, store *flakyStore, life time.Duration, changes ...func(*outbox.Message)) string {
	t.Helper()
	now := time.Now()
	m := outbox.Message{
		ID: NewID(), Kind: outbox.Invite, To: address.Address("alice@example.org"), Origin: "https://app.example.com",
		Sealed: []byte("sealed"), Created: now, Deadline: now.Add(life), State: outbox.Queued, Since: now, Due: now,
	}
	for _, change := range changes {
		change(&m)
	}
	link := signin.Link{Purpose: signin.ToAsk, Address: m.To, Expires: m.Deadline}
	if _, err := store.Promise(context.Background(), signin.Promised{Now: now, Link: link, Message: m}); err != nil {
		t.Fatal(err)
	}
	return m.ID
}

// look returns a message as it is in the store.
func look(t *testing.T, store outbox.Store, id string) outbox.Message {
	t.Helper()
	m, found, err := store.Message(context.Background(), id)
	if err != nil || !found {
		t.Fatalf("message %s: found %t, %v", id, found, err)
	}
	return m
}

// claimable is how many messages nobody has claimed. It claims them.
func claimable(t *testing.T, store outbox.Store) int {
	t.Helper()
	list, err := store.Claim(context.Background(), 10_000)
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func writeValid(m outbox.Message) (Message, error) {
	message := validMessage()
	message.ID, message.To = m.ID, string(m.To)
	return message, nil
}

// watch collects what a courier reports and logs.
type watch struct {
	mu     sync.Mutex
	states []outbox.Message
	log    bytes.Buffer
}

func (w *watch) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(p)
}

func (w *watch) logged() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.String()
}

func (w *watch) seen() []outbox.Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]outbox.Message(nil), w.states...)
}

func (w *watch) add(m outbox.Message) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.states = append(w.states, m)
}

// courier starts one; it is closed at the end of the test.
func (w *watch) courier(t *testing.T, store outbox.Store, mailer Mailer, o CourierOptions) *Courier {
	t.Helper()
	o.OnState = w.add
	c := NewCourier(store, mailer, writeValid, slog.New(slog.NewTextHandler(w, nil)), o)
	c.Start()
	t.Cleanup(func() { closeWithin(c, time.Minute) })
	return c
}

func closeWithin(c *Courier, d time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	c.Close(ctx)
}
