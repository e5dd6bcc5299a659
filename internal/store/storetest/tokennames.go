package storetest

import (
	"errors"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/token"
)

var tokenNamePromises = []promise{
	{"OneNameIsOneService", func(f *fixture) {
		first := f.madeToken("")
		taken := func(name string, now time.Time, want bool) {
			f.Helper()
			r := f.token("")
			r.Name = name
			err := f.MakeToken(f.Context(), r, now)
			if errors.Is(err, token.ErrNameTaken) != want || want == (err == nil) || want && !strings.Contains(err.Error(), string(first.ID)) {
				f.Fatalf("another of the name %s: %v", name, err)
			}
			if want {
				f.wantNoToken(r.ID)
				return
			}
			f.must(second(f.EndToken(f.Context(), r.ID, "", now)))
		}
		for _, name := range []string{first.Name, strings.ToUpper(first.Name)} {
			taken(name, f.now, true)
		}
		taken(first.Name+"-2", f.now, false)
		who := f.person("a")
		f.signIn(who)
		for range 2 { // of a person it names no service
			r := f.token(who)
			r.Name = first.Name
			f.must(f.MakeToken(f.Context(), r, f.now))
		}
		f.must(second(f.EndToken(f.Context(), first.ID, "", f.now)))
		taken(first.Name, f.now, false)
		taken(first.Name, f.now, false)
	}},
	{"AServiceHasItsNameForAsLongAsItsTokenIsInLists", func(f *fixture) {
		first, rotated, forever := f.madeToken(""), f.madeToken(""), f.token("")
		forever.Expires = time.Time{}
		f.must(f.MakeToken(f.Context(), forever, f.now))
		later := rotated.Expires.Add(token.UsualLife)
		f.must(second(f.RotateToken(f.Context(), rotated.ID, token.Sum{1}, later, f.now, f.now)))
		out := first.Expires.Add(token.KeptFor)
		for _, c := range []struct {
			name string
			now  time.Time
			want bool
		}{
			{first.Name, out.Add(-time.Millisecond), true}, {first.Name, out, false}, {rotated.Name, out, true}, {rotated.Name, later.Add(token.KeptFor), false},
			{forever.Name, later.AddDate(100, 0, 0), true},
		} {
			r := f.token("")
			r.Name, r.Expires = c.name, time.Time{}
			if err := f.MakeToken(f.Context(), r, c.now); errors.Is(err, token.ErrNameTaken) != c.want || c.want == (err == nil) {
				f.Errorf("%v after the beginning another of the name %s: %v", c.now.Sub(f.now), c.name, err)
			}
		}
	}},
	{"ServicesAreListedByNameInParts", func(f *fixture) {
		who := f.person("a")
		f.signIn(who)
		made := make(map[string]token.Record)
		for i, name := range []string{"gamma", "Beta", "alpha-2", "alpha-1", "Alphabet"} {
			own, r := f.token(who), f.token("")
			own.Name, r.Name = name+"-own", name
			if i == 4 {
				r.Expires = f.now.Add(time.Hour)
			}
			f.must(f.MakeToken(f.Context(), own, f.now))
			f.must(f.MakeToken(f.Context(), r, f.now))
			made[name] = r
		}
		wants := func(search string, max int, now time.Time, names ...string) {
			f.Helper()
			var got, want []token.Record
			for after := ""; ; {
				page, err := f.Services(f.Context(), token.Query{Search: search, After: after, Max: max}, now)
				f.must(err)
				if got = append(got, page.Tokens...); len(page.Tokens) > max || page.Next != "" && page.Next <= after {
					f.Fatalf("after %q come %d, and then what is after %q", after, len(page.Tokens), page.Next)
				}
				if after = page.Next; after == "" {
					break
				}
			}
			for _, name := range names {
				want = append(want, made[name])
			}
			f.wantSameTokens(got, want)
		}
		for max := 1; max <= len(made)+1; max++ {
			wants("", max, f.now, "alpha-1", "alpha-2", "Alphabet", "Beta", "gamma")
			wants("alpha", max, f.now, "alpha-1", "alpha-2", "Alphabet")
			wants("bet", max, f.now, "Alphabet", "Beta")
			wants("own", max, f.now)
		}
		wants("bet", 10, f.now.Add(time.Hour+token.KeptFor), "Beta")
		f.must(second(f.RotateToken(f.Context(), made["Beta"].ID, token.Sum{1}, made["Beta"].Expires, f.now, f.now)))
		f.must(second(f.EndToken(f.Context(), made["alpha-1"].ID, "", f.now)))
		page, err := f.Services(f.Context(), token.Query{Max: 2}, f.now)
		f.must(err)
		if len(page.Tokens) != 2 || page.Tokens[0].Name != "alpha-2" || page.Next != "alphabet" {
			f.Errorf("with one ended the list begins %+v", page)
		}
	}},
	{"OfManyOfOneNameMadeAtOnceOneIsKept", func(f *fixture) {
		name, made := f.token("").Name, 0
		for _, taken := range atOnce(f, parallel, func(int) (bool, error) {
			r := f.token("")
			r.Name = name
			err := f.MakeToken(f.Context(), r, f.now)
			if errors.Is(err, token.ErrNameTaken) {
				return true, nil
			}
			return false, err
		}) {
			if !taken {
				made++
			}
		}
		if made != 1 {
			f.Errorf("%d were made", made)
		}
	}},
}
