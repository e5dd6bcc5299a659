package storetest

import (
	"errors"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/token"
)

// What instances are told of a token.
const (
	nothing = iota
	itChanged
	itEnded
)

var tokenEndPromises = []promise{
	{"EveryEndAndChangeIsToldOfEachText", func(f *fixture) {
		for name, c := range map[string]struct {
			do   func(who address.Address, id token.ID)
			told int
			gone bool
		}{
			"ended by an admin": {func(_ address.Address, id token.ID) { f.must(second(f.EndToken(f.Context(), id, "", f.now))) }, itEnded, true},
			"ended by its owner": {func(who address.Address, id token.ID) {
				f.must(second(f.EndToken(f.Context(), id, who, f.now)))
			}, itEnded, true},
			"the owner disabled": {func(who address.Address, _ token.ID) { f.disables(who) }, itEnded, true},
			"the owner disabled and enabled": {func(who address.Address, _ token.ID) {
				f.disables(who)
				f.enables(who)
			}, itEnded, true},
			"another tag disabled": {func(who address.Address, _ token.ID) { f.disables(tag(who, "x")) }, itEnded, true},
			"the owner removed":    {func(who address.Address, _ token.ID) { f.must(f.RemovePerson(f.Context(), who, f.now)) }, itEnded, true},
			"the owner removed and back": {func(who address.Address, _ token.ID) {
				f.must(f.RemovePerson(f.Context(), who, f.now))
				f.signIn(who)
			}, itEnded, true},
			"the owner leaves":   {func(who address.Address, _ token.ID) { f.makes(f.signIn(who), account.Leave, "") }, itEnded, true},
			"the owner moves":    {func(who address.Address, _ token.ID) { f.moves(f.signIn(who), who+".au") }, itEnded, false},
			"the owner is moved": {func(who address.Address, _ token.ID) { f.must(f.MovePerson(f.Context(), who, who+".au", f.now)) }, itEnded, false},
			"another group":      {func(who address.Address, _ token.ID) { f.changed(who, inGroups("staff")) }, itChanged, false},
			"a grant":            {func(who address.Address, _ token.ID) { f.changed(who, granted(f.site)) }, itChanged, false},
			"rotated":            {func(_ address.Address, id token.ID) { f.rotates(id, f.now.Add(time.Hour)) }, itChanged, false},
			"a sign-in":          {func(who address.Address, _ token.ID) { f.signIn(who) }, nothing, false},
			"all sessions end":   {func(who address.Address, _ token.ID) { f.must(f.EndAll(f.Context(), who, session.Key{})) }, nothing, false},
			"another token ends": {func(who address.Address, _ token.ID) {
				f.must(second(f.EndToken(f.Context(), f.madeToken(who).ID, who, f.now)))
			}, nothing, false},
			"a use": {func(_ address.Address, id token.ID) {
				f.must(second(f.UseToken(f.Context(), id, "192.0.2.0/24", f.now)))
			}, nothing, false},
			"the group of somebody": {func(address.Address, token.ID) { f.changed(f.person("b"), inGroups("staff")) }, nothing, false},
		} {
			who := f.person(strings.ReplaceAll(name, " ", "-"))
			f.signIn(who)
			r, other := f.rotatedToken(who), f.rotatedToken("") // of a service: what happens to people does not matter
			ended, changed := f.listen(), f.listenToChanges()
			c.do(who, r.ID)
			for _, key := range []session.Key{session.TokenKey(r.Sum), session.TokenKey(r.Former)} {
				if end, change := ended.was(key), changed.was(key); end != (c.told == itEnded) || change != (c.told == itChanged) {
					f.Errorf("%s: told as an end: %v, as a change: %v", name, end, change)
				}
			}
			if key := session.TokenKey(other.Sum); ended.was(key) || changed.was(key) {
				f.Errorf("%s: told of the token of a service", name)
			}
			if _, found, err := f.Token(f.Context(), r.ID, f.now); err != nil || found == c.gone {
				f.Errorf("%s: found: %v, %v", name, found, err)
			}
			if _, found, err := f.Token(f.Context(), other.ID, f.now); err != nil || !found {
				f.Errorf("%s: that of a service found: %v, %v", name, found, err)
			}
			ended.cancel()
			changed.cancel()
		}
	}},
	{"ASecondRotationIsToldOfBothTexts", func(f *fixture) {
		r := f.rotatedToken("")
		changed := f.listenToChanges()
		third := f.rotates(r.ID, f.now.Add(time.Hour))
		changed.want(f, session.TokenKey(r.Former), true) // which is good no more
		changed.want(f, session.TokenKey(r.Sum), true)
		got, _, err := f.Token(f.Context(), r.ID, f.now)
		f.must(err)
		if got.Sum != third || got.Former != r.Sum {
			f.Errorf("the token is %+v", got)
		}
	}},
	{"NobodyEndsTheTokenOfAnother", func(f *fixture) {
		who, other := f.person("a"), f.person("b")
		f.signIn(who)
		f.signIn(other)
		theirs, service := f.madeToken(who), f.madeToken("")
		ended := f.listen()
		for _, r := range []token.Record{theirs, service} {
			if _, err := f.EndToken(f.Context(), r.ID, other, f.now); !errors.Is(err, token.ErrUnknown) {
				f.Errorf("it is ended: %v", err)
			}
			f.wantToken(r)
			ended.want(f, session.TokenKey(r.Sum), false)
		}
	}},
	{"OneThatEndedStaysEnded", func(f *fixture) {
		who := f.person("a")
		f.signIn(who)
		r := f.madeToken(who)
		got, err := f.EndToken(f.Context(), r.ID, who, f.now)
		f.must(err)
		f.wantSameToken(got, r)
		f.wantNoToken(r.ID)
		f.wantTokensOf(who)
		f.wantTokens(10, f.now)
		f.must(second(f.UseToken(f.Context(), r.ID, "192.0.2.0/24", f.now)))
		if err := second(f.RotateToken(f.Context(), r.ID, token.Sum{1}, f.now, f.now, f.now)); !errors.Is(err, token.ErrUnknown) {
			f.Errorf("rotating it: %v", err)
		}
		f.wantNoToken(r.ID)
	}},
	{"OneThatIsUsedWhileItEndsStaysEnded", func(f *fixture) {
		for range 20 {
			r := f.madeToken("")
			atOnce(f, 8, func(i int) (struct{}, error) {
				switch i {
				case 0:
					return struct{}{}, second(f.EndToken(f.Context(), r.ID, "", f.now))
				case 1:
					err := second(f.RotateToken(f.Context(), r.ID, token.Sum{1}, f.now.Add(time.Hour), f.now, f.now))
					if errors.Is(err, token.ErrUnknown) {
						err = nil
					}
					return struct{}{}, err
				}
				return struct{}{}, second(f.UseToken(f.Context(), r.ID, time.Duration(i).String(), f.now))
			})
			f.wantNoToken(r.ID)
		}
	}},
	{"TokensGoAlongWhenSomebodyMoves", func(f *fixture) {
		from, to := f.person("from"), f.person("to")
		s := f.signIn(from)
		one, two := f.madeToken(from), f.madeToken(from)
		f.moves(s, to)
		one.Owner, two.Owner = to, to
		f.wantTokensOf(from)
		f.wantTokensOf(to, one, two)
		f.wantToken(one)
		f.changed(to, inGroups("staff"))
		one.Standing = &people.Standing{Groups: []string{"staff"}}
		f.wantToken(one)
		f.signIn(from) // somebody new
		if _, err := f.EndToken(f.Context(), one.ID, from, f.now); !errors.Is(err, token.ErrUnknown) {
			f.Errorf("whoever has the address now ends it: %v", err)
		}
	}},
}

// rotatedToken is one with two texts, of which no news is on its way.
func (f *fixture) rotatedToken(who address.Address) token.Record {
	f.Helper()
	r := f.token(who)
	r.Former, r.FormerUntil, r.Rotated = token.SumOf(token.NewText(r.ID, true)), f.now.Add(time.Hour), f.now
	f.must(f.MakeToken(f.Context(), r, f.now))
	return r
}

// rotates gives a token another text.
func (f *fixture) rotates(id token.ID, formerUntil time.Time) token.Sum {
	f.Helper()
	sum := token.SumOf(token.NewText(id, false))
	f.must(second(f.RotateToken(f.Context(), id, sum, f.now.Add(token.UsualLife), formerUntil, f.now)))
	return sum
}

func granted(site string) func(*people.Person) {
	return func(p *people.Person) { p.Grants = []people.Grant{{Origin: site}} }
}
