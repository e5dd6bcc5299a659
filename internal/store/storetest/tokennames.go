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
