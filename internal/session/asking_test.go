package session

import (
	"bytes"
	"context"
	"runtime"
	"testing"
)

// slowLook begins a look into the store that lasts until answer is closed.
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

// waiting is how many goroutines wait for a mutex.
func waiting() int {
	stacks := make([]byte, 1<<20)
	return bytes.Count(stacks[:runtime.Stack(stacks, true)], []byte("[sync.Mutex.Lock"))
}

// isAsking reports whether a request asks the store for the session just now.
func isAsking(s *Session) bool {
	if !s.asking.TryLock() {
		return true
	}
	s.asking.Unlock()
	return false
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
	if isAsking(s) {
		t.Error("the store still counts as being asked")
	}
}

func TestARequestThatMayNotRelyOnTheLastAnswerWaitsForTheNext(t *testing.T) {
	for name, meanwhile := range map[string]func(*keep){
		"news of the end may have been missed": func(k *keep) { k.cache.Distrust() },
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
			for waiting() != others {
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
			if k.store.looks != 2 || isAsking(s) {
				t.Errorf("%d looks into the store, want the first and the slow one; it is still being asked: %v", k.store.looks, isAsking(s))
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
