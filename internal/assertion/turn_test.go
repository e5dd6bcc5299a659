package assertion

import (
	"context"
	"crypto/ecdsa"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorpost-auth/doorpost/internal/fault"
	"github.com/doorpost-auth/doorpost/internal/keys"
)

// keeps has an instance look from time to time, until the bubble ends.
func keeps(ctx context.Context, all ...*Keys) (wait func()) {
	var running sync.WaitGroup
	for _, k := range all {
		running.Go(func() { k.Run(ctx) })
	}
	return running.Wait
}

// An app may have fetched the keys from any instance, at any time in the five minutes
// before, and may get to check an assertion at any time of its life.
func TestEveryAssertionIsUnderstoodWhereverTheKeysCameFromThroughManyTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, secret := new(shelf), keys.Generate()
		a, _ := instance(t, store, secret)
		time.Sleep(17 * time.Minute) // they look at different times
		b, _ := instance(t, store, secret)
		ctx, stop := context.WithCancel(t.Context())
		defer keeps(ctx, a, b)()
		defer stop()
		var fetched []fetch // within CacheFor
		var alive []token   // within Life
		began := time.Now()
		for time.Since(began) < days(130) {
			time.Sleep(pause(store.came()))
			now := time.Now()
			fetched = slices.DeleteFunc(fetched, func(f fetch) bool { return now.Sub(f.at) > CacheFor })
			alive = slices.DeleteFunc(alive, func(s token) bool { return now.Sub(s.at) > Life })
			for _, k := range []*Keys{a, b} {
				fetched = append(fetched, fetch{publicKeys(t, k), now})
				alive = append(alive, token{sign(t, k), now})
			}
			for _, s := range alive {
				for _, f := range fetched {
					if _, _, good := parts(t, s.text, f.keys); !good {
						t.Fatalf("after %v an assertion is not understood", now.Sub(began))
					}
				}
			}
			for _, f := range fetched[len(fetched)-2:] {
				if len(f.keys) > maxKept {
					t.Fatalf("after %v %d keys are published", now.Sub(began), len(f.keys))
				}
				for _, m := range store.came() {
					if m.Since.After(now) && now.Sub(m.at) > lookAgain && f.keys[m.ID] == nil {
						t.Fatalf("after %v the next key is not published", now.Sub(began))
					}
				}
			}
		}
		came := store.came()
		if len(came) != 5 {
			t.Errorf("in 130 days there were %d keys, want 5", len(came))
		}
		for i, m := range came[1:] {
			ahead, life := m.Since.Sub(m.at), m.Since.Sub(came[i].Since)
			if ahead < publishedFor || ahead > publishedFor+lookAgain || life < keyLife || life > keyLife+lookAgain {
				t.Errorf("a key was made %v before it signed, %v after the one before", ahead, life)
			}
		}
		if len(store.kept) > maxKept {
			t.Errorf("%d keys are kept", len(store.kept))
		}
	})
}

// fetch is what somebody fetched, token what an app got.
type (
	fetch struct {
		keys map[string]*ecdsa.PublicKey
		at   time.Time
	}
	token struct {
		text string
		at   time.Time
	}
)

// pause is how long nothing of interest happens: half a minute while a key turns.
func pause(came []made) time.Duration {
	const near = CacheFor + Life
	long := 12 * time.Hour
	for _, m := range came {
		switch left := time.Until(m.Since); {
		case left > -near && left <= near:
			return 29 * time.Second
		case left > near:
			long = min(long, left-near)
		}
	}
	return long
}

func TestAClockThatGoesBackMakesNoAssertionLastLonger(t *testing.T) {
	s := signed{at: time.Now().UnixNano()}
	for after, want := range map[time.Duration]bool{-time.Nanosecond: false, 0: true, renewal - 1: true, renewal: false} {
		if got := s.isNew(s.at + int64(after)); got != want {
			t.Errorf("after %v it is new: %v", after, got)
		}
	}
}

func TestKeysGoOnWhileTheStoreIsDownAndTurnADayAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := new(shelf)
		k, told := instance(t, store, keys.Generate())
		ctx, stop := context.WithCancel(t.Context())
		defer keeps(ctx, k)()
		defer stop()
		first := kid(t, sign(t, k))
		store.setDown(true)
		time.Sleep(days(40))
		if kid(t, sign(t, k)) != first || len(publicKeys(t, k)) != 1 {
			t.Error("another key signs although the store was down")
		}
		if !strings.Contains(told.String(), "connection refused") {
			t.Errorf("the log says %s", told)
		}
		store.setDown(false)
		time.Sleep(lookAgain)
		if kid(t, sign(t, k)) != first || len(publicKeys(t, k)) != 2 {
			t.Error("the next key signs before it was published for a day, or is not published")
		}
		time.Sleep(publishedFor)
		if token := sign(t, k); kid(t, token) == first || publicKeys(t, k)[first] == nil {
			t.Error("after a day the former key signs still, or is not published any more")
		}
	})
}

