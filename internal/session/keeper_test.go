package session

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/fault"
	"github.com/doorpost-auth/doorpost/internal/keys"
)

// scriptedStore is a store that answers as a test wants it to.
type scriptedStore struct {
	Store
	mu      sync.Mutex
	records map[Key]Record
	down    bool
	looks   int
	touches int
	onLook  func()
	ended   func(Key)
}

var errDown = errors.New("connection refused")

func (s *scriptedStore) Session(_ context.Context, key Key, now time.Time) (Record, bool, error) {
	s.mu.Lock()
	s.looks++
	record, found := s.records[key]
	down, onLook := s.down, s.onLook
	s.mu.Unlock()
	if onLook != nil {
		onLook()
	}
	if down {
		return Record{}, false, errDown
	}
	return record, found && record.Expires.After(now), nil
}

func (s *scriptedStore) Touch(_ context.Context, key Key, seen, expires time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return errDown
	}
	s.touches++
	if record, found := s.records[key]; found {
		record.Seen, record.Expires = seen, expires
		s.records[key] = record
	}
	return nil
}

func (s *scriptedStore) End(_ context.Context, _ address.Address, key Key) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.records, key)
	s.ended(key)
	return nil
}

func (s *scriptedStore) EndAll(context.Context, address.Address, Key) error { return nil }

func (s *scriptedStore) Sessions(context.Context, address.Address, time.Time) ([]Entry, error) {
	return nil, nil
}

func (s *scriptedStore) AllSessions(context.Context, address.Address, int, time.Time) ([]Entry, address.Address, error) {
	return nil, "", nil
}

func (s *scriptedStore) OnChange(func(Key)) func() { return func() {} }

func (s *scriptedStore) OnEnd(ended func(Key)) func() {
	s.ended = ended
	return func() {}
}

// keep is a keeper with one session in its store, and a clock to turn.
type keep struct {
	*Keeper
	store  *scriptedStore
	cookie *Cookie
	value  string
	key    Key
	clock  time.Time
}

var testLimits = Limits{Idle: 7 * 24 * time.Hour, Absolute: 30 * 24 * time.Hour, Grace: 5 * time.Minute}

func newKeep(t *testing.T) *keep {
	t.Helper()
	ring, err := keys.NewRing(keys.Generate())
	if err != nil {
		t.Fatal(err)
	}
	k := &keep{clock: time.Now(), store: &scriptedStore{records: make(map[Key]Record)}}
	cache := NewCache(1000)
	k.store.OnEnd(cache.End)
	k.Keeper = NewKeeper(k.store, cache, testLimits, slog.New(slog.DiscardHandler))
	k.now = func() time.Time { return k.clock }
	k.cookie = NewCookie(ring, CookieOptions{Scope: "https://app.example.com", Secure: true, Lifetime: testLimits.Absolute})
	id := NewID()
	k.key = id.Key()
	issued, err := k.cookie.Issue(id)
	if err != nil {
		t.Fatal(err)
	}
	k.value = issued.Value
	k.store.records[k.key] = Record{
		Address: "alice@example.com", Scope: "https://app.example.com", SignedIn: k.clock, Seen: k.clock, Expires: testLimits.Expiry(k.clock, k.clock),
	}
	return k
}

func (k *keep) find(t *testing.T) (*Session, error) {
	t.Helper()
	return k.Find(t.Context(), k.cookie, k.value)
}

func (k *keep) mustFind(t *testing.T) *Session {
	t.Helper()
	s, err := k.find(t)
	if err != nil || s == nil {
		t.Fatalf("the session is not found: %v, %v", s, err)
	}
	return s
}

func (k *keep) mustNotFind(t *testing.T) {
	t.Helper()
	if s, err := k.find(t); err != nil || s != nil {
		t.Fatalf("a session is found that should not be: %+v, %v", s, err)
	}
}

func TestASessionIsLookedUpOncePerFreshness(t *testing.T) {
	k := newKeep(t)
	for range 10 {
		k.mustFind(t)
	}
	if k.store.looks != 1 {
		t.Fatalf("%d looks into the store for the first ten requests", k.store.looks)
	}
	k.clock = k.clock.Add(Freshness)
	k.mustFind(t)
	k.mustFind(t)
	if k.store.looks != 2 {
		t.Fatalf("%d looks into the store after the freshness was over", k.store.looks)
	}
}

