package redisstore

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/session"
)

func TestManyCallsToAServerThatHangsLeaveNothingBehind(t *testing.T) {
	server := redistest.Single(t)
	store := open(t, Options{URLs: []string{server.URL()}, Timeout: shortTimeout})
	signIn(t, store)
	goroutines := runtime.NumGoroutine()
	server.Pause(t)
	began := time.Now()
	var group sync.WaitGroup
	for i := range 200 {
		group.Go(func() {
			o := operations[i%len(operations)]
			if err := o.call(context.Background(), store, newVisit(t)); err == nil {
				t.Errorf("%s is done by a server that hangs", o.name)
			}
		})
	}
	group.Wait()
	if took := time.Since(began); took > 2*shortTimeout+slack {
		t.Errorf("200 calls at once take %v", took)
	}
	server.Resume(t)
	t.Logf("recovered after %v", awaitSignIn(t, store))
	redistest.Await(t, recoveryTime, "as many goroutines as before", func() bool { return runtime.NumGoroutine() <= goroutines+2 })
	redistest.Await(t, recoveryTime, "a few connections", func() bool {
		return server.Connections(t, "doorpost") <= 10*runtime.GOMAXPROCS(0)+1
	})
}

func TestWhileTheServerHangsMostCallsFailAtOnce(t *testing.T) {
	server := redistest.Single(t)
	store := open(t, Options{URLs: []string{server.URL()}, Timeout: shortTimeout})
	signIn(t, store)
	server.Pause(t)
	for range breakAfter {
		if _, _, err := store.Session(t.Context(), session.Key{1}, time.Now()); err == nil {
			t.Fatal("a server that hangs answers")
		}
	}
	began, waited := time.Now(), 0
	for time.Since(began) < 2*time.Second {
		_, _, err := store.Session(t.Context(), session.Key{1}, time.Now())
		if err == nil {
			t.Fatal("a server that hangs answers")
		}
		if !errors.Is(err, errBroken) {
			waited++
		}
	}
	if took := time.Since(began); waited > 1+int(took/breakFor) {
		t.Errorf("in %v %d calls waited for a server that hangs", took, waited)
	}
	server.Resume(t)
	t.Logf("recovered after %v", awaitSignIn(t, store))
}

func TestWhoHangsUpSaysNothingOfTheServer(t *testing.T) {
	server := redistest.Single(t)
	store := open(t, Options{URLs: []string{server.URL()}})
	signIn(t, store)
	server.Pause(t)
	hangUp := func() {
		impatient, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, _, err := store.Session(impatient, session.Key{1}, time.Now()); err == nil {
			t.Fatal("a server that hangs answers")
		}
	}
	wait := func() error {
		_, _, err := store.Session(t.Context(), session.Key{1}, time.Now())
		return err
	}
	for range 2 * breakAfter {
		hangUp()
	}
	for range breakAfter {
		if err := wait(); errors.Is(err, errBroken) {
			t.Fatalf("because some hung up the others get %v", err)
		}
		hangUp()
	}
	redistest.Await(t, recoveryTime, "calls fail at once", func() bool { return errors.Is(wait(), errBroken) })
}
