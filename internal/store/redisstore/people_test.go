package redisstore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
	"github.com/doorpost-auth/doorpost/internal/store/steps"
)

const manyPeople = 100_000

func TestASearchReadsTheNamesOfAHundredThousandPeopleInShortCallsAndNoRecordInVain(t *testing.T) {
	server := redistest.Single(t)
	store := open(t, Options{URLs: []string{server.URL()}})
	client := server.Client()
	encoded, err := codec.Encode(codec.Person{Added: 1})
	if err != nil {
		t.Fatal(err)
	}
	known := textOf(steps.Record{Value: encoded})
	for from := 0; from < manyPeople; from += 10_000 {
		write := client.Pipeline()
		for i := from; i < from+10_000; i++ {
			who := fmt.Sprintf("person.%06d@example.com", i)
			write.Set(t.Context(), store.base+"people:"+who, known, 0)
			write.Do(t.Context(), "ZADD", store.base+"people", 0, who)
		}
		if _, err := write.Exec(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		query       people.Query
		first, next address.Address
		found       int
		want        map[string]int
	}{
		// A thousand names a call: more would keep the server busy for long.
		"the last but one": {people.Query{Search: ".099998@", Max: 25}, "person.099998@example.com", "", 1, map[string]int{"zrangebylex": 101, "mget": 1}},
		"nobody":           {people.Query{Search: "nobody", Max: 25}, "", "", 0, map[string]int{"zrangebylex": 101}},
		"a page": {people.Query{After: "person.000999@example.com", Max: 1000}, "person.001000@example.com", "person.001999@example.com", 1000,
			map[string]int{"zrangebylex": 2, "mget": 1}},
	} {
		var page people.Page
		calls := roundTrips(t, server, func() { page, err = store.People(t.Context(), c.query) })
		if err != nil || len(page.People) != c.found || c.found > 0 && page.People[0].Address != c.first || page.Next != c.next {
			t.Errorf("a search for %s finds %d, %v, and goes on at %q", name, len(page.People), err, page.Next)
		}
		if !maps.Equal(calls, c.want) {
			t.Errorf("a search for %s asks the server %v, want %v", name, calls, c.want)
		}
	}
}

func TestAChangeReachesAnotherInstanceAndIsNothingToOneThatDoesNotKnowIt(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			here, there := open(t, kind.options(t)), open(t, kind.options(t))
			awaitListening(t, there)
			heard := make(chan session.Key, 100)
			t.Cleanup(there.OnChange(func(key session.Key) { heard <- key }))
			var told atomic.Int64 // once at least: it is heard from the server, too
			t.Cleanup(here.OnChange(func(session.Key) { told.Add(1) }))
			v := signIn(t, here)
			t.Cleanup(there.OnEnd(func(key session.Key) {
				if key == v.session.Key() {
					t.Error("the session is told to have ended")
				}
			}))
			if _, err := here.ChangePerson(t.Context(), v.address, time.Now(), join("staff")); err != nil {
				t.Fatal(err)
			}
			if told.Load() == 0 {
				t.Error("the change was not told here before the call returned")
			}
			select {
			case key := <-heard:
				if key != v.session.Key() {
					t.Errorf("another session is told to have changed: %s", key)
				}
			case <-time.After(revocationTime):
				t.Error("the change is not told")
			}
			there.hear("?" + session.Key{}.String()) // of a later version
			found, _, err := there.Session(t.Context(), v.session.Key(), v.now)
			if err != nil || found.Standing == nil || !slices.Equal(found.Standing.Groups, []string{"staff"}) {
				t.Errorf("the session has %+v, %v", found.Standing, err)
			}
		})
	}
}

// join puts somebody into a group.
func join(group string) func(*people.Person) error {
	return func(p *people.Person) error {
		p.Groups = append(p.Groups, group)
		return nil
	}
}

