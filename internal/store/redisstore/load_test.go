package redisstore

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/signin"
)

// load is visitors that sign in, one after the other in each of several
// goroutines, at two instances in turn.
type load struct {
	stop  context.CancelFunc
	group sync.WaitGroup

	mu       sync.Mutex
	signedIn []acknowledged
	failures []failure
}

// acknowledged is a visitor who was told to be signed in, and when.
type acknowledged struct {
	*visit
	at time.Time
}

type failure struct {
	err error
	at  time.Time
}

func startLoad(t testing.TB, stores ...*Store) *load {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	l := &load{stop: stop}
	for i := range 8 {
		l.group.Go(func() {
			for n := i; ctx.Err() == nil; n++ {
				if !l.visit(newVisit(t), stores[n%len(stores)], stores[(n/2)%len(stores)]) {
					pause(ctx, 5*time.Millisecond) // visitors do not come faster because they fail
				}
			}
		})
	}
	t.Cleanup(l.end)
	return l
}

// visit asks at one instance and redeems at another.
func (l *load) visit(v *visit, asks, redeems *Store) (ok bool) {
	redeemed := signin.Redeemed{}
	_, err := asks.Ask(context.Background(), v.asking())
	if err == nil {
		redeemed, err = redeems.RedeemLink(context.Background(), v.redemption())
	}
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.failures = append(l.failures, failure{err, now})
	}
	if redeemed.Outcome == signin.SignedIn {
		l.signedIn = append(l.signedIn, acknowledged{v, now})
	}
	return err == nil
}

func (l *load) end() {
	l.stop()
	l.group.Wait()
}

// count is how many were signed in so far.
func (l *load) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.signedIn)
}

// wantNoRedirects fails if callers saw how a cluster sends its clients around.
func (l *load) wantNoRedirects(t testing.TB) {
	t.Helper()
	seen := make(map[string]int)
	for _, f := range l.failures {
		text := f.err.Error()
		for _, word := range []string{"MOVED", "ASK ", "CROSSSLOT", "non local key"} {
			if strings.Contains(text, word) {
				t.Errorf("a caller is told %q", text)
			}
		}
		if errors.Is(f.err, errBroken) {
			text = errBroken.Error()
		}
		if len(text) > 120 {
			text = text[:120]
		}
		seen[text]++
	}
	for text, n := range seen {
		t.Logf("%d times: %s", n, text)
	}
}

// wantKept fails if a sign-in that was acknowledged before a moment is not there
// any more: if its session is gone or its link signs in again.
func (l *load) wantKept(t testing.TB, store *Store, moment time.Time) {
	t.Helper()
	lost, of := 0, 0
	for _, a := range l.signedIn {
		if a.at.After(moment) {
			continue
		}
		of++
		_, found, err := store.Session(t.Context(), a.session.Key(), a.now)
		if err != nil {
			t.Fatal(err)
		}
		redeemed, err := store.RedeemLink(t.Context(), a.again().redemption())
		if err != nil {
			t.Fatal(err)
		}
		if !found || redeemed.Outcome == signin.SignedIn {
			lost++
		}
	}
	if lost > 0 || of == 0 {
		t.Errorf("of %d sign-ins %d are lost", of, lost)
	}
}
