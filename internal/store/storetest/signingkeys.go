package storetest

import (
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/doorpost-auth/doorpost/internal/assertion"
)

var signingKeyPromises = []promise{
	{"TheKeysThatATurnMakesAreKept", func(f *fixture) {
		f.wantSigningKeys()
		want := []assertion.Record{{ID: "a", Since: f.now, Sealed: []byte("sealed \x00\xff")}, {ID: "b", Since: f.now.Add(time.Hour), Sealed: []byte("more")}}
		f.turns(func([]assertion.Record) ([]assertion.Record, error) { return want[:1], nil })
		f.wantSigningKeys(want[0])
		f.turns(func(kept []assertion.Record) ([]assertion.Record, error) { return append(kept, want[1]), nil })
		f.wantSigningKeys(want...)
		f.turns(func(kept []assertion.Record) ([]assertion.Record, error) { return kept[1:], nil })
		f.wantSigningKeys(want[1])
	}},
	{"ATurnThatFailsKeepsNothing", func(f *fixture) {
		broken := errors.New("broken")
		err := f.TurnSigningKeys(f.Context(), func([]assertion.Record) ([]assertion.Record, error) {
			return []assertion.Record{{ID: "a"}}, broken
		})
		if !errors.Is(err, broken) {
			f.Errorf("the error is %v", err)
		}
		f.wantCancelled(f.TurnSigningKeys(f.cancelled(), func([]assertion.Record) ([]assertion.Record, error) {
			return []assertion.Record{{ID: "a"}}, nil
		}))
		f.wantSigningKeys()
	}},
	{"OfInstancesThatTurnAtOnceEachSeesWhatTheOthersKept", func(f *fixture) {
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				err := f.TurnSigningKeys(f.Context(), func(kept []assertion.Record) ([]assertion.Record, error) {
					if len(kept) > 0 {
						return kept, nil
					}
					return []assertion.Record{{ID: f.message(f.person("a")).ID, Since: f.now}}, nil
				})
				if err != nil {
					f.Error(err)
				}
			})
		}
		all.Wait()
		if kept := f.signingKeys(); len(kept) != 1 {
			f.Errorf("of the first key there are %d", len(kept))
		}
	}},
}

func (f *fixture) turns(turn func([]assertion.Record) ([]assertion.Record, error)) {
	f.Helper()
	f.must(f.TurnSigningKeys(f.Context(), turn))
}

func (f *fixture) signingKeys() (found []assertion.Record) {
	f.Helper()
	f.turns(func(kept []assertion.Record) ([]assertion.Record, error) { found = kept; return kept, nil })
	return found
}

func (f *fixture) wantSigningKeys(want ...assertion.Record) {
	f.Helper()
	same := func(a, b assertion.Record) bool {
		return a.ID == b.ID && a.Since.Equal(b.Since) && string(a.Sealed) == string(b.Sealed)
	}
	if got := f.signingKeys(); !slices.EqualFunc(got, want, same) {
		f.Fatalf("the keys are %+v, want %+v", got, want)
	}
}
