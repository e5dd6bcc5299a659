package redisstore

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/steps"
)

// Budgets of the tests. The slack is for a busy machine, and less than it takes
// to wait for an answer that is five seconds late.
const (
	shortTimeout = 500 * time.Millisecond
	slack        = 3 * time.Second
)

// operation is one that a store offers.
type operation struct {
	name   string
	budget time.Duration
	looks  bool // and changes nothing
	call   func(ctx context.Context, s *Store, v *visit) error
}

// What changes something is tried twice.
var operations = []operation{
	{"ask", 2 * shortTimeout, false, func(ctx context.Context, s *Store, v *visit) error {
		asked, err := s.Ask(ctx, v.asking())
		if err != nil && asked.Send {
			return nil // which is what the test complains of
		}
		return err
	}},
	{"redeem link", 2 * shortTimeout, false, func(ctx context.Context, s *Store, v *visit) error {
		_, err := s.RedeemLink(ctx, v.redemption())
		return err
	}},
	{"redeem code", 2 * shortTimeout, false, func(ctx context.Context, s *Store, v *visit) error {
		_, err := s.RedeemCode(ctx, v.redemption())
		return err
	}},
	{"request", shortTimeout, true, func(ctx context.Context, s *Store, v *visit) error {
		_, _, err := s.Request(ctx, v.browser, v.now)
		return err
	}},
	{"session", shortTimeout, true, func(ctx context.Context, s *Store, v *visit) error {
		_, _, err := s.Session(ctx, v.session.Key(), v.now)
		return err
	}},
	{"touch", 2 * shortTimeout, false, func(ctx context.Context, s *Store, v *visit) error {
		return s.Touch(ctx, v.session.Key(), v.now, v.now.Add(time.Hour))
	}},
	{"sessions", shortTimeout, true, func(ctx context.Context, s *Store, v *visit) error {
		_, err := s.Sessions(ctx, v.address, v.now)
		return err
	}},
	{"end", 2 * shortTimeout, false, func(ctx context.Context, s *Store, v *visit) error { return s.End(ctx, v.address, v.session.Key()) }},
	{"end all", 2 * shortTimeout, false, func(ctx context.Context, s *Store, v *visit) error {
		return s.EndAll(ctx, v.address, session.Key{})
	}},
}

func TestNoOperationTakesLongerThanItMayWhateverTheNetworkDoes(t *testing.T) {
	server := shared(t, sharedSingle)
	for name, harm := range map[string]redistest.Harm{
		"five seconds late": redistest.FiveSecondsLate, "black hole": redistest.BlackHole, "answer reset": redistest.AnswerReset,
		"answer cut": redistest.AnswerCut, "answer lost": redistest.AnswerLost,
	} {
		for _, o := range operations {
			t.Run(name+"/"+o.name, func(t *testing.T) {
				t.Parallel()
				proxy := redistest.Between(t, server)
				store := open(t, Options{URLs: []string{proxy.URL()}, Timeout: shortTimeout})
				signIn(t, store) // a connection is there
				proxy.Do(t, harm)
				err := callInTime(t, o, store, newVisit(t))
				if !errors.Is(err, signin.ErrUncertain) {
					t.Errorf("the error is %v, want one that wraps ErrUncertain", err)
				}
			})
		}
	}
	for _, o := range operations {
		t.Run("refused/"+o.name, func(t *testing.T) {
			t.Parallel()
			proxy := redistest.Between(t, server)
			store := open(t, Options{URLs: []string{proxy.URL()}, Timeout: shortTimeout})
			signIn(t, store)
			proxy.Cut()
			callInTime(t, o, store, newVisit(t))
			if err := callInTime(t, o, store, newVisit(t)); errors.Is(err, signin.ErrUncertain) {
				t.Errorf("what never got there is uncertain: %v", err)
			}
		})
	}
}

// callInTime calls an operation that has to fail within its budget.
func callInTime(t *testing.T, o operation, store *Store, v *visit) error {
	t.Helper()
	began := time.Now()
	err := o.call(context.Background(), store, v)
	if took := time.Since(began); took > o.budget+slack {
		t.Errorf("it takes %v, may take %v", took, o.budget)
	}
	if err == nil {
		t.Error("there is no error")
	}
	return err
}

func TestWhatTheOutboxCouldNotDoCountsOnce(t *testing.T) {
	proxy := redistest.Between(t, shared(t, sharedSingle))
	store := open(t, Options{URLs: []string{proxy.URL()}, Timeout: shortTimeout})
	if _, err := store.Ask(t.Context(), newVisit(t).asking()); err != nil {
		t.Fatal(err)
	}
	claimed, err := store.Claim(t.Context(), 1)
	if err != nil || len(claimed) != 1 {
		t.Fatalf("%d claimed, %v", len(claimed), err)
	}
	failed := make(map[string]int)
	store.OnRan(func(r steps.Ran) {
		if r.Failed {
			failed[r.Step]++
		}
	})
	proxy.Cut()
	if store.Release(t.Context(), claimed[0].ID) == nil {
		t.Error("it is given back to a server that is gone")
	}
	for range 2 {
		if _, err := store.Claim(t.Context(), 1); err == nil {
			t.Error("it is claimed of a server that is gone")
		}
	}
	if _, err := store.Change(t.Context(), claimed[0].ID, outbox.Once{}, func(*outbox.Message) error { return nil }); err == nil {
		t.Error("it is changed at a server that is gone")
	}
	if want := map[string]int{"release": 1, "claim": 2, "change_message": 1}; !maps.Equal(failed, want) {
		t.Errorf("these failed: %v", failed)
	}
}

