package redisstore

import (
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/redistest"
)

// takeoverTime is how soon another instance works on the messages of one that
// is gone.
const takeoverTime = 15 * time.Second

func TestTheMessagesOfAnInstanceThatIsGoneAreTakenOver(t *testing.T) {
	server := redistest.Single(t)
	gone, other := open(t, Options{URLs: []string{server.URL()}}), open(t, Options{URLs: []string{server.URL()}})
	v := newVisit(t)
	v.ask(t, gone)
	if claimed, err := gone.Claim(t.Context(), 10); err != nil || len(claimed) != 1 {
		t.Fatalf("claimed %v, %v", claimed, err)
	}
	if claimed, err := other.Claim(t.Context(), 10); err != nil || len(claimed) != 0 {
		t.Fatalf("the other claimed %v, %v", claimed, err)
	}
	took := redistest.Await(t, takeoverTime, "the message is taken over", func() bool {
		claimed, err := other.Claim(t.Context(), 10)
		return err == nil && len(claimed) == 1 && claimed[0].To == v.address
	})
	t.Logf("taken over after %v", took)
	// The first one comes back, and gives back what is not its own any more.
	held := gone.claimed
	if err := gone.Release(t.Context(), claimedIDs(held)...); err != nil {
		t.Fatal(err)
	}
	if claimed, err := gone.Claim(t.Context(), 10); err != nil || len(claimed) != 0 {
		t.Errorf("what was taken over is given back: %v, %v", claimed, err)
	}
}

func claimedIDs(held map[string]string) (ids []string) {
	for id := range held {
		ids = append(ids, id)
	}
	return ids
}

func TestAClaimWhoseAnswerWasLostIsMadeAgain(t *testing.T) {
	server := redistest.Single(t)
	store := open(t, Options{URLs: []string{server.URL()}})
	first, second := newVisit(t), newVisit(t)
	first.ask(t, store)
	claimed, err := store.Claim(t.Context(), 10)
	if err != nil || len(claimed) != 1 {
		t.Fatalf("claimed %v, %v", claimed, err)
	}
	second.ask(t, store)
	if claimed, err = store.Claim(t.Context(), 10); err != nil || len(claimed) != 1 {
		t.Fatalf("claimed %v, %v", claimed, err)
	}
	delete(store.claimed, claimed[0].ID) // as if the answer had not come
	again, err := store.Claim(t.Context(), 10)
	if err != nil || len(again) != 1 || again[0].To != second.address {
		t.Errorf("claimed %v, %v, want the message of the lost answer", again, err)
	}
	if again, err = store.Claim(t.Context(), 10); err != nil || len(again) != 0 {
		t.Errorf("claimed %v, %v, want nothing", again, err)
	}
}