func TestAnEndedSessionIsGoneAtOnceAndStaysSoWhileTheStoreIsDown(t *testing.T) {
	k := newKeep(t)
	k.mustFind(t)
	if err := k.store.End(t.Context(), "alice@example.com", k.key); err != nil {
		t.Fatal(err)
	}
	k.mustNotFind(t)
	k.store.down = true
	if s, err := k.find(t); s != nil || fault.KindOf(err) != fault.Unavailable {
		t.Fatalf("while the store is down an ended session is %v, %v", s, err)
	}
}

func TestALookThatAnEndOvertakesIsNotRemembered(t *testing.T) {
	k := newKeep(t)
	k.store.onLook = func() {
		k.store.onLook = nil
		delete(k.store.records, k.key)
		k.store.ended(k.key)
	}
	if _, err := k.find(t); err != nil { // the answer of the store was older than the end
		t.Fatal(err)
	}
	k.mustNotFind(t)
}

func TestAReviewThatAnEndOvertakesIsNotRemembered(t *testing.T) {
	k := newKeep(t)
	k.mustFind(t)
	k.clock = k.clock.Add(Freshness)
	k.store.onLook = func() {
		k.store.onLook = nil
		delete(k.store.records, k.key)
		k.store.ended(k.key)
	}
	if _, err := k.find(t); err != nil {
		t.Fatal(err)
	}
	k.mustNotFind(t)
}

func TestSessionsThatWereSeenGoOnWhileTheStoreIsDownForTheGraceOnly(t *testing.T) {
	k := newKeep(t)
	k.mustFind(t)
	start := k.clock
	k.store.down = true
	for k.clock.Sub(start) < testLimits.Grace-time.Second {
		k.mustFind(t)
		k.clock = k.clock.Add(20 * time.Second)
	}
	k.clock = start.Add(testLimits.Grace + time.Second)
	if s, err := k.find(t); s != nil || fault.KindOf(err) != fault.Unavailable {
		t.Fatalf("after the grace the session is %v, %v", s, err)
	}
	k.store.down = false
	k.mustFind(t)
}

func TestASessionThatWasNotSeenHasNoGrace(t *testing.T) {
	k := newKeep(t)
	k.store.down = true
	if s, err := k.find(t); s != nil || fault.KindOf(err) != fault.Unavailable {
		t.Fatalf("an unknown session is %v, %v", s, err)
	}
}

func TestDuringTheGraceTheStoreIsNotAskedOnEveryRequest(t *testing.T) {
	k := newKeep(t)
	k.mustFind(t)
	k.store.down = true
	k.clock = k.clock.Add(time.Minute)
	before := k.store.looks
	for range 100 {
		k.mustFind(t)
	}
	if asked := k.store.looks - before; asked != 1 {
		t.Errorf("the store was asked %d times within one instant, want once", asked)
	}
	for _, step := range []time.Duration{retryInterval, -time.Hour} { // the clock may be set back
		k.clock = k.clock.Add(step)
		before = k.store.looks
		k.mustFind(t)
		if k.store.looks != before+1 {
			t.Errorf("%s later the store was asked %d times, want once", step, k.store.looks-before)
		}
	}
}

func TestIdleAndAbsoluteLimitsAreKeptHere(t *testing.T) {
	k := newKeep(t)
	start := k.clock
	for k.clock.Sub(start) < testLimits.Absolute-24*time.Hour { // steady use slides
		k.mustFind(t)
		k.clock = k.clock.Add(24 * time.Hour)
	}
	if k.store.touches < 20 {
		t.Errorf("the use of the session was noted %d times in 29 days", k.store.touches)
	}
	k.clock = start.Add(testLimits.Absolute)
	k.mustNotFind(t)

	k = newKeep(t)
	k.mustFind(t)
	k.clock = k.clock.Add(testLimits.Idle)
	k.mustNotFind(t)
}

func TestNarrowerLimitsHoldForOldSessions(t *testing.T) {
	k := newKeep(t)
	k.limits.Idle = time.Hour
	k.clock = k.clock.Add(2 * time.Hour)
	k.mustNotFind(t)
}

