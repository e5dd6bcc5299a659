package admin

import (
	"bytes"
	"cmp"
	"context"
	"iter"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
)

// Kept is what can be compared of a store. The lists are in the order of addresses.
type Kept interface {
	People(ctx context.Context, q people.Query) (people.Page, error)
	AllSessions(ctx context.Context, after address.Address, max int, now time.Time) ([]session.Entry, address.Address, error)
}

// Missing says how much of what one store has is not in another.
type Missing struct {
	People   int // who are not known
	Disabled int // who are not disabled
	Standing int // people without all their groups and grants
	Sessions int
}

// CountMissing counts what a store has and another lacks. It reads both page by page,
// side by side: there may be very many people. With an error comes what was counted
// until then.
func CountMissing(ctx context.Context, has, lacks Kept, now time.Time) (m Missing, err error) {
	for here, there := range pairs(everybody(ctx, has, &err), everybody(ctx, lacks, &err), byAddress) {
		if err != nil {
			break
		}
		if !there.IsKnown() {
			m.People++
		}
		if here.Disabled && !there.Disabled {
			m.Disabled++
		}
		if !covers(there.Standing, here.Standing) {
			m.Standing++
		}
	}
	for _, there := range pairs(allSessions(ctx, has, now, &err), allSessions(ctx, lacks, now, &err), byKey) {
		if err == nil && there.Key == (session.Key{}) {
			m.Sessions++
		}
	}
	return m, err
}

// covers reports whether a standing has all that another has.
func covers(all, some people.Standing) bool {
	for _, group := range some.Groups {
		if !slices.Contains(all.Groups, group) {
			return false
		}
	}
	for _, grant := range some.Grants {
		if !slices.ContainsFunc(all.Grants, func(g people.Grant) bool { return g.Origin == grant.Origin }) {
			return false
		}
	}
	return true
}

func byAddress(a, b people.Person) int { return cmp.Compare(a.Address, b.Address) }

func byKey(a, b session.Entry) int {
	return cmp.Or(cmp.Compare(a.Address, b.Address), bytes.Compare(a.Key[:], b.Key[:]))
}

// onePage is how many people or sessions are read at once.
const onePage = 1000

func everybody(ctx context.Context, store Kept, err *error) iter.Seq[people.Person] {
	return paged(err, func(after address.Address) ([]people.Person, address.Address, error) {
		page, err := store.People(ctx, people.Query{After: after, Max: onePage})
		return page.People, page.Next, err
	})
}

func allSessions(ctx context.Context, store Kept, now time.Time, err *error) iter.Seq[session.Entry] {
	return paged(err, func(after address.Address) ([]session.Entry, address.Address, error) {
		list, next, err := store.AllSessions(ctx, after, onePage, now)
		slices.SortFunc(list, byKey) // a page has all sessions of a person
		return list, next, err
	})
}

// paged is a list that is read page by page. The first error of any list with the same
// err ends them all.
func paged[T any](err *error, read func(after address.Address) (page []T, next address.Address, err error)) iter.Seq[T] {
	return func(yield func(T) bool) {
		for after := address.Address(""); *err == nil; {
			page, next, failed := read(after)
			if *err = failed; failed != nil {
				return
			}
			for _, item := range page {
				if !yield(item) {
					return
				}
			}
			if after = next; next == "" {
				return
			}
		}
	}
}

// pairs has each of one list with its equal of another, which is the zero value if
// there is none. Both lists are in order.
func pairs[T any](ours, theirs iter.Seq[T], compare func(a, b T) int) iter.Seq2[T, T] {
	return func(yield func(T, T) bool) {
		next, stop := iter.Pull(theirs)
		defer stop()
		there, more := next()
		for here := range ours {
			for more && compare(there, here) < 0 {
				there, more = next()
			}
			var equal T
			if more && compare(there, here) == 0 {
				equal = there
			}
			if !yield(here, equal) {
				return
			}
		}
	}
}
