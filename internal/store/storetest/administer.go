package storetest

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/session"
)

var administerPromises = []promise{
	{"ItStaysConfirmedForAWhileInItsSessionOnly", func(f *fixture) {
		who := f.person("a")
		s, other := f.signIn(who), f.signIn(who)
		c := f.confirming(s, f.proposed(s, account.Administer, ""))
		f.wantAdministers(s, f.now, false)
		f.wantConfirmed(c, account.Made)
		f.wantAdministers(s, f.now.Add(account.FreshProof-time.Millisecond), true)
		f.wantAdministers(s, f.now.Add(account.FreshProof), false)
		f.wantAdministers(other, f.now, false)
		f.wantConfirmed(c, account.Nothing) // the code is used up
		f.wantAdministers(s, f.now, true)
		f.wantSessions(who, s.Key, other.Key)
	}},
	{"WrongCodesConfirmNothing", func(f *fixture) {
		s := f.signIn(f.person("a"))
		c := f.confirming(s, f.proposed(s, account.Administer, ""))
		c.Codes = c.Codes[:1]
		f.wantConfirmed(c, account.WrongCode)
		f.wantAdministers(s, f.now, false)
	}},
	{"AnotherProposalEndsIt", func(f *fixture) {
		s := f.signIn(f.person("a"))
		f.wantConfirmed(f.confirming(s, f.proposed(s, account.Administer, "")), account.Made)
		f.proposed(s, account.Drop, "")
		f.wantAdministers(s, f.now, false)
	}},
	{"ItEndsWithItsSession", func(f *fixture) {
		s := f.signIn(f.person("a"))
		f.wantConfirmed(f.confirming(s, f.proposed(s, account.Administer, "")), account.Made)
		f.must(f.End(f.Context(), s.Address, s.Key))
		f.wantAdministers(s, f.now, false)
	}},
}

func (f *fixture) wantAdministers(s session.Entry, at time.Time, want bool) {
	f.Helper()
	c, found, err := f.Pending(f.Context(), s.Key, at)
	f.must(err)
	if got := found && c.Kind == account.Administer && c.Confirmed; got != want {
		f.Fatalf("an Administer is confirmed: %v, want %v; pending is %+v", got, want, c)
	}
}