func TestASessionOfTheFutureDoesNotCount(t *testing.T) {
	k := newKeep(t)
	k.clock = k.clock.Add(-clockTolerance - time.Second)
	k.mustNotFind(t)
	k.clock = k.clock.Add(2 * time.Second)
	k.mustFind(t)
}

func TestASessionOutlastsAClockThatIsSetBackSomeMinutes(t *testing.T) {
	for back := time.Second; back < 5*time.Minute; back += 30 * time.Second {
		for _, known := range []bool{false, true} { // to this process
			k := newKeep(t)
			if known {
				k.mustFind(t)
			}
			k.clock = k.clock.Add(-back)
			k.mustFind(t)
			k.clock = k.clock.Add(back)
			k.mustFind(t)
		}
	}
}

func TestASessionOfAnotherScopeDoesNotCount(t *testing.T) {
	k := newKeep(t)
	record := k.store.records[k.key]
	record.Scope = "https://other.example.com"
	k.store.records[k.key] = record
	k.mustNotFind(t)
}

func TestACookieWhoseSecretWasDroppedDoesNotCountThoughItsSessionIsRemembered(t *testing.T) {
	k := newKeep(t)
	k.mustFind(t)
	k.cookie = NewCookie(newRing(t, keys.Generate()), CookieOptions{Scope: "https://app.example.com", Secure: true, Lifetime: testLimits.Absolute})
	k.mustNotFind(t)
}

func TestTheCacheIsBounded(t *testing.T) {
	c := NewCache(320)
	for range 5000 {
		id := NewID()
		c.put(&Session{Key: id.Key(), name: cookieName(id)}, 0)
	}
	sessions := 0
	for i := range c.shards {
		sessions += len(c.shards[i].byName)
	}
	if sessions > 320 || sessions < 100 {
		t.Errorf("the cache holds %d sessions", sessions)
	}
}

func TestTheCacheTakesAnotherSizeAndKeepsWhatHasRoom(t *testing.T) {
	c := NewCache(6400)
	var all []*Session
	for range 3200 {
		id := NewID()
		s := &Session{Key: id.Key(), name: cookieName(id)}
		c.put(s, 0)
		all = append(all, s)
	}
	remembered := func() (n int) {
		for _, s := range all {
			switch c.get(s.name) {
			case s:
				n++
			case nil:
			default:
				t.Fatal("a name finds another session")
			}
		}
		return n
	}
	c.Resize(12800)
	if n := remembered(); n != len(all) {
		t.Errorf("a larger cache remembers %d of %d", n, len(all))
	}
	c.Resize(320)
	if n := remembered(); n != 320 {
		t.Errorf("a cache for 320 remembers %d", n)
	}
	for _, s := range all {
		c.put(s, 0)
	}
	if n := remembered(); n != 320 {
		t.Errorf("a cache for 320 remembers %d after %d more", n, len(all))
	}
	for _, s := range all {
		c.End(s.Key)
	}
	if n := remembered(); n != 0 {
		t.Errorf("%d are remembered after their end", n)
	}
}

func TestDistrustMakesEverySessionBeLookedUpAgain(t *testing.T) {
	k := newKeep(t)
	k.mustFind(t)
	k.cache.Distrust()
	delete(k.store.records, k.key)
	k.mustNotFind(t)
}

func TestADoubtedSessionHasItsGraceWhileTheStoreIsDown(t *testing.T) {
	k := newKeep(t)
	k.mustFind(t)
	k.store.down = true
	k.cache.Distrust()
	k.mustFind(t)
	k.store.down = false
	k.cache.Distrust()
	delete(k.store.records, k.key)
	k.mustNotFind(t)
}

func TestASessionTellsHowTheAddressWasProven(t *testing.T) {
	for method, want := range map[Method]Method{ByMail: ByMail, ByRecovery: ByRecovery, "of a later version": ByMail} {
		k := newKeep(t)
		record := k.store.records[k.key]
		record.Method = method
		k.store.records[k.key] = record
		if got := k.mustFind(t).Method(); got != want {
			t.Errorf("%q is %q, want %q", method, got, want)
		}
	}
}
