package storetest

import (
	"reflect"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/session"
)

var sessionPromises = []promise{
	{"ASessionIsFoundUntilItIsOver", func(f *fixture) {
		s := f.signIn(f.person("a"))
		f.wantRecord(s.Key, s.Record)
		f.wantFoundAt(s.Key, s.Expires.Add(-time.Millisecond), true)
		f.wantFoundAt(s.Key, s.Expires, false)
		f.wantFoundAt(s.Key, s.Expires.Add(24*time.Hour), false)
	}},
	{"ASessionThatNeverWasIsNotFound", func(f *fixture) {
		f.signIn(f.person("a"))
		f.wantFound(session.NewID().Key(), false)
		f.wantFound(session.Key{}, false)
	}},
	{"TouchMovesASessionForward", func(f *fixture) {
		s := f.signIn(f.person("a"))
		s.Seen, s.Expires = f.now.Add(time.Minute), f.now.Add(3*time.Hour)
		f.must(f.Touch(f.Context(), s.Key, s.Seen, s.Expires))
		f.wantRecord(s.Key, s.Record)
		f.wantFoundAt(s.Key, s.Expires.Add(-time.Millisecond), true)
		f.wantFoundAt(s.Key, s.Expires, false)
	}},
	{"TouchMovesNothingBack", func(f *fixture) {
		s := f.signIn(f.person("a"))
		f.must(f.Touch(f.Context(), s.Key, s.Seen.Add(-time.Minute), s.Expires.Add(-time.Minute)))
		f.wantRecord(s.Key, s.Record)
		// One that comes late may still know more of the one and less of the other.
		s.Seen = s.Seen.Add(time.Minute)
		f.must(f.Touch(f.Context(), s.Key, s.Seen, s.Expires.Add(-time.Minute)))
		f.wantRecord(s.Key, s.Record)
	}},
	{"TouchDoesNotBringBackWhatIsOver", func(f *fixture) {
		s := f.signIn(f.person("a"))
		f.must(f.Touch(f.Context(), s.Key, s.Expires, s.Expires.Add(time.Hour)))
		f.wantFoundAt(s.Key, s.Expires, false)
	}},
	{"TouchDoesNotBringBackWhatHasEnded", func(f *fixture) {
		who := f.person("a")
		s := f.signIn(who)
		f.must(f.End(f.Context(), who, s.Key))
		f.must(f.Touch(f.Context(), s.Key, f.now.Add(time.Second), s.Expires.Add(time.Hour)))
		f.wantFound(s.Key, false)
		f.wantSessions(who)
	}},
	{"APersonsSessionsAreThoseThatAreNotOver", func(f *fixture) {
		who := f.person("a")
		f.wantSessions(who)
		short, long := f.signIn(who), f.signIn(who)
		f.must(f.Touch(f.Context(), long.Key, f.now.Add(time.Second), long.Expires.Add(time.Hour)))
		f.wantSessions(who, short.Key, long.Key)
		entries, err := f.Sessions(f.Context(), who, short.Expires)
		f.must(err)
		if len(entries) != 1 || entries[0].Key != long.Key {
			f.Errorf("after one of two sessions is over %d are listed", len(entries))
		}
	}},
	{"AddressesThatBeginAlikeAreTwoPersons", func(f *fixture) {
		short := f.person("a")
		long := short + ".au"
		a, b := f.signIn(short), f.signIn(long)
		f.wantSessions(short, a.Key)
		f.wantSessions(long, b.Key)
		f.must(f.End(f.Context(), short, b.Key))
		f.must(f.EndAll(f.Context(), short, session.Key{}))
		f.wantSessions(short)
		f.wantSessions(long, b.Key)
	}},
	{"EndEndsOneSessionOfItsOwner", func(f *fixture) {
		who, other := f.person("a"), f.person("b")
		mine, kept := f.signIn(who), f.signIn(who)
		f.must(f.End(f.Context(), other, mine.Key))
		f.wantFound(mine.Key, true)
		f.must(f.End(f.Context(), who, mine.Key))
		f.wantFound(mine.Key, false)
		f.wantSessions(who, kept.Key)
		f.must(f.End(f.Context(), who, mine.Key)) // once more is not an error
		f.must(f.End(f.Context(), who, session.NewID().Key()))
	}},
	{"EndAllKeepsOneIfAsked", func(f *fixture) {
		who, other := f.person("a"), f.person("b")
		first, kept, last, others := f.signIn(who), f.signIn(who), f.signIn(who), f.signIn(other)
		f.must(f.EndAll(f.Context(), who, kept.Key))
		f.wantSessions(who, kept.Key)
		f.wantFound(first.Key, false)
		f.wantFound(last.Key, false)
		f.must(f.EndAll(f.Context(), who, others.Key)) // somebody else's to keep
		f.wantSessions(who)
		f.wantSessions(other, others.Key)
		f.must(f.EndAll(f.Context(), who, session.Key{}))
	}},
}

func (f *fixture) wantFoundAt(key session.Key, now time.Time, want bool) {
	f.Helper()
	_, found, err := f.Session(f.Context(), key, now)
	f.must(err)
	if found != want {
		f.Fatalf("the session is found: %v, want %v", found, want)
	}
}

// wantRecord holds a session and its place in its person's list to a record.
func (f *fixture) wantRecord(key session.Key, want session.Record) {
	f.Helper()
	got, found, err := f.Session(f.Context(), key, f.now)
	f.must(err)
	if !found {
		f.Fatal("the session is not found")
	}
	f.wantSameRecord(got, want)
	entries, err := f.Sessions(f.Context(), want.Address, f.now)
	f.must(err)
	i := slices.IndexFunc(entries, func(e session.Entry) bool { return e.Key == key })
	if i < 0 {
		f.Fatal("the session is not listed")
	}
	f.wantSameRecord(entries[i].Record, want)
}

func (f *fixture) wantSameRecord(got, want session.Record) {
	f.Helper()
	if !got.SignedIn.Equal(want.SignedIn) || !got.Seen.Equal(want.Seen) || !got.Expires.Equal(want.Expires) {
		f.Fatalf("the times of the session are %v, %v, %v, want %v, %v, %v", got.SignedIn, got.Seen, got.Expires, want.SignedIn, want.Seen, want.Expires)
	}
	if got.Subject.IsZero() {
		f.Fatal("the session does not say whose it is")
	}
	got.Subject = want.Subject
	got.SignedIn, got.Seen, got.Expires, got.Used = want.SignedIn, want.Seen, want.Expires, want.Used
	if !reflect.DeepEqual(got, want) {
		f.Fatalf("the session is %+v, want %+v", got, want)
	}
}
