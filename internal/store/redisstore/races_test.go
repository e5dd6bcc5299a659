package redisstore

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

func TestOfManyRedemptionsAtTwoInstancesOneSignsIn(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			stores := []*Store{open(t, kind.options(t)), open(t, kind.options(t))}
			for range 5 {
				v := newVisit(t)
				v.ask(t, stores[0])
				v.wantOneSignIn(t, stores)
			}
		})
	}
}

// wantOneSignIn redeems the link 100 times at once, each for another session.
func (v *visit) wantOneSignIn(t *testing.T, stores []*Store) {
	t.Helper()
	const attempts = 100
	outcomes, errs := make([]signin.Outcome, attempts), make([]error, attempts)
	tried := make([]session.Key, attempts)
	start := make(chan struct{})
	var group sync.WaitGroup
	for i := range attempts {
		attempt := v.again()
		tried[i] = attempt.session.Key()
		group.Go(func() {
			<-start
			redeemed, err := stores[i%len(stores)].RedeemLink(context.Background(), attempt.redemption())
			outcomes[i], errs[i] = redeemed.Outcome, err
		})
	}
	close(start)
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	signedIn := 0
	for i, outcome := range outcomes {
		_, found, err := stores[0].Session(t.Context(), tried[i], v.now)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case outcome == signin.SignedIn && found:
			signedIn++
		case outcome != signin.Used || found:
			t.Fatalf("attempt %d ended with %d and its session is found: %v", i, outcome, found)
		}
	}
	if signedIn != 1 {
		t.Fatalf("of %d attempts at two instances %d signed in, want one", attempts, signedIn)
	}
}