func TestARedemptionWhoseAnswerIsCutCanBeRepeated(t *testing.T) {
	for name, harm := range map[string]redistest.Harm{"reset": redistest.AnswerReset, "cut": redistest.AnswerCut, "lost": redistest.AnswerLost} {
		for way, redeem := range map[string]func(*Store, *visit) (signin.Redeemed, error){
			"link": func(s *Store, v *visit) (signin.Redeemed, error) {
				return s.RedeemLink(context.Background(), v.redemption())
			},
			"code": func(s *Store, v *visit) (signin.Redeemed, error) {
				return s.RedeemCode(context.Background(), v.redemption())
			},
		} {
			t.Run(name+"/"+way, func(t *testing.T) {
				t.Parallel()
				proxy := redistest.Between(t, shared(t, sharedSingle))
				store := open(t, Options{URLs: []string{proxy.URL()}, Timeout: shortTimeout})
				v, before := newVisit(t), newVisit(t)
				before.ask(t, store)
				if _, err := redeem(store, before); err != nil { // from here on the server knows the script
					t.Fatal(err)
				}
				v.ask(t, store)
				store.beforeCommit = func() { proxy.Do(t, harm) }
				if redeemed, err := redeem(store, v); !errors.Is(err, signin.ErrUncertain) {
					t.Fatalf("redeeming made %+v, %v, want an error that wraps ErrUncertain", redeemed, err)
				}
				store.beforeCommit = nil
				proxy.Heal()
				v.wantSession(t, sharedStore(t), true) // it was done
				for range 2 {
					redistest.Await(t, recoveryTime, "the same attempt is told that it is signed in", func() bool {
						redeemed, err := redeem(store, v)
						if err == nil && redeemed.Outcome != signin.SignedIn {
							t.Fatalf("the same attempt made %+v", redeemed)
						}
						if err == nil && (redeemed.Request.Address != v.address || redeemed.Request.To != "/" || !redeemed.NewPerson) {
							t.Fatalf("the same attempt made %+v", redeemed)
						}
						return err == nil
					})
				}
				other := v.again()
				other.wantOutcome(t, store, signin.Used)
				other.wantSession(t, store, false)
				if entries, err := store.Sessions(t.Context(), v.address, v.now); err != nil || len(entries) != 1 {
					t.Errorf("there are %d sessions, %v, want one", len(entries), err)
				}
			})
		}
	}
}

// sharedStore is a store that looks at the shared server without a proxy.
func sharedStore(t testing.TB) *Store {
	return open(t, Options{URLs: []string{shared(t, sharedSingle).URL()}})
}

func TestARedemptionWhoseAnswerIsLostIsRepeatedByItself(t *testing.T) {
	server := redistest.Single(t)
	proxy := redistest.Between(t, server)
	store := open(t, Options{URLs: []string{proxy.URL()}})
	signIn(t, store)
	v := newVisit(t)
	v.ask(t, store)
	before := server.Calls(t)["evalsha"] + 1 // which reads
	store.beforeCommit = func() { proxy.Do(t, redistest.AnswerLost) }
	healed := make(chan struct{})
	go func() { // as soon as the request was done, of which nobody hears
		defer close(healed)
		redistest.Await(t, recoveryTime, "the request reaches the server", func() bool { return server.Calls(t)["evalsha"] > before })
		proxy.Heal()
	}()
	v.redeem(t, store)
	<-healed
	store.beforeCommit = nil
	if sent := server.Calls(t)["evalsha"] - before; sent != 2 {
		t.Errorf("what writes was sent %d times, want twice", sent)
	}
	v.again().wantOutcome(t, store, signin.Used)
}

func TestARedemptionWhoseAnswerIsLostStaysUncertainWhenTheRepetitionIsRefused(t *testing.T) {
	proxy := redistest.Between(t, shared(t, sharedSingle))
	store := open(t, Options{URLs: []string{proxy.URL()}, Timeout: shortTimeout})
	v := newVisit(t)
	v.ask(t, store)
	proxy.Do(t, redistest.AnswerCut)
	// Not at the first try if something that was asked before is answered only now.
	redistest.Await(t, recoveryTime, "an error that wraps ErrUncertain and says that the repetition was refused", func() bool {
		for range breakAfter - 1 { // the next failure is the one that opens the breaker
			store.broken.leave(silent)
		}
		_, err := store.RedeemLink(t.Context(), v.redemption())
		return errors.Is(err, signin.ErrUncertain) && errors.Is(err, errBroken)
	})
}

func TestAWrongCodeWhoseAnswerIsLostIsCountedOnce(t *testing.T) {
	store := sharedStore(t)
	v := newVisit(t)
	v.ask(t, store)
	wrong := v.redemption()
	wrong.Codes = []signin.CodeKey{{1}}
	for range 10 { // the same attempt, sent again and again
		redeemed, err := store.RedeemCode(t.Context(), wrong)
		if err != nil || redeemed.Outcome != signin.WrongCode || redeemed.TriesLeft != signin.MaxCodeTries-1 {
			t.Fatalf("a wrong code made %+v, %v", redeemed, err)
		}
	}
	wrong.Session.Key = session.NewID().Key()
	if redeemed, err := store.RedeemCode(t.Context(), wrong); err != nil || redeemed.TriesLeft != signin.MaxCodeTries-2 {
		t.Fatalf("another wrong code made %+v, %v", redeemed, err)
	}
}
