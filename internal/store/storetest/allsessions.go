package storetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/session"
)

var allSessionsPromises = []promise{
	{"NobodyHasSessionsAtFirst", func(f *fixture) {
		f.wantAll(10, f.now)
	}},
	{"AllSessionsAreListedPersonByPerson", func(f *fixture) {
		made := make(map[address.Address][]session.Key)
		for i, name := range []string{"c", "a", "d", "b"} {
			who := f.person(name)
			for range i + 1 {
				made[who] = append(made[who], f.signIn(who).Key)
			}
		}
		long := f.person("a") + ".au" // begins as another
		made[long] = []session.Key{f.signIn(long).Key}
		var want []string
		for who, keys := range made {
			for _, key := range keys {
				want = append(want, fmt.Sprint(who, " ", key))
			}
		}
		slices.Sort(want)
		for max := 1; max <= len(want)+1; max++ {
			f.wantAll(max, f.now.Add(time.Second), want...)
		}
	}},
	{"SessionsThatAreOverAreNotAmongAll", func(f *fixture) {
		gone, over, long := f.signIn(f.person("a")), f.signIn(f.person("b")), f.signIn(f.person("b"))
		f.must(f.End(f.Context(), gone.Address, gone.Key))
		f.must(f.Touch(f.Context(), long.Key, f.now.Add(time.Second), long.Expires.Add(time.Hour)))
		f.wantAll(1, over.Expires, fmt.Sprint(long.Address, " ", long.Key))
	}},
	{"AllSessionsHaveWhatTheyHaveAlone", func(f *fixture) {
		s := f.signIn(f.person("a"))
		list, next, err := f.AllSessions(f.Context(), "", 10, f.now)
		f.must(err)
		if len(list) != 1 || next != "" {
			f.Fatalf("%d sessions are listed, and more after %q", len(list), next)
		}
		f.wantSameRecord(list[0].Record, s.Record)
	}},
}

// wantAll holds all sessions, listed by parts, to those given, in order.
func (f *fixture) wantAll(max int, now time.Time, want ...string) {
	f.Helper()
	var got []string
	last := address.Address("")
	for after := address.Address(""); ; {
		list, next, err := f.AllSessions(f.Context(), after, max, now)
		f.must(err)
		var part []string
		people := make(map[address.Address]int)
		for _, e := range list {
			if e.Address <= last {
				f.Fatalf("%s comes after %s", e.Address, last)
			}
			part = append(part, fmt.Sprint(e.Address, " ", e.Key))
			people[e.Address]++
		}
		if len(list) > 0 {
			last = list[len(list)-1].Address
			if len(list)-people[last] >= max {
				f.Fatalf("a part of %d has %d sessions of others than %s", max, len(list)-people[last], last)
			}
		}
		slices.Sort(part) // those of one person are in no order
		got = append(got, part...)
		if next == "" {
			break
		}
		if next <= after {
			f.Fatalf("after %q follows what comes after %q", after, next)
		}
		after = next
	}
	if !slices.Equal(got, want) {
		f.Fatalf("all sessions, %d at a time, are\n%v, want\n%v", max, got, want)
	}
}
