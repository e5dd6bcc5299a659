package redisstore

import (
	"fmt"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/redistest"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/store/steps"
)

// revocationTime is how soon an end is known everywhere: sooner than an instance
// that is told nothing looks again.
const revocationTime = session.Freshness - time.Second

func TestAnEndReachesAnotherInstanceBeforeItLooksAgain(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			here, there := open(t, kind.options(t)), newInstance(t, open(t, kind.options(t)))
			awaitListening(t, there.store)
			ends := map[string]func(v *visit) error{
				"one":     func(v *visit) error { return here.End(t.Context(), v.address, v.session.Key()) },
				"all":     func(v *visit) error { return here.EndAll(t.Context(), v.address, session.Key{}) },
				"replace": func(v *visit) error { return v.replaced(t, here) },
			}
			for name, end := range ends {
				v := signIn(t, here)
				there.wantFound(t, v, true)
				if err := end(v); err != nil {
					t.Fatal(err)
				}
				took := redistest.Await(t, revocationTime, "the end is known at another instance: "+name, func() bool {
					found, err := there.find(t, v)
					return err == nil && !found
				})
				t.Logf("%s: known at another instance after %v", name, took)
			}
		})
	}
}

// replaced signs in anew in the browser of v.
func (v *visit) replaced(t testing.TB, store *Store) error {
	next := newVisit(t)
	next.replace = v.session.Key()
	next.ask(t, store)
	next.redeem(t, store)
	return nil
}

func TestALostSubscriptionComesBackAndCausesDoubt(t *testing.T) {
	server := redistest.Single(t)
	proxy := redistest.Between(t, server)
	noticed := func() { // the store tries another connection
		before := connectionsMade(t, server)
		redistest.Await(t, recoveryTime, "the silence is noticed", func() bool { return connectionsMade(t, server) > before })
	}
	faults := map[string]func(){
		"the server drops the subscription": func() { server.Do(t, "CLIENT", "KILL", "TYPE", "pubsub") },
		"the network is cut": func() {
			proxy.Cut()
			proxy.Mend(t)
		},
		"the network swallows everything": func() {
			proxy.Do(t, redistest.BlackHole)
			noticed()
			proxy.Heal()
		},
		"the network swallows the answers": func() {
			proxy.Do(t, redistest.AnswerLost)
			noticed()
			proxy.Heal()
		},
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			store := open(t, Options{URLs: []string{proxy.URL()}})
			awaitListening(t, store)
			l := listen(t, store)
			t.Cleanup(proxy.Heal)
			fault()
			redistest.Await(t, recoveryTime, "what was missed is doubted", func() bool { return l.doubts.Load() > 0 })
			awaitListening(t, store)
		})
	}
}

func connectionsMade(t *testing.T, server *redistest.Server) string {
	t.Helper()
	stats, err := server.Info("stats")
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%10s", stats["total_connections_received"])
}

func TestAnEndThatIsMissedIsNoticedWithinTheFreshness(t *testing.T) {
	server := redistest.Single(t)
	proxy := redistest.Between(t, server)
	here, there := open(t, Options{URLs: []string{server.URL()}}), newInstance(t, open(t, Options{URLs: []string{server.URL()}}))
	awaitListening(t, there.store)
	// Only the subscription is cut: the listener alone goes through the proxy.
	through := open(t, Options{URLs: []string{proxy.URL()}})
	deaf := &Store{client: here.client, base: here.base, timeout: here.timeout, logger: here.logger}
	deaf.Steps = steps.New(backend{deaf}, &deaf.Hooks)
	cut := newInstance(t, deaf)
	t.Cleanup(through.OnEnd(deaf.TellEnded))
	t.Cleanup(through.OnDoubt(deaf.TellDoubt))
	awaitListening(t, through)
	proxy.Cut()

	v := signIn(t, here)
	there.wantFound(t, v, true)
	cut.wantFound(t, v, true)
	if err := here.End(t.Context(), v.address, v.session.Key()); err != nil {
		t.Fatal(err)
	}
	gone := func(i *instance) func() bool {
		return func() bool {
			found, err := i.find(t, v)
			return err == nil && !found
		}
	}
	redistest.Await(t, revocationTime, "the end is known where it can be heard", gone(there))
	cut.wantFound(t, v, true) // otherwise this test shows nothing
	took := redistest.Await(t, session.Freshness+recoveryTime, "the end is known where it cannot be heard", gone(cut))
	t.Logf("noticed without a subscription after %v", took)
}

func TestAnEndThatIsMissedIsNoticedAtOnceWhenTheSubscriptionIsBack(t *testing.T) {
	server := redistest.Single(t)
	proxy := redistest.Between(t, server)
	here, there := open(t, Options{URLs: []string{server.URL()}}), newInstance(t, open(t, Options{URLs: []string{proxy.URL()}}))
	awaitListening(t, there.store)
	v := signIn(t, here)
	there.wantFound(t, v, true)
	proxy.Cut()
	if err := here.End(t.Context(), v.address, v.session.Key()); err != nil {
		t.Fatal(err)
	}
	there.wantFound(t, v, true) // nothing was heard, and what is known is fresh
	proxy.Mend(t)
	redistest.Await(t, revocationTime, "the end is known", func() bool {
		found, err := there.find(t, v)
		return err == nil && !found
	})
}
