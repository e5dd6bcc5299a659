package storetest

import (
	"github.com/doorpost-auth/doorpost/internal/passkey"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

var subjectPromises = []promise{
	{"EachSessionOfSomebodySaysWhoseItIs", func(f *fixture) {
		who, second := f.person("a"), f.person("second")
		first := f.signIn(who)
		want := f.subject(first.Key)
		f.recovers(who, second)
		r := f.redemption(f.asked(second, newBrowser()))
		redeemed := f.redeemLink(r) // the rules are asked about the person
		r.Policy, r.Revision = redeemed.Policy, &redeemed.Person.Revision
		f.wantOutcome(f.redeemLink(r), signin.SignedIn)
		u := f.using(f.added(first))
		f.wantUsed(u, passkey.Fine)
		for what, key := range map[string]session.Key{
			"again": f.signIn(who).Key, "by recovery": r.Session.Key, "by passkey": u.Session.Key, "at a site": f.entered(first).Made,
		} {
			if got := f.subject(key); got != want {
				f.Errorf("%s it is %v, want %v", what, got, want)
			}
		}
		if f.subject(f.signIn(f.person("b")).Key) == want {
			f.Error("two people are one")
		}
	}},
	{"WhoMovesStaysWhoTheyAre", func(f *fixture) {
		from, to, further := f.person("from"), f.person("to"), f.person("further")
		s := f.signIn(from)
		want := f.subject(s.Key)
		if got := f.subject(f.moves(s, to)); got != want {
			f.Errorf("in the session that goes on it is %v, want %v", got, want)
		}
		f.must(f.MovePerson(f.Context(), to, further, f.now))
		if got := f.subject(f.signIn(further).Key); got != want {
			f.Errorf("after an operator's move it is %v, want %v", got, want)
		}
		if f.subject(f.signIn(from).Key) == want {
			f.Error("whoever gets the former address is the one who left it")
		}
	}},
	{"WhoWasRemovedAndComesAnewIsSomebodyElse", func(f *fixture) {
		who := f.person("a")
		before := f.subject(f.signIn(who).Key)
		f.must(f.RemovePerson(f.Context(), who, f.now))
		if f.subject(f.signIn(who).Key) == before {
			f.Error("they are the one who was removed")
		}
	}},
	{"WhoWasKnownBeforeTheyCameIsSomebody", func(f *fixture) {
		who := f.person("a")
		f.changed(who, inGroups("staff"))
		if got, want := f.subject(f.signIn(who).Key), f.subject(f.signIn(who).Key); got != want {
			f.Errorf("at the next sign-in it is %v, want %v", got, want)
		}
	}},
}

// subject is whose a session is.
func (f *fixture) subject(key session.Key) people.Subject {
	f.Helper()
	record, found, err := f.Session(f.Context(), key, f.now)
	f.must(err)
	if !found || record.Subject.IsZero() {
		f.Fatalf("found: %v; the session is %+v", found, record)
	}
	return record.Subject
}
