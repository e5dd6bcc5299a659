package storetest

import (
	"errors"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/token"
)

var ownTokenPromises = []promise{
	{"OneIsMadeWithTheCodeInTheSessionThatProposedIt", func(f *fixture) {
		who := f.person("a")
		mine, other := f.signIn(who), f.signIn(who)
		c := f.makingToken(mine)
		wrong, elsewhere, without := c, c, c
		wrong.Codes, elsewhere.Session, without.Token = []signin.CodeKey{newCode()}, other.Key, token.Record{}
		f.wantConfirmed(wrong, account.WrongCode)
		f.wantConfirmed(elsewhere, account.Nothing)
		f.wantConfirmed(without, account.Nothing)
		f.wantTokensOf(who)
		f.wantConfirmed(c, account.Made)
		f.wantTokensOf(who, c.Token)
		f.kept(c.Notice.ID)
		f.wantConfirmed(c, account.Made) // sent again, since its answer was lost
		f.wantTokensOf(who, c.Token)
		again := c
		again.Token = f.token(who)
		f.wantConfirmed(again, account.Nothing) // the code is used up
		f.wantTokensOf(who, c.Token)
		f.wantNothingPending(mine)
	}},
	{"NoOtherCodeMakesOneAndNobodyMakesThatOfSomebodyElse", func(f *fixture) {
		s, other := f.signIn(f.person("a")), f.signIn(f.person("b"))
		for _, kind := range []account.Kind{account.Administer, account.Passkeys, account.Drop} {
			c := f.confirming(s, f.proposed(s, kind, ""))
			c.Token = f.token(s.Address)
			f.wantConfirmed(c, account.Nothing)
		}
		for _, owner := range []session.Entry{other, {}} {
			c := f.makingToken(s)
			c.Token = f.token(owner.Address)
			f.wantConfirmed(c, account.Nothing)
			f.wantNoToken(c.Token.ID)
		}
		f.wantTokensOf(s.Address)
	}},
	{"WhoHasTwentyKeepsTheCodeAndNoProof", func(f *fixture) {
		s := f.signIn(f.person("a"))
		made := []token.Record{}
		for range token.MaxPersonal {
			made = append(made, f.madeToken(s.Address))
		}
		c := f.makingToken(s)
		if _, err := f.Confirm(f.Context(), c); !errors.Is(err, token.ErrFull) {
			f.Fatalf("one more is %v", err)
		}
		f.must(second(f.EndToken(f.Context(), made[0].ID, s.Address, f.now)))
		wrong := c
		wrong.Codes = nil
		f.wantConfirmed(wrong, account.WrongCode)
		f.wantConfirmed(c, account.Made)
	}},
	{"OneCodeMakesOneOfManyAtOnce", func(f *fixture) {
		s := f.signIn(f.person("a"))
		c, made := f.makingToken(s), 0
		for _, outcome := range atOnce(f, parallel, func(int) (account.Outcome, error) {
			one := c
			one.Token, one.Notice.ID = f.token(s.Address), ""
			confirmed, err := f.Confirm(f.Context(), one)
			return confirmed.Outcome, err
		}) {
			if outcome == account.Made {
				made++
			}
		}
		list, err := f.TokensOf(f.Context(), s.Address, f.now)
		f.must(err)
		if made != 1 || len(list) != 1 {
			f.Errorf("%d were made, and %d are listed", made, len(list))
		}
	}},
}

// makingToken is the confirmation of a token that a session has proposed.
func (f *fixture) makingToken(s session.Entry) account.Confirmation {
	f.Helper()
	c := f.confirming(s, f.proposed(s, account.Token, ""))
	c.Token, c.Notice = f.token(s.Address), f.message(s.Address)
	c.Notice.Kind = outbox.Changed
	return c
}
