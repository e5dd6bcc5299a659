package mail

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/outbox"
)

func TestNothingIsSentWhileTheStoreFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, w := newStore(t), &watch{}
		mailer := &fakeMailer{name: "fake"}
		id := put(t, store, time.Hour, func(m *outbox.Message) { m.Due = m.Created.Add(10 * time.Second) })
		w.courier(t, store, mailer, CourierOptions{})
		synctest.Wait() // until it is claimed
		store.set(true, false)
		time.Sleep(time.Minute)
		if mailer.handedOver() != 0 || store.failures() < 30 {
			t.Errorf("handed over %d times, asked the store %d times", mailer.handedOver(), store.failures())
		}
		store.set(false, false)
		time.Sleep(5 * time.Second)
		m := look(t, store, id)
		if m.State != outbox.Sent || m.Attempts != 1 || m.Copies != 0 || mailer.handedOver() != 1 {
			t.Errorf("handed over %d times, %+v", mailer.handedOver(), m)
		}
		for _, want := range []string{"the store fails", "the store works"} {
			if strings.Count(w.logged(), want) != 1 {
				t.Errorf("not once: %q in\n%s", want, w.logged())
			}
		}
	})
}

func TestWhatBecameOfAMessageIsStoredUntilItWorksAndNothingIsSentMeanwhile(t *testing.T) {
	for _, tc := range []struct {
		name           string
		fails, forgets bool
		answer         error
		state          outbox.State
		copies, handed int
	}{
		{"sent, and the store fails", true, false, nil, outbox.Sent, 0, 1},
		{"sent, and the store does not say that it has it", false, true, nil, outbox.Sent, 0, 1},
		{"unclear, and the store fails", true, false, ambiguous(), outbox.Sent, 1, 2},
		{"unclear, and the store does not say that it has it", false, true, ambiguous(), outbox.Sent, 1, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store, w := newStore(t), &watch{}
				fake := &fakeMailer{name: "fake", answers: []error{tc.answer}}
				once := false
				mailer := noting{t, store, fake, func(outbox.Message) error {
					if !once {
						once = true
						store.set(tc.fails, tc.forgets)
					}
					return nil
				}}
				id := put(t, store, time.Hour)
				w.courier(t, store, mailer, CourierOptions{})
				time.Sleep(time.Minute)
				if fake.called() != 1 || len(w.seen()) != 0 {
					t.Errorf("called %d times, reported %+v", fake.called(), w.seen())
				}
				store.set(false, false)
				time.Sleep(10 * time.Second)
				if m := look(t, store, id); m.State != tc.state || m.Copies != tc.copies || fake.handedOver() != tc.handed || len(w.seen()) != tc.handed {
					t.Errorf("handed over %d times, %+v", fake.handedOver(), m)
				}
			})
		})
	}
}

func TestAHandOverThatTheStoreDidNotConfirmDoesNotCountAsACopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, w := newStore(t), &watch{}
		mailer := &fakeMailer{name: "fake"}
		id := put(t, store, time.Hour, func(m *outbox.Message) { m.Due = m.Created.Add(10 * time.Second) })
		w.courier(t, store, mailer, CourierOptions{})
		synctest.Wait()
		store.set(false, true)
		time.Sleep(11 * time.Second)
		if m := look(t, store, id); mailer.handedOver() != 0 || m.Attempts != 1 {
			t.Errorf("handed over %d times, %+v", mailer.handedOver(), m)
		}
		store.set(false, false)
		time.Sleep(10 * time.Second)
		if m := look(t, store, id); m.State != outbox.Sent || m.Copies != 0 || mailer.handedOver() != 1 {
			t.Errorf("handed over %d times, %+v", mailer.handedOver(), m)
		}
	})
}

func TestAttemptsAndClaimsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, w := newStore(t), &watch{}
		for i := range 1500 { // to many, as what the store keeps of one address grows with each
			put(t, store, time.Hour, func(m *outbox.Message) { m.To = address.Address(fmt.Sprintf("alice@example%d.org", i)) })
		}
		mailer := &fakeMailer{name: "fake", block: make(chan struct{})}
		w.courier(t, store, mailer, CourierOptions{Timeout: time.Hour})
		synctest.Wait()
		if mailer.called() != 8 {
			t.Errorf("%d run at once", mailer.called())
		}
		time.Sleep(time.Minute)
		if mailer.called() != 48 {
			t.Errorf("%d run at once, slow ones included", mailer.called())
		}
		if n := claimable(t, store); n != 500 {
			t.Errorf("%d are not held", n)
		}
		close(mailer.block)
		synctest.Wait()
		if mailer.called() != 1000 || mailer.most > 48 {
			t.Errorf("%d sent, %d at once", mailer.called(), mailer.most)
		}
	})
}

func TestAPauseHoldsNoSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, w := newStore(t), &watch{}
		mailer := &fakeMailer{name: "fake", answers: []error{wantRetryAfter(time.Minute)}}
		put(t, store, time.Hour)
		w.courier(t, store, mailer, CourierOptions{AtOnce: 1})
		synctest.Wait()
		second := put(t, store, time.Hour)
		synctest.Wait()
		if look(t, store, second).State != outbox.Sent {
			t.Error("the second message waits for the first, or for the clock")
		}
	})
}

func TestAnAttemptIsCutOff(t *testing.T) {
	for _, tc := range []struct {
		name       string
		life, took time.Duration
		calls      int
	}{
		{"after its timeout", 40 * time.Second, 40 * time.Second, 2},
		{"at the deadline", 10 * time.Second, 10 * time.Second, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store, w := newStore(t), &watch{}
				mailer := &fakeMailer{name: "fake", hang: true}
				id, start := put(t, store, tc.life), time.Now()
				w.courier(t, store, mailer, CourierOptions{})
				time.Sleep(time.Minute)
				if m := look(t, store, id); m.State != outbox.Expired || m.Since.Sub(start) != tc.took || mailer.called() != tc.calls {
					t.Errorf("%d calls, after %s %+v", mailer.called(), m.Since.Sub(start), m)
				}
			})
		})
	}
}

func TestMessagesOfOthersAreFoundWithoutAWakeUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, w := newStore(t), &watch{}
		id := put(t, store, time.Hour)
		if claimable(t, store) != 1 { // as another process would
			t.Fatal("not claimed")
		}
		w.courier(t, silent{store}, &fakeMailer{name: "fake"}, CourierOptions{})
		time.Sleep(time.Minute)
		if look(t, store, id).State != outbox.Queued {
			t.Error("sent although another process holds it")
		}
		if err := store.Release(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if look(t, store, id).State != outbox.Sent {
			t.Error("not found within a second")
		}
	})
}

// silent is a store that wakes nobody when a message waits.
type silent struct{ outbox.Store }

func (silent) OnWaiting(func()) func() { return func() {} }

type panickingMailer struct{ handsOver bool }

func (panickingMailer) Name() string { return "panicking" }

func (p panickingMailer) Send(_ context.Context, m Message) (Receipt, error) {
	if p.handsOver {
		_ = m.HandOver()
	}
	panic(m.To)
}

func TestAMailerThatPanicsIsAFailureLikeOthers(t *testing.T) {
	for handsOver, want := range map[bool]outbox.State{true: outbox.Failed, false: outbox.Expired} {
		synctest.Test(t, func(t *testing.T) {
			store, w := newStore(t), &watch{}
			id := put(t, store, time.Minute)
			w.courier(t, store, NewFailover(quiet, panickingMailer{handsOver}), CourierOptions{})
			time.Sleep(2 * time.Minute)
			if m := look(t, store, id); m.State != want || !strings.Contains(m.Problem, "panicked with a string") || strings.Contains(w.logged(), "alice") {
				t.Errorf("got %+v", m)
			}
		})
	}
}

func TestAMessageThatIsRetriedWhileItIsLetGoIsNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, w := newStore(t), &watch{}
		id := put(t, store, time.Hour, func(m *outbox.Message) { m.Due = m.Created.Add(10 * time.Second) })
		change := func(change func(*outbox.Message) error) {
			if _, err := store.Change(t.Context(), id, outbox.Once{}, change); err != nil {
				t.Error(err)
			}
		}
		mailer := &retrying{fakeMailer: &fakeMailer{name: "fake"}, whenHeldBack: func() {
			change(func(m *outbox.Message) error { return m.Retry(time.Now()) })
			time.Sleep(2 * time.Second) // until it is claimed once more
		}}
		w.courier(t, store, mailer, CourierOptions{})
		synctest.Wait() // until it is claimed
		change(func(m *outbox.Message) error {
			m.Apply(outbox.Report{State: outbox.Failed, At: time.Now()})
			return nil
		})
		time.Sleep(time.Minute)
		if m := look(t, store, id); m.State != outbox.Sent || mailer.handedOver() != 1 || mailer.called() != 2 {
			t.Errorf("handed over %d times in %d calls, %+v", mailer.handedOver(), mailer.called(), m)
		}
	})
}

// retrying is a mailer that does something when a message was held back, before it
// returns.
type retrying struct {
	*fakeMailer
	whenHeldBack func()
}

func (r *retrying) Send(ctx context.Context, m Message) (Receipt, error) {
	receipt, err := r.fakeMailer.Send(ctx, m)
	if errors.Is(err, ErrNotHandedOver) {
		r.whenHeldBack()
	}
	return receipt, err
}
