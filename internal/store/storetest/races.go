package storetest

import (
	"context"
	"sync"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// atOnce calls do from as many goroutines, which start together.
func atOnce[R any](f *fixture, calls int, do func(i int) (R, error)) []R {
	f.Helper()
	results, errs := make([]R, calls), make([]error, calls)
	start := make(chan struct{})
	var group sync.WaitGroup
	for i := range calls {
		group.Go(func() {
			<-start
			results[i], errs[i] = do(i)
		})
	}
	close(start)
	group.Wait()
	for _, err := range errs {
		f.must(err)
	}
	return results
}

// parallel is how often one link is redeemed at once.
const parallel = 100

var racePromises = []promise{
	{"OfManyRedemptionsOfALinkOneSignsIn", func(f *fixture) {
		a := f.asked(f.person("a"), newBrowser())
		f.wantOneSignIn(a.Request.Address, func(i int, r *signin.Redemption) redeem {
			*r = f.redemption(a)
			if i%2 == 1 {
				r.Browser, r.Elsewhere = newBrowser(), true
			}
			return f.RedeemLink
		}, signin.Used)
	}},
	{"OfManyRedemptionsOfACodeOneSignsIn", func(f *fixture) {
		a := f.asked(f.person("a"), newBrowser())
		f.wantOneSignIn(a.Request.Address, func(_ int, r *signin.Redemption) redeem {
			*r = f.redemption(a)
			return f.RedeemCode
		}, signin.Used, signin.WrongCode, signin.RequestEnded)
	}},
	{"OfALinkAndItsCodeOneSignsIn", func(f *fixture) {
		a := f.asked(f.person("a"), newBrowser())
		f.wantOneSignIn(a.Request.Address, func(i int, r *signin.Redemption) redeem {
			*r = f.redemption(a)
			if i%2 == 1 {
				return f.RedeemCode
			}
			return f.RedeemLink
		}, signin.Used, signin.WrongCode, signin.RequestEnded)
	}},
	{"OfSiblingsRedeemedAtTheSameTimeOneSignsIn", func(f *fixture) {
		who := f.person("a")
		var asked []signin.Asking
		for range signin.MaxLiveLinks {
			asked = append(asked, f.asked(who, newBrowser()))
		}
		f.wantOneSignIn(who, func(i int, r *signin.Redemption) redeem {
			*r = f.redemption(asked[i%len(asked)])
			return f.RedeemLink
		}, signin.Used)
	}},
	{"OfManyWrongCodesAtTheSameTimeFourAreOnlyWrong", func(f *fixture) {
		a := f.asked(f.person("a"), newBrowser())
		results := atOnce(f, 40, func(int) (signin.Redeemed, error) {
			r := f.redemption(a)
			r.Codes = []signin.CodeKey{newCode()}
			return f.RedeemCode(f.Context(), r)
		})
		left := make(map[int]int)
		for _, redeemed := range results {
			if redeemed.Outcome == signin.WrongCode {
				left[redeemed.TriesLeft]++
			} else {
				f.wantOutcome(redeemed, signin.RequestEnded)
			}
		}
		for n := 1; n < signin.MaxCodeTries; n++ {
			if left[n] != 1 {
				f.Errorf("%d tries were left %d times", n, left[n])
			}
		}
		f.wantLink(a, f.now, alive)
	}},
	{"ASessionThatIsTouchedWhileItEndsStaysEnded", touchedWhileItEnds},
}

type redeem func(ctx context.Context, r signin.Redemption) (signin.Redeemed, error)

// wantOneSignIn has many attempts made at once and wants one to sign in and
// the others to end as given.
func (f *fixture) wantOneSignIn(who address.Address, attempt func(i int, r *signin.Redemption) redeem, others ...signin.Outcome) {
	f.Helper()
	attempts := make([]signin.Redemption, parallel)
	steps := make([]redeem, parallel)
	for i := range attempts {
		steps[i] = attempt(i, &attempts[i])
	}
	results := atOnce(f, parallel, func(i int) (signin.Redeemed, error) { return steps[i](f.Context(), attempts[i]) })
	allowed := make(map[signin.Outcome]bool)
	for _, outcome := range others {
		allowed[outcome] = true
	}
	var winners []session.Key
	newPersons := 0
	for i, redeemed := range results {
		if redeemed.NewPerson {
			newPersons++
		}
		switch {
		case redeemed.Outcome == signin.SignedIn:
			winners = append(winners, attempts[i].Session.Key)
		case !allowed[redeemed.Outcome]:
			f.Fatalf("attempt %d ended with %d", i, redeemed.Outcome)
		default:
			f.wantFound(attempts[i].Session.Key, false)
		}
	}
	if len(winners) != 1 || newPersons != 1 {
		f.Fatalf("of %d attempts %d signed in and %d made a new person, want one", parallel, len(winners), newPersons)
	}
	f.wantSessions(who, winners...)
}

func touchedWhileItEnds(f *fixture) {
	who := f.person("a")
	for round := range 20 {
		s := f.signIn(who)
		atOnce(f, 8, func(i int) (struct{}, error) {
			switch {
			case i > 0:
				later := f.now.Add(time.Duration(i) * time.Second)
				return struct{}{}, f.Touch(f.Context(), s.Key, later, later.Add(time.Hour))
			case round%2 == 0:
				return struct{}{}, f.End(f.Context(), who, s.Key)
			default:
				return struct{}{}, f.EndAll(f.Context(), who, session.Key{})
			}
		})
		f.wantFound(s.Key, false)
		f.wantSessions(who)
	}
}