func TestOfManyChangesAtTwoInstancesNoneIsLost(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			stores := []*Store{open(t, kind.options(t)), open(t, kind.options(t))}
			v := signIn(t, stores[0])
			const changes = 8
			var running sync.WaitGroup
			for i := range changes {
				running.Go(func() {
					if _, err := stores[i%2].ChangePerson(context.Background(), v.address, time.Now(), join(fmt.Sprint("group-", i))); err != nil {
						t.Error(err)
					}
				})
			}
			running.Wait()
			p, found, err := stores[0].Person(t.Context(), v.address)
			if err != nil || !found || len(p.Groups) != changes || p.Revision != 1+changes {
				t.Errorf("after %d changes the person is %+v, %v", changes, p, err)
			}
		})
	}
}

func TestAChangeWhoseAnswerIsLostIsMadeOnce(t *testing.T) {
	server := redistest.Single(t)
	store := open(t, Options{URLs: []string{server.URL()}})
	key := steps.Key{Table: steps.People, ID: "a@example.com"}
	use := limit.Use{Name: "a", Rule: limit.Rule{Max: 1, Window: time.Hour}}
	step := store.begin(t.Context())
	if _, err := step.Get(key); err != nil {
		t.Fatal(err)
	}
	if wait, err := step.Take(use, time.Now()); wait != 0 || err != nil {
		t.Fatal(wait, err)
	}
	writes := func(value string) steps.Draft {
		return steps.Draft{Written: map[steps.Key]steps.Record{key: {Value: []byte(value)}}}
	}
	for range 2 { // the second time as if the first answer had been lost
		if done, err := step.commit(writes("first")); err != nil || !done {
			t.Fatalf("it is done: %v, %v", done, err)
		}
	}
	stale := store.begin(t.Context())
	stale.read[key], stale.used[key] = "something else", true
	full := store.begin(t.Context())
	full.counts[use.Name] = limit.Count{} // as it was before the first
	if _, err := full.Take(use, time.Now()); err != nil {
		t.Fatal(err)
	}
	for what, step := range map[string]*transaction{"what rests on something else": stale, "what has no room": full} {
		if done, err := step.commit(writes("harm")); err != nil || done {
			t.Errorf("%s is done: %v, %v", what, done, err)
		}
	}
	after := store.begin(t.Context())
	if value, err := after.Get(key); string(value) != "first" || err != nil {
		t.Errorf("the record is %q, %v", value, err)
	}
}

func TestWhoIsKnownIsListedAndWhoIsForgottenIsNot(t *testing.T) {
	server := redistest.Single(t)
	store := open(t, Options{URLs: []string{server.URL()}})
	v, added := signIn(t, store), address.Address("added@example.com")
	if _, err := store.ChangePerson(t.Context(), added, time.Now(), join("staff")); err != nil {
		t.Fatal(err)
	}
	wantListed := func(want ...address.Address) {
		t.Helper()
		slices.Sort(want)
		page, err := store.People(t.Context(), people.Query{Max: 10})
		var got []address.Address
		for _, p := range page.People {
			got = append(got, p.Address)
		}
		if err != nil || !slices.Equal(got, want) || server.Do(t, "ZCARD", store.base+"people") != int64(len(want)) {
			t.Fatalf("listed are %v, %v, want %v", got, err, want)
		}
	}
	wantListed(v.address, added)
	all, next, err := store.AllSessions(t.Context(), "", 10, v.now)
	if err != nil || len(all) != 1 || all[0].Key != v.session.Key() || next != "" {
		t.Errorf("all sessions are %+v, %v, and go on at %q", all, err, next)
	}
	for _, who := range []address.Address{added, v.address} {
		if err := store.RemovePerson(t.Context(), who, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	wantListed()
	v.wantSession(t, store, false)
	for _, kind := range []string{"sessions", "addresses"} {
		if left := server.Do(t, "KEYS", store.base+kind+":*"); len(left.([]any)) != 0 && kind == "sessions" {
			t.Errorf("of the %s %v are left", kind, left)
		} else {
			for _, key := range left.([]any) { // links that were used are remembered
				if life := server.Do(t, "PTTL", fmt.Sprint(key)); life == int64(-1) || life.(int64) > 2*time.Hour.Milliseconds() {
					t.Errorf("%v stays for %v ms", key, life)
				}
			}
		}
	}
}
