package ordered

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
	"github.com/doorpost-auth/doorpost/internal/store/steps"
	"go.uber.org/goleak"
)

// sizes are the numbers of records by bucket.
func sizes(e *mapEngine) map[Bucket]int {
	n := make(map[Bucket]int)
	for _, b := range Buckets() {
		n[b] = e.size(steps.Table(b))
	}
	return n
}

func TestTheSweepRemovesWhatIsOverAndNothingElse(t *testing.T) {
	s, e := newTestStore(t)
	start := time.Unix(1_700_000_000, 0)
	const apart = 5 * time.Second
	signInAt(t, s, "a@example.com", start)
	full := sizes(e)
	want := map[Bucket]int{
		links: 3, requests: 1, addresses: 1, sessions: 1, persons: 1, limits: 3, messages: 3, places: 3, waiting: 2, format: 1,
	}
	if !maps.Equal(nonZero(full), want) {
		t.Fatalf("a sign-in leaves %v, want %v", full, want)
	}
	lateKey, lateBrowser := signInAt(t, s, "b@example.com", start.Add(apart)) // shares the count of all messages
	ends := []struct {
		after   time.Duration
		buckets []Bucket
	}{
		{30 * time.Minute, []Bucket{sessions}},
		{(limit.Rule{Window: time.Hour}).Lifetime(), []Bucket{limits, limits}},
		{linkLife + signin.Remembered, []Bucket{links, links, links, requests, addresses}},
		{outbox.Kept, []Bucket{messages, messages, messages, places, places, places, waiting, waiting}},
	}
	now := sizes(e)
	for _, end := range ends {
		for _, moment := range []struct {
			after time.Duration
			gone  bool
		}{{end.after - time.Millisecond, false}, {end.after, true}} {
			_, err := s.SweepAll(t.Context(), start.Add(moment.after))
			must(t, err)
			if moment.gone {
				for _, b := range end.buckets {
					now[b]--
				}
			}
			if got := sizes(e); !maps.Equal(got, now) {
				t.Fatalf("swept %v after the sign-in there are %v, want %v", moment.after, got, now)
			}
		}
		if end.after == 30*time.Minute {
			if _, found, err := s.Session(t.Context(), lateKey, start.Add(end.after)); err != nil || !found {
				t.Fatalf("the other session is found: %v, %v", found, err)
			}
		}
		// What is left of the other sign-in goes its way.
		_, err := s.SweepAll(t.Context(), start.Add(end.after+apart))
		must(t, err)
		for _, b := range end.buckets {
			now[b]--
		}
		if end.buckets[0] == limits {
			now[limits]-- // the count of all messages went too
		}
		if got := sizes(e); !maps.Equal(got, now) {
			t.Fatalf("swept after both ended there are %v, want %v", got, now)
		}
	}
	if want := map[Bucket]int{persons: 2, format: 1}; !maps.Equal(nonZero(sizes(e)), want) {
		t.Errorf("in the end there are %v, want %v", nonZero(sizes(e)), want)
	}
	if _, found, _ := s.Request(t.Context(), lateBrowser, start); found {
		t.Error("a request that was swept is found")
	}
}

// The tables that the tests name.
var (
	links     = Bucket(steps.Links)
	requests  = Bucket(steps.Requests)
	addresses = Bucket(steps.Addresses)
	sessions  = Bucket(steps.Sessions)
	format    = Bucket(steps.FormatKey.Table)
	persons   = Bucket(steps.People)
	limits    = Bucket(steps.Limits)
	messages  = Bucket(steps.Messages)
	places    = Bucket(steps.Places)
)

func nonZero(n map[Bucket]int) map[Bucket]int {
	maps.DeleteFunc(n, func(_ Bucket, size int) bool { return size == 0 })
	return n
}

