package storetest

import (
	"bytes"
	"errors"
	"strconv"
	"sync"
)

var refreshTokenPromises = []promise{
	{"EachGrantHasTheRefreshTokenThatATurnMadeLast", func(f *fixture) {
		one, two := []byte("one \x00\xff"), []byte("two")
		f.wantRefreshToken(one, "")
		f.turnsRefreshToken(one, func([]byte) ([]byte, error) { return []byte("sealed \x00\xff"), nil })
		f.turnsRefreshToken(two, func([]byte) ([]byte, error) { return []byte("another"), nil })
		f.wantRefreshToken(one, "sealed \x00\xff")
		f.turnsRefreshToken(one, func(sealed []byte) ([]byte, error) { return append(bytes.Clone(sealed), "and more"...), nil })
		f.wantRefreshToken(one, "sealed \x00\xffand more")
		f.wantRefreshToken(two, "another")
	}},
	{"ATurnOfARefreshTokenThatFailsKeepsNothing", func(f *fixture) {
		broken := errors.New("broken")
		err := f.TurnRefreshToken(f.Context(), []byte("one"), func([]byte) ([]byte, error) { return []byte("sealed"), broken })
		if !errors.Is(err, broken) {
			f.Errorf("the error is %v", err)
		}
		f.wantCancelled(f.TurnRefreshToken(f.cancelled(), []byte("one"), func([]byte) ([]byte, error) { return []byte("sealed"), nil }))
		f.wantRefreshToken([]byte("one"), "")
	}},
	{"OfInstancesThatTurnARefreshTokenAtOnceEachSeesWhatTheOthersKept", func(f *fixture) {
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				f.turnsRefreshToken([]byte("one"), func(sealed []byte) ([]byte, error) {
					before, _ := strconv.Atoi(string(sealed))
					return []byte(strconv.Itoa(before + 1)), nil
				})
			})
		}
		all.Wait()
		f.wantRefreshToken([]byte("one"), "8")
	}},
}

func (f *fixture) turnsRefreshToken(grant []byte, turn func([]byte) ([]byte, error)) {
	f.Helper()
	if err := f.TurnRefreshToken(f.Context(), grant, turn); err != nil {
		f.Error(err)
	}
}

func (f *fixture) wantRefreshToken(grant []byte, want string) {
	f.Helper()
	f.turnsRefreshToken(grant, func(sealed []byte) ([]byte, error) {
		if string(sealed) != want {
			f.Errorf("for %q there is %q, want %q", grant, sealed, want)
		}
		return sealed, nil
	})
}
