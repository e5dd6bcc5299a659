package storetest

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/token"
)

var tokenPromises = []promise{
	{"ATokenIsKeptAsItWasMade", func(f *fixture) {
		r := f.token("")
		r.Paths, r.Methods, r.Groups = []string{"/a", "/b/*"}, []string{"GET", "PROPFIND"}, []string{"staff", "robots"}
		r.Networks = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/32")}
		f.must(f.MakeToken(f.Context(), r, f.now))
		f.wantToken(r)
		f.must(f.MakeToken(f.Context(), r, f.now)) // sent again, since its answer was lost
		f.wantToken(r)
		f.wantTokens(10, f.now, r)
		other := f.token("")
		other.ID = r.ID
		if err := f.MakeToken(f.Context(), other, f.now); err == nil {
			f.Error("another token got the same id")
		}
		f.wantToken(r)
	}},
	{"OneForEverHasNoEnd", func(f *fixture) {
		r := f.token("")
		r.Expires = time.Time{}
		f.must(f.MakeToken(f.Context(), r, f.now))
		f.wantToken(r)
		f.wantTokens(10, f.now.AddDate(100, 0, 0), r)
	}},
	{"OneThatExpiredIsListedForAWhile", func(f *fixture) {
		who := f.person("a")
		f.signIn(who)
		r := f.madeToken(who)
		last := r.Expires.Add(token.KeptFor)
		for at, want := range map[time.Time]bool{r.Expires: true, last.Add(-time.Millisecond): true, last: false} {
			_, found, err := f.Token(f.Context(), r.ID, at)
			f.must(err)
			list, err := f.TokensOf(f.Context(), who, at)
			f.must(err)
			if found != want || len(list) == 1 != want {
				f.Errorf("%v after the end it is found: %v, listed: %d", at.Sub(r.Expires), found, len(list))
			}
		}
		f.wantTokens(10, last)
		if _, err := f.EndToken(f.Context(), r.ID, "", last); !errors.Is(err, token.ErrUnknown) {
			f.Errorf("it is ended after that: %v", err)
		}
	}},
	{"WhatWasNeverMadeIsNotFound", func(f *fixture) {
		f.wantNoToken(token.NewID())
		f.wantTokens(10, f.now)
		for name, err := range map[string]error{
			"rotating": second(f.RotateToken(f.Context(), token.NewID(), token.Sum{1}, f.now, f.now, f.now)),
			"ending":   second(f.EndToken(f.Context(), token.NewID(), "", f.now)),
		} {
			if !errors.Is(err, token.ErrUnknown) {
				f.Errorf("%s one that is not there: %v", name, err)
			}
		}
		if first, err := f.UseToken(f.Context(), token.NewID(), "192.0.2.0/24", f.now); first || err != nil {
			f.Errorf("using one that is not there: %v, %v", first, err)
		}
	}},
	{"APersonHasTwentyTheLastOneFirst", func(f *fixture) {
		who, other := f.person("a"), f.person("b")
		f.signIn(who)
		f.signIn(other)
		var made []token.Record
		for range token.MaxPersonal {
			made = append(made, f.madeToken(who))
		}
		f.wantFull(who)
		f.must(f.MakeToken(f.Context(), made[3], f.now)) // sent again
		f.wantTokensOf(who, made...)
		kept := f.madeToken(other)
		f.wantTokensOf(other, kept)
		f.must(second(f.EndToken(f.Context(), made[3].ID, who, f.now)))
		made = slices.Delete(made, 3, 4)
		made = append(made, f.madeToken(who))
		f.wantFull(who)
		f.wantTokensOf(who, made...)
	}},
	{"OneThatHasExpiredMakesRoom", func(f *fixture) {
		who := f.person("a")
		f.signIn(who)
		short := f.token(who)
		short.Expires = f.now.Add(time.Hour)
		f.must(f.MakeToken(f.Context(), short, f.now))
		for range token.MaxPersonal - 1 {
			f.madeToken(who)
		}
		r := f.token(who)
		if err := f.MakeToken(f.Context(), r, short.Expires.Add(-time.Millisecond)); !errors.Is(err, token.ErrFull) {
			f.Fatalf("one more: %v", err)
		}
		f.must(f.MakeToken(f.Context(), r, short.Expires))
	}},
	{"OfManyMadeAtOnceTwentyAreKept", func(f *fixture) {
		who := f.person("a")
		f.signIn(who)
		var made []token.Record
		for range parallel {
			made = append(made, f.token(who))
		}
		full := atOnce(f, parallel, func(i int) (bool, error) {
			err := f.MakeToken(f.Context(), made[i], f.now)
			if errors.Is(err, token.ErrFull) {
				return true, nil
			}
			return false, err
		})
		list, err := f.TokensOf(f.Context(), who, f.now)
		f.must(err)
		kept := 0
		for i, r := range made {
			_, found, err := f.Token(f.Context(), r.ID, f.now)
			f.must(err)
			listed := slices.ContainsFunc(list, func(l token.Record) bool { return l.ID == r.ID })
			if found == full[i] || listed != found {
				f.Fatalf("one that is full (%v) is found: %v, listed: %v", full[i], found, listed)
			}
			if found {
				kept++
			}
		}
		if kept != token.MaxPersonal || len(list) != kept {
			f.Errorf("%d are kept, %d listed", kept, len(list))
		}
	}},
	{"NobodyWhoMayNotSignInMakesOne", func(f *fixture) {
		disabled, barred, removed := f.person("disabled"), f.person("barred"), f.person("removed")
		f.changed(disabled, func(p *people.Person) { p.Disabled = true })
		f.signIn(barred)
		f.disables(tag(barred, "x"))
		f.signIn(removed)
		f.must(f.RemovePerson(f.Context(), removed, f.now))
		for _, who := range []address.Address{f.person("stranger"), disabled, barred, removed} {
			r := f.token(who)
			if err := f.MakeToken(f.Context(), r, f.now); !errors.Is(err, people.ErrUnknown) {
				f.Errorf("%s makes one: %v", who, err)
			}
			f.wantNoToken(r.ID)
			f.wantTokensOf(who)
		}
	}},
	{"ATokenHasTheStandingOfItsOwner", func(f *fixture) {
		who := f.person("a")
		f.changed(who, inGroups("staff"))
		r := f.madeToken(who)
		r.Standing = &people.Standing{Groups: []string{"staff"}}
		f.wantToken(r)
		f.changed(who, inGroups())
		r.Standing = nil
		f.wantToken(r)
	}},
	{"ATokenHasTheSubjectOfItsOwner", func(f *fixture) {
		who := f.person("a")
		subject := f.subject(f.signIn(who).Key)
		r := f.madeToken(who)
		got, _, err := f.Token(f.Context(), r.ID, f.now)
		f.must(err)
		if got.Subject != subject {
			f.Errorf("the token of %s has the subject %s, and their session %s", who, got.Subject, subject)
		}
	}},
	{"AllAreListedByParts", func(f *fixture) {
		who := f.person("a")
		f.signIn(who)
		var made []token.Record
		for i := range 7 {
			made = append(made, f.madeToken(map[bool]address.Address{true: who}[i%2 == 0]))
		}
		for max := 1; max <= len(made)+1; max++ {
			f.wantTokens(max, f.now, made...)
		}
	}},
	{"ARotatedTokenHasTwoTextsForAWhile", func(f *fixture) {
		r := f.madeToken("")
		before, after := r.Sum, token.SumOf(token.NewText(r.ID, false))
		r.Former, r.FormerUntil, r.Sum = before, f.now.Add(time.Hour), after
		r.Rotated, r.Expires = f.now.Add(time.Minute), f.now.Add(time.Minute+token.UsualLife)
		for range 2 { // sent again, since its answer was lost
			got, err := f.RotateToken(f.Context(), r.ID, after, r.Expires, r.FormerUntil, r.Rotated)
			f.must(err)
			f.wantSameToken(got, r)
			f.wantToken(r)
		}
		r.Former, r.Sum, r.Expires = after, token.SumOf("third"), time.Time{}
		f.must(second(f.RotateToken(f.Context(), r.ID, r.Sum, r.Expires, r.FormerUntil, r.Rotated)))
		f.wantToken(r)
	}},
	{"NoTextOutlivesItsEndByARotation", func(f *fixture) {
		r := f.madeToken("")
		for name, now := range map[string]time.Time{"expired": r.Expires.Add(time.Hour), "about to": r.Expires.Add(-time.Minute)} {
			r := f.madeToken("")
			got, err := f.RotateToken(f.Context(), r.ID, token.Sum{1}, now.Add(token.UsualLife), now.Add(24*time.Hour), now)
			f.must(err)
			if !got.FormerUntil.Equal(r.Expires) {
				f.Errorf("%s, the text before is good until %v, want %v", name, got.FormerUntil, r.Expires)
			}
		}
	}},
	{"UsesAreNotedToTheHour", func(f *fixture) {
		r := f.madeToken("")
		use := func(network string, now time.Time, want bool) {
			f.Helper()
			first, err := f.UseToken(f.Context(), r.ID, network, now)
			f.must(err)
			if first != want {
				f.Fatalf("from %s for the first time: %v, want %v", network, first, want)
			}
			r.NoteUse(network, now)
			f.wantToken(r)
		}
		use("192.0.2.0/24", f.now, true)
		use("192.0.2.0/24", f.now, false)
		use("192.0.2.0/24", f.now.Add(time.Hour), false)
		use("2001:db8::/48", f.now, true)
		for i := range 20 {
			use(fmt.Sprintf("10.0.%d.0/24", i), f.now, true)
		}
		use("192.0.2.0/24", f.now, true) // forgotten since
	}},
	{"OfManyUsesAtOnceOneIsTheFirst", func(f *fixture) {
		r := f.madeToken("")
		first := 0
		for _, was := range atOnce(f, parallel, func(int) (bool, error) { return f.UseToken(f.Context(), r.ID, "192.0.2.0/24", f.now) }) {
			if was {
				first++
			}
		}
		if first != 1 {
			f.Errorf("%d uses were the first", first)
		}
	}},
	{"RefusalsCountWithRequestsForALink", func(f *fixture) {
		client := limit.Use{Name: "network of " + f.name, Rule: limit.Rule{Max: 4, Window: time.Hour}}
		refused := func(client limit.Use, want bool) {
			f.Helper()
			if wait, err := f.CountRefusal(f.Context(), client, f.now); err != nil || wait > 0 != want {
				f.Fatalf("a refusal waits %v, %v; want to: %v", wait, err, want)
			}
		}
		asks := func(want bool) {
			f.Helper()
			a := f.asking(f.person("a"), newBrowser())
			a.Client = client
			if asked := f.ask(a); asked.Wait > 0 != want {
				f.Fatalf("asking waits %v, want to: %v", asked.Wait, want)
			}
		}
		refused(client, false)
		asks(false)
		refused(client, false)
		refused(client, false)
		asks(true)
		refused(client, true)
		refused(limit.Use{Name: "another of " + f.name, Rule: client.Rule}, false)
		if wait, err := f.CountRefusal(f.Context(), client, f.now.Add(client.Rule.Lifetime())); err != nil || wait > 0 {
			f.Errorf("later a refusal waits %v, %v", wait, err)
		}
	}},
}