func TestWhatIsOverIsOverWithoutASweep(t *testing.T) {
	s, e := newTestStore(t)
	start := time.Unix(1_700_000_000, 0)
	key, browser := signInAt(t, s, "a@example.com", start)
	later := start.Add(24 * time.Hour)
	if _, found, err := s.Session(t.Context(), key, later); found || err != nil {
		t.Errorf("the session is found: %v, %v", found, err)
	}
	if entries, err := s.Sessions(t.Context(), "a@example.com", later); len(entries) != 0 || err != nil {
		t.Errorf("%d sessions are listed, %v", len(entries), err)
	}
	if _, found, err := s.Request(t.Context(), browser, later); found || err != nil {
		t.Errorf("the request is found: %v, %v", found, err)
	}
	if len(e.state[sessions]) != 1 || len(e.state[requests]) != 1 {
		t.Error("somebody swept")
	}
}

func TestASessionTouchedDuringTheSweepStays(t *testing.T) {
	s, e := newTestStore(t)
	start := time.Unix(1_700_000_000, 0)
	key, _ := signInAt(t, s, "a@example.com", start)
	other, _ := signInAt(t, s, "b@example.com", start)
	over := start.Add(30 * time.Minute)
	// Between the look at the sessions and their removal somebody whose request
	// came in time is noted.
	for _, b := range []Bucket{links, requests, limits, messages, places, waiting} {
		clear(e.state[b])
	}
	e.beforeUpdate = func() { must(t, s.Touch(t.Context(), key, over.Add(-time.Second), over.Add(time.Hour))) }
	removed, err := s.SweepAll(t.Context(), over)
	must(t, err)
	if removed != 1 {
		t.Errorf("%d sessions were removed, want one", removed)
	}
	for k, want := range map[session.Key]bool{key: true, other: false} {
		if _, found, err := s.Session(t.Context(), k, over); found != want || err != nil {
			t.Errorf("the session is found: %v, %v, want %v", found, err, want)
		}
	}
	if entries, err := s.Sessions(t.Context(), "a@example.com", over); len(entries) != 1 || err != nil {
		t.Errorf("%d sessions are listed, %v", len(entries), err)
	}
}

// fill puts sessions into a store, a number of them over.
func fill(t *testing.T, e *mapEngine, count, over int, now time.Time) {
	t.Helper()
	for i := range count {
		r := session.Record{Address: address.Address(fmt.Sprintf("p%d@example.com", i)), Expires: now.Add(time.Hour)}
		if i%count < over {
			r.Expires = now.Add(-time.Hour)
		}
		var key session.Key
		binary.BigEndian.PutUint64(key[:], uint64(i)*0x9e3779b97f4a7c15) // spread
		encoded, err := codec.Encode(codec.PackSession(r))
		must(t, err)
		must(t, e.Put(sessions, []byte(key.String()), append(encodeEnd(r.Expires), encoded...)))
	}
}

func TestTheSweepGoesThroughManyRecordsInChunks(t *testing.T) {
	s, e := newTestStore(t)
	now := time.Now()
	const count, over = 30_000, 20_000
	fill(t, e, count, over, now)
	e.updates = 0
	removed, err := s.SweepAll(t.Context(), now)
	must(t, err)
	if removed != over || len(e.state[sessions]) != count-over {
		t.Errorf("%d were removed, %d are left", removed, len(e.state[sessions]))
	}
	if chunks := (count + sweepChunk - 1) / sweepChunk; e.updates < chunks/2 || e.updates > chunks {
		t.Errorf("it took %d changes for %d chunks", e.updates, chunks)
	}
}

func TestTheSweepInTheBackgroundGetsThroughAndEndsWithItsContext(t *testing.T) {
	defer goleak.VerifyNone(t)
	s, e := newTestStore(t)
	const count, over = 9000, 5000 // more stay than one chunk holds
	fill(t, e, count, over, time.Now())
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Sweep(ctx, time.Microsecond, slog.New(slog.NewTextHandler(io.Discard, nil)))
	}()
	deadline := time.After(20 * time.Second)
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for e.size(steps.Sessions) > count-over {
		select {
		case <-deadline:
			t.Fatalf("%d sessions are left", e.size(steps.Sessions))
		case <-poll.C:
		}
	}
	cancel()
	select {
	case <-done:
	case <-deadline:
		t.Fatal("the sweep goes on after its context ended")
	}
	if got := len(e.state[sessions]); got != count-over {
		t.Errorf("%d sessions are left, want %d", got, count-over)
	}
}
