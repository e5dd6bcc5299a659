package storetest

import (
	"fmt"
	"slices"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
)

// changed changes somebody.
func (f *fixture) changed(who address.Address, change func(*people.Person)) people.Person {
	f.Helper()
	p, err := f.ChangePerson(f.Context(), who, f.now, func(p *people.Person) error {
		change(p)
		return nil
	})
	f.must(err)
	return p
}

// known is somebody that the store knows.
func (f *fixture) known(who address.Address) people.Person {
	f.Helper()
	p, found, err := f.Person(f.Context(), who)
	f.must(err)
	if !found || !p.IsKnown() {
		f.Fatalf("%s is not known", who)
	}
	return p
}

func (f *fixture) standingOf(who address.Address) *people.Standing {
	f.Helper()
	p := f.known(who)
	return &p.Standing
}

func (f *fixture) wantUnknown(who address.Address) {
	f.Helper()
	p, found, err := f.Person(f.Context(), who)
	f.must(err)
	if found || p.IsKnown() {
		f.Fatalf("%s is known: %+v", who, p)
	}
}

func (f *fixture) wantPerson(want people.Person) {
	f.Helper()
	f.wantSamePerson(f.known(want.Address), want)
}

func (f *fixture) wantSamePerson(got, want people.Person) {
	f.Helper()
	if got, want := fmt.Sprintf("%+v", comparable(got)), fmt.Sprintf("%+v", comparable(want)); got != want {
		f.Fatalf("the person is\n%s, want\n%s", got, want)
	}
}

// comparable is a person whose times read alike if they are alike.
func comparable(p people.Person) people.Person {
	p.Added, p.Proven = p.Added.UTC(), p.Proven.UTC()
	p.Grants = slices.Clone(p.Grants)
	for i := range p.Grants {
		p.Grants[i].Until = p.Grants[i].Until.UTC()
	}
	return p
}

// wantStanding holds a session, alone and in its list, to a standing.
func (f *fixture) wantStanding(key session.Key, want *people.Standing) {
	f.Helper()
	record, found, err := f.Session(f.Context(), key, f.now)
	f.must(err)
	if !found {
		f.Fatal("the session is not found")
	}
	if want.IsEmpty() != (record.Standing == nil) {
		f.Fatalf("the session has the standing %+v, want %+v", record.Standing, want)
	}
	if want.IsEmpty() {
		return
	}
	f.wantSamePerson(people.Person{Standing: *record.Standing}, people.Person{Standing: *want})
	entries, err := f.Sessions(f.Context(), record.Address, f.now)
	f.must(err)
	for _, e := range entries {
		if e.Key == key && e.Standing != nil {
			f.wantSamePerson(people.Person{Standing: *e.Standing}, people.Person{Standing: *want})
			return
		}
	}
	f.Fatal("the session is not listed with its standing")
}