// second is the error of a call with one more result.
func second[R any](_ R, err error) error { return err }

// token is one that was not made: of a service if nobody owns it, which has a name of its own.
func (f *fixture) token(who address.Address) token.Record {
	id := token.NewID()
	return token.Record{
		Token: token.Token{ID: id, Name: "backup-" + string(id), Owner: who, Sites: []string{f.site}, Made: f.now, Expires: f.now.Add(token.UsualLife)},
		Sum:   token.SumOf(token.NewText(id, who != "")),
	}
}

func (f *fixture) madeToken(who address.Address) token.Record {
	f.Helper()
	r := f.token(who)
	f.must(f.MakeToken(f.Context(), r, f.now))
	return r
}

func (f *fixture) wantSameToken(got, want token.Record) {
	f.Helper()
	for _, r := range []*token.Record{&got, &want} {
		for _, at := range []*time.Time{&r.Made, &r.Expires, &r.FormerUntil, &r.Rotated, &r.Used} {
			*at = at.UTC()
		}
	}
	if !reflect.DeepEqual(got, want) {
		f.Fatalf("the token is\n%+v, want\n%+v", got, want)
	}
}

func (f *fixture) wantToken(want token.Record) {
	f.Helper()
	got, found, err := f.Token(f.Context(), want.ID, f.now)
	f.must(err)
	if !found {
		f.Fatalf("there is no token %s", want.ID)
	}
	if want.IsPersonal() {
		want.Subject = got.Subject // which the store has from the person, see ATokenHasTheSubjectOfItsOwner
	}
	f.wantSameToken(got, want)
}

