package admin_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/admin"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
)

// kept is a store with pages of a few people: the last may be empty, and sessions of
// one person stand in no order.
type kept struct {
	people   []people.Person
	sessions []session.Entry
	size     int // of a page
	reads    int // until it is down; 0: it never is
}

var errDown = errors.New("the store is down")

func (k *kept) read() error {
	if k.reads--; k.reads == 0 {
		return errDown
	}
	return nil
}

func (k *kept) People(_ context.Context, q people.Query) (page people.Page, err error) {
	for _, p := range k.people {
		if p.Address <= q.After {
			continue
		}
		if page.People = append(page.People, p); len(page.People) == k.size {
			page.Next = p.Address
			break
		}
	}
	return page, k.read()
}

func (k *kept) AllSessions(_ context.Context, after address.Address, _ int, _ time.Time) (list []session.Entry, next address.Address, err error) {
	for _, e := range k.sessions {
		if e.Address <= after {
			continue
		}
		if len(list) >= k.size && e.Address != next {
			return list, next, k.read()
		}
		list, next = append(list, e), e.Address
	}
	return list, "", k.read()
}

// randomly makes two stores, and counts what the second lacks as they are made.
func randomly(random *rand.Rand) (has, lacks *kept, want admin.Missing) {
	has, lacks = &kept{size: 1 + random.IntN(4)}, &kept{size: 1 + random.IntN(4)}
	maybe := func() bool { return random.IntN(2) == 0 }
	for i := range random.IntN(12) {
		p := people.Person{Address: address.Address(fmt.Sprintf("p%02d@example.com", i)), Added: time.Unix(1, 0), Disabled: maybe()}
		if maybe() {
			p.Groups = []string{"staff"}
		}
		if maybe() {
			p.Grants = []people.Grant{{Origin: "https://a.example"}}
		}
		other := p
		inHas, inLacks := maybe(), maybe()
		if maybe() {
			other.Disabled = false
		}
		if maybe() {
			other.Groups = []string{"others"}
		}
		if inHas {
			has.people = append(has.people, p)
			if !inLacks {
				want.People++
			}
			if p.Disabled && !(inLacks && other.Disabled) {
				want.Disabled++
			}
			if len(p.Groups) > 0 && !(inLacks && slices.Equal(p.Groups, other.Groups)) || len(p.Grants) > 0 && !inLacks {
				want.Standing++
			}
		}
		if inLacks {
			lacks.people = append(lacks.people, other)
		}
		for range random.IntN(3) {
			e := session.Entry{Key: session.NewID().Key(), Record: session.Record{Address: p.Address}}
			inHas, inLacks := maybe(), maybe()
			if inHas {
				has.sessions = append(has.sessions, e)
			}
			if inLacks {
				lacks.sessions = append(lacks.sessions, e)
			}
			if inHas && !inLacks {
				want.Sessions++
			}
		}
	}
	return has, lacks, want
}

func TestWhatAnotherStoreLacksIsCounted(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, seed))
	for range 2000 {
		has, lacks, want := randomly(random)
		if got, err := admin.CountMissing(t.Context(), has, lacks, time.Now()); err != nil || got != want {
			t.Fatalf("counted are %+v (%v), want %+v; seed %d", got, err, want, seed)
		}
		if got, err := admin.CountMissing(t.Context(), has, has, time.Now()); err != nil || got != (admin.Missing{}) {
			t.Fatalf("a store lacks %+v of itself (%v); seed %d", got, err, seed)
		}
	}
}

func TestOfAStoreThatFailsNoMoreIsCountedThanIsKnown(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, seed))
	failures := 0
	for range 2000 {
		has, lacks, want := randomly(random)
		failing := []*kept{has, lacks}[random.IntN(2)]
		failing.reads = 1 + random.IntN(4)
		got, err := admin.CountMissing(t.Context(), has, lacks, time.Now())
		if got.People > want.People || got.Disabled > want.Disabled || got.Standing > want.Standing || got.Sessions > want.Sessions {
			t.Fatalf("counted are %+v (%v), want no more than %+v; seed %d", got, err, want, seed)
		}
		if failing.reads <= 0 != errors.Is(err, errDown) {
			t.Fatalf("the error is %v, with %d reads left; seed %d", err, failing.reads, seed)
		}
		if err != nil {
			failures++
		}
	}
	if failures < 100 {
		t.Errorf("there were only %d failures", failures)
	}
}
