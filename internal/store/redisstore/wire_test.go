package redisstore

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// crowd is how many steps wait in these tests.
const crowd = 30

// occupy lets all steps wait that come, until go is called, and then go
// together.
func occupy(store *Store) (release func()) {
	store.wire.mu.Lock()
	defer store.wire.mu.Unlock()
	store.wire.flying += mostFlying
	return func() {
		for range mostFlying {
			store.land()
		}
	}
}

func awaitWaiting(t *testing.T, store *Store, n int) {
	t.Helper()
	redistest.Await(t, recoveryTime, strconv.Itoa(n)+" steps wait", func() bool {
		store.wire.mu.Lock()
		defer store.wire.mu.Unlock()
		return len(store.wire.waiting) == n
	})
}

// readsAt is how often a server has read from a connection.
func readsAt(t *testing.T, server *redistest.Server) int {
	t.Helper()
	stats, err := server.Info("stats")
	if err != nil {
		t.Fatal(err)
	}
	reads, err := strconv.Atoi(stats["total_reads_processed"])
	if err != nil {
		t.Fatal(err)
	}
	return reads
}

func TestStepsThatWaitGoTogetherAndEachGetsItsOwnAnswer(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			store := open(t, kind.options(t))
			signedIn, used := newVisit(t), signIn(t, store)
			signedIn.ask(t, store)
			release := occupy(store)
			var group sync.WaitGroup
			for i := range crowd {
				group.Go(func() {
					switch i % 3 {
					case 0:
						newVisit(t).ask(t, store)
					case 1:
						used.again().wantOutcome(t, store, signin.Used)
					case 2:
						newVisit(t).wantOutcome(t, store, signin.TooOld)
					}
				})
			}
			group.Go(func() { signedIn.redeem(t, store) })
			awaitWaiting(t, store, crowd+1)
			release()
			group.Wait()
			signedIn.wantSession(t, store, true)
			redistest.Await(t, recoveryTime, "nothing is on its way any more", func() bool {
				store.wire.mu.Lock()
				defer store.wire.mu.Unlock()
				return store.wire.flying == 0
			})
		})
	}
}

func TestACrowdIsReadAtOnce(t *testing.T) {
	server := redistest.Single(t)
	store := open(t, Options{URLs: []string{server.URL()}})
	v := signIn(t, store)
	release := occupy(store)
	var group sync.WaitGroup
	for range crowd {
		group.Go(func() { v.again().wantOutcome(t, store, signin.Used) })
	}
	awaitWaiting(t, store, crowd)
	before, calls := readsAt(t, server), server.Calls(t)["evalsha"]
	release()
	group.Wait()
	if sent := server.Calls(t)["evalsha"] - calls; sent != crowd {
		t.Errorf("%d steps were sent, want %d", sent, crowd)
	}
	if reads := readsAt(t, server) - before; reads > crowd/2 {
		t.Errorf("the server read %d times for %d steps", reads, crowd)
	}
}

func TestAStepThatIsGivenUpWhileItWaitsIsNeverDone(t *testing.T) {
	store := sharedStore(t)
	release := occupy(store)
	ctx, hangUp := context.WithCancel(t.Context())
	v, failed := newVisit(t), make(chan error)
	go func() {
		_, err := store.Ask(ctx, v.asking())
		failed <- err
	}()
	awaitWaiting(t, store, 1)
	hangUp()
	if err := <-failed; err == nil || errors.Is(err, signin.ErrUncertain) {
		t.Errorf("the error is %v, want one that is certain", err)
	}
	release()
	if _, found, err := store.Request(t.Context(), v.browser, v.now); found || err != nil {
		t.Errorf("it was done: %v, %v", found, err)
	}
}

func TestStepsThatWentTogetherAreUncertainTogetherAndDoneOnce(t *testing.T) {
	for name, harm := range map[string]redistest.Harm{"reset": redistest.AnswerReset, "cut": redistest.AnswerCut, "lost": redistest.AnswerLost} {
		t.Run(name, func(t *testing.T) {
			proxy := redistest.Between(t, shared(t, sharedSingle))
			store := open(t, Options{URLs: []string{proxy.URL()}, Timeout: shortTimeout})
			visits := make([]*visit, breakAfter-1) // fewer than open the breaker
			release := occupy(store)
			var group sync.WaitGroup
			for i := range visits { // together, so that a connection is there
				visits[i] = newVisit(t)
				group.Go(func() { visits[i].ask(t, store) })
			}
			awaitWaiting(t, store, len(visits))
			release()
			group.Wait()
			release = occupy(store)
			for _, v := range visits {
				group.Go(func() {
					if redeemed, err := store.RedeemLink(context.Background(), v.redemption()); !errors.Is(err, signin.ErrUncertain) {
						t.Errorf("redeeming made %+v, %v, want an error that wraps ErrUncertain", redeemed, err)
					}
				})
			}
			awaitWaiting(t, store, len(visits))
			proxy.Do(t, harm)
			release()
			group.Wait()
			proxy.Heal()
			for _, v := range visits {
				v.wantSession(t, sharedStore(t), true) // it was done
				redistest.Await(t, recoveryTime, "the same attempt is told that it is signed in", func() bool {
					redeemed, err := store.RedeemLink(context.Background(), v.redemption())
					if err == nil && redeemed.Outcome != signin.SignedIn {
						t.Fatalf("the same attempt made %+v", redeemed)
					}
					return err == nil
				})
			}
		})
	}
}