func (f *fixture) wantNoToken(id token.ID) {
	f.Helper()
	if got, found, err := f.Token(f.Context(), id, f.now); found || err != nil {
		f.Fatalf("there is a token: %+v, %v", got, err)
	}
}

func (f *fixture) wantFull(who address.Address) {
	f.Helper()
	r := f.token(who)
	if err := f.MakeToken(f.Context(), r, f.now); !errors.Is(err, token.ErrFull) {
		f.Fatalf("one more: %v", err)
	}
	f.wantNoToken(r.ID)
}

// wantTokensOf holds the tokens of somebody to those given, in the order in which they were
// made.
func (f *fixture) wantTokensOf(who address.Address, want ...token.Record) {
	f.Helper()
	got, err := f.TokensOf(f.Context(), who, f.now)
	f.must(err)
	slices.Reverse(got)
	f.wantSameTokens(got, want)
}

func (f *fixture) wantSameTokens(got, want []token.Record) {
	f.Helper()
	if len(got) != len(want) {
		f.Fatalf("%d tokens are listed, want %d", len(got), len(want))
	}
	for i := range want {
		f.wantSameToken(got[i], want[i])
	}
}

// wantTokens holds all tokens, listed by parts, to those given.
func (f *fixture) wantTokens(max int, now time.Time, want ...token.Record) {
	f.Helper()
	var got []token.Record
	for after := token.ID(""); ; {
		list, next, err := f.Tokens(f.Context(), after, max, now)
		f.must(err)
		if got = append(got, list...); len(list) > max || next != "" && next <= after {
			f.Fatalf("after %q come %d, and then what is after %q", after, len(list), next)
		}
		if after = next; next == "" {
			break
		}
	}
	byID := func(a, b token.Record) int { return cmp.Compare(a.ID, b.ID) }
	if want = slices.SortedFunc(slices.Values(want), byID); !slices.IsSortedFunc(got, byID) {
		f.Fatalf("the tokens are not in order: %+v", got)
	}
	f.wantSameTokens(got, want)
}