func TestAnInstanceThatNeverReachedTheStoreSignsNothingUntilItDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &shelf{down: true}
		k := NewKeys(ring(t, keys.Generate()), store, quiet)
		if err := k.Look(t.Context()); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("the error is %v", err)
		}
		if _, err := k.Sign(new(Signed), origin, ada); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("to sign fails with %v", err)
		}
		if _, err := k.Public(); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("to publish fails with %v", err)
		}
		ctx, stop := context.WithCancel(t.Context())
		defer keeps(ctx, k)()
		defer stop()
		store.setDown(false)
		time.Sleep(2 * retryWithNo)
		sign(t, k)
	})
}

func TestASecretIsRotatedWithoutAnotherKey(t *testing.T) {
	store, old, fresh := new(shelf), keys.Generate(), keys.Generate()
	k, _ := instance(t, store, old)
	first := kid(t, sign(t, k))
	for _, secrets := range [][][]byte{{old, fresh}, {fresh, old}} {
		if k, told := instance(t, store, secrets...); kid(t, sign(t, k)) != first || told.String() != "" {
			t.Errorf("another key signs, and the log says %s", told)
		}
	}
}

func TestADroppedSecretMakesANewKeyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, old, fresh := new(shelf), keys.Generate(), keys.Generate()
		k, _ := instance(t, store, old)
		first := sign(t, k)
		time.Sleep(days(29) + time.Hour)
		if err := k.Look(t.Context()); err != nil { // the next key waits
			t.Fatal(err)
		}
		after, told := instance(t, store, fresh)
		if kid(t, sign(t, after)) == kid(t, first) || !strings.Contains(told.String(), "a new one signs from now on") {
			t.Errorf("the log says %s", told)
		}
		if known := publicKeys(t, after); len(known) != 1 {
			t.Errorf("%d keys are published", len(known))
		}
		// An instance that has the old one only goes on, and neither makes the other's keys go.
		want := kid(t, sign(t, after))
		for range 10 {
			for i, secret := range [][]byte{old, fresh} {
				k, told := instance(t, store, secret)
				if id := kid(t, sign(t, k)); i == 1 && id != want || told.String() != "" {
					t.Errorf("another key signs, and the log says %s", told)
				}
			}
		}
		time.Sleep(days(70))
		for range 5 {
			instance(t, store, fresh)
			time.Sleep(days(15))
		}
		if len(store.kept) > maxKept {
			t.Errorf("%d keys are kept", len(store.kept))
		}
	})
}

func TestAKeyIsSealedForItsIDAndItsTime(t *testing.T) {
	store, secret := new(shelf), keys.Generate()
	k, _ := instance(t, store, secret)
	r := store.kept[0]
	if _, ok := r.open(k.sealer); !ok {
		t.Fatal("a key cannot be opened")
	}
	if strings.Contains(string(r.Sealed), r.ID) {
		t.Error("the ID is in what is sealed")
	}
	later, renamed, changed := r, r, r
	later.Since = r.Since.Add(time.Hour)
	renamed.ID = "another"
	changed.Sealed = append([]byte(nil), r.Sealed...)
	changed.Sealed[len(changed.Sealed)-1] ^= 1
	for what, forged := range map[string]Record{"at another time": later, "under another ID": renamed, "changed": changed} {
		if _, ok := forged.open(k.sealer); ok {
			t.Errorf("%s it can be opened", what)
		}
	}
	if _, ok := r.open(ring(t, keys.Generate()).Sealer(keys.SigningKey)); ok {
		t.Error("another secret opens it")
	}
	if _, ok := r.open(ring(t, secret).Sealer(keys.Outbox)); ok {
		t.Error("a key for another purpose opens it")
	}
}

// The key turns while requests are signed and keys fetched; the race detector looks on.
func TestAKeyTurnsUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, _ := instance(t, new(shelf), keys.Generate())
		ctx, stop := context.WithCancel(t.Context())
		defer keeps(ctx, k)()
		defer stop()
		time.Sleep(days(30) - time.Minute)
		var all sync.WaitGroup
		var s Signed
		for i := range 8 {
			all.Go(func() {
				for range 200 {
					token, err := k.Sign(&s, origin, ada)
					if err != nil {
						t.Error(err)
						return
					}
					if _, _, good := parts(t, token, publicKeys(t, k)); !good {
						t.Error("an assertion is not understood")
					}
					time.Sleep(time.Second + time.Duration(i))
				}
			})
		}
		all.Wait()
		if len(publicKeys(t, k)) != 2 {
			t.Error("the key did not turn")
		}
	})
}
