package ordered

import (
	"crypto/rand"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/steps"
)

// mapEngine is an engine for tests that look inside: one map, one lock.
type mapEngine struct {
	mu      sync.Mutex
	state   map[Bucket]map[string][]byte
	updates int
	// beforeUpdate, if any, runs before each change.
	beforeUpdate func()
}

func (e *mapEngine) View(f func(Tx) error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return f(e)
}

func (e *mapEngine) Update(f func(Tx) error) error {
	e.mu.Lock()
	before := e.beforeUpdate
	e.beforeUpdate = nil
	e.mu.Unlock()
	if before != nil {
		before()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.updates++
	return f(e)
}

func (e *mapEngine) Close() error { return nil }

func (e *mapEngine) Get(b Bucket, key []byte) []byte { return e.state[b][string(key)] }

func (e *mapEngine) Put(b Bucket, key, value []byte) error {
	e.state[b][string(key)] = append([]byte{}, value...)
	return nil
}

func (e *mapEngine) Delete(b Bucket, key []byte) error {
	delete(e.state[b], string(key))
	return nil
}

func (e *mapEngine) Scan(b Bucket, from []byte, f func(key, value []byte) bool) {
	for _, key := range slices.Sorted(maps.Keys(e.state[b])) {
		if key >= string(from) && !f([]byte(key), e.state[b][key]) {
			return
		}
	}
}

func (e *mapEngine) size(t steps.Table) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.state[Bucket(t)])
}

func newTestStore(t *testing.T) (*Store, *mapEngine) {
	t.Helper()
	e := &mapEngine{state: make(map[Bucket]map[string][]byte)}
	for _, b := range Buckets() {
		e.state[b] = make(map[string][]byte)
	}
	s, err := Open(e)
	must(t, err)
	return s, e
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const linkLife = 10 * time.Minute

// signInAt asks twice and redeems a link, and asks once more: it leaves three
// links of which one is open, a request, a session, a person and counts, and of
// three messages two that wait.
func signInAt(t *testing.T, s *Store, who address.Address, now time.Time) (session.Key, signin.BrowserKey) {
	t.Helper()
	hourly := limit.Rule{Max: 100, Window: time.Hour}
	a := signin.Asking{
		Now: now, Browser: signin.NewBrowser().Key(),
		Request: signin.Request{Address: who, Origin: "https://a.example.com", Asked: now, Expires: now.Add(linkLife)},
		Client:  limit.Use{Name: string(who), Rule: hourly}, Mailbox: limit.Use{Name: string(who), Rule: hourly}, Total: limit.Use{Rule: hourly},
		Admission: people.Admission{Ways: []people.Way{{Open: true}}},
	}
	ask := func() {
		rand.Read(a.Link[:])
		a.Message = outbox.Message{ID: rand.Text(), To: who, Created: now, State: outbox.Queued, Due: now}
		_, err := s.Ask(t.Context(), a)
		must(t, err)
	}
	ask()
	ask()
	key := session.NewID().Key()
	redeemed, err := s.RedeemLink(t.Context(), signin.Redemption{
		Origin: "https://a.example.com", Browser: a.Browser, Link: a.Link,
		Arrival: signin.Arrival{Now: now, Session: session.Entry{
			Key: key, Record: session.Record{SignedIn: now, Seen: now, Expires: now.Add(30 * time.Minute)},
		}},
	})
	must(t, err)
	if redeemed.Outcome != signin.SignedIn {
		t.Fatalf("the link has outcome %d", redeemed.Outcome)
	}
	_, err = s.Change(t.Context(), a.Message.ID, outbox.Once{}, func(m *outbox.Message) error {
		m.State, m.Due = outbox.Sent, time.Time{}
		return nil
	})
	must(t, err)
	ask() // for one that stays open
	return key, a.Browser
}
