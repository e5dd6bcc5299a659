package session

import (
	"context"
	"runtime"
	"testing"
	"time"
)

// slowLook makes the next look into the store last until answer is closed, and
// begins it.
func (k *keep) slowLook(t *testing.T) (answer chan struct{}, done chan bool) {
	t.Helper()
	asked := make(chan struct{})
	answer, done = make(chan struct{}), make(chan bool, 1)
	k.store.onLook = func() {
		close(asked)
		<-answer
	}
	go func() {
		s, err := k.Find(context.Background(), k.cookie, k.value)
		done <- s != nil && err == nil
	}()
	<-asked
	k.store.mu.Lock()
	k.store.onLook = nil
	k.store.mu.Unlock()
	return answer, done
}

// users is how many ask the store for the session, or wait to.
func (k *keep) users(s *Session) int {
	turns := &k.cache.shard(s.name).turns
	turns.mu.Lock()
	defer turns.mu.Unlock()
	if own := turns.taken[s]; own != nil {
		return own.users
	}
	return 0
}

func TestOneRequestAsksAndTheOthersRelyOnTheLastAnswer(t *testing.T) {
	k := newKeep(t)
	s := k.mustFind(t)
	k.clock = k.clock.Add(Freshness)
	answer, done := k.slowLook(t)
	for range 10 {
		k.mustFind(t)
	}
	if k.store.looks != 2 {
		t.Errorf("%d looks into the store, want the first and the slow one", k.store.looks)
	}
	close(answer)
	if !<-done {
		t.Error("the one that asked does not find the session")
	}
	if n := k.users(s); n != 0 {
		t.Errorf("the turn is still taken by %d", n)
	}
}

func TestWhoeverMayNotRelyOnTheLastAnswerWaitsForTheNext(t *testing.T) {
	for name, meanwhile := range map[string]func(*keep){
		"word of the end may have been missed": func(k *keep) { k.cache.Distrust() },
		"the grace is over":                    func(k *keep) { k.clock = k.clock.Add(testLimits.Grace) },
	} {
		t.Run(name, func(t *testing.T) {
			k := newKeep(t)
			s := k.mustFind(t)
			meanwhile(k)
			answer, done := k.slowLook(t)
			const others = 5
			found := make(chan bool, others)
			for range others {
				go func() {
					s, err := k.Find(context.Background(), k.cookie, k.value)
					found <- s != nil && err == nil
				}()
			}
			for k.users(s) != 1+others {
				runtime.Gosched()
			}
			if len(found) > 0 {
				t.Error("one of them did not wait")
			}
			close(answer)
			if !<-done {
				t.Error("the one that asked does not find the session")
			}
			for range others {
				if !<-found {
					t.Error("one that waited does not find the session")
				}
			}
			if k.store.looks != 2 || k.users(s) != 0 {
				t.Errorf("%d looks into the store, want the first and the slow one; the turn is taken by %d", k.store.looks, k.users(s))
			}
		})
	}
}

func TestASlowLookHoldsUpNoOtherSession(t *testing.T) {
	k := newKeep(t)
	k.mustFind(t)
	record := k.store.records[k.key]
	var others []string
	for range 3 * cacheShards { // some share a shard with the slow one
		id := NewID()
		issued, err := k.cookie.Issue(id)
		if err != nil {
			t.Fatal(err)
		}
		k.store.records[id.Key()] = record
		others = append(others, issued.Value)
		if s, err := k.Find(t.Context(), k.cookie, issued.Value); s == nil || err != nil {
			t.Fatalf("found %v, %v", s, err)
		}
	}
	k.cache.Distrust()
	answer, done := k.slowLook(t)
	for _, value := range others {
		if s, err := k.Find(t.Context(), k.cookie, value); s == nil || err != nil {
			t.Fatalf("found %v, %v", s, err)
		}
	}
	close(answer)
	if !<-done {
		t.Error("the one that asked does not find the session")
	}
}

func TestWhenASessionWasCheckedIsKnownForAsLongAsItMayLast(t *testing.T) {
	made := time.Now()
	s := &Session{signedIn: made.UnixNano()}
	for _, after := range []time.Duration{-clockTolerance, 0, time.Second + 3*time.Millisecond, 400 * 24 * time.Hour} {
		now := made.Add(after)
		s.check(now)
		if age := s.age(now.Add(time.Second)); age < time.Second || age >= time.Second+checkUnit {
			t.Errorf("%s after the sign-in, a second after a check, the check is %s old", after, age)
		}
		if !s.isFresh(now) || s.isFresh(now.Add(Freshness)) {
			t.Errorf("%s after the sign-in a session is not fresh for as long as it should", after)
		}
	}
	long := made.Add(600 * 24 * time.Hour)
	if s.check(long); s.isFresh(long) {
		t.Error("a session is fresh though there is no room for when it was checked")
	}
}
