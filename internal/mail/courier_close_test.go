package mail

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorpost-auth/doorpost/internal/outbox"
)

func TestCloseWaitsForAttemptsAndGivesTheRestBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, w := newStore(t), &watch{}
		for range 100 {
			put(t, store, time.Hour)
		}
		mailer := &fakeMailer{name: "fake", block: make(chan struct{})}
		c := w.courier(t, store, mailer, CourierOptions{})
		synctest.Wait()
		time.AfterFunc(5*time.Second, func() { close(mailer.block) })
		start := time.Now()
		closeWithin(c, 10*time.Second)
		if time.Since(start) != 5*time.Second || mailer.called() != 8 || len(w.seen()) != 8 {
			t.Errorf("after %s: %d called, %d reported", time.Since(start), mailer.called(), len(w.seen()))
		}
		put(t, store, time.Hour)
		time.Sleep(time.Minute)
		if mailer.called() != 8 {
			t.Error("a closed courier goes on")
		}
		if n := claimable(t, store); n != 93 {
			t.Errorf("%d can be claimed", n)
		}
		closeWithin(c, 0)
	})
}

func TestCloseCancelsAttemptsAndNothingIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, w := newStore(t), &watch{}
		for range 100 {
			put(t, store, time.Hour)
		}
		c := w.courier(t, store, &fakeMailer{name: "first", block: make(chan struct{})}, CourierOptions{})
		synctest.Wait()
		start := time.Now()
		closeWithin(c, 10*time.Second)
		if time.Since(start) != 10*time.Second {
			t.Errorf("it took %s", time.Since(start))
		}
		deferred := w.seen()
		if len(deferred) != 8 {
			t.Fatalf("%d reported", len(deferred))
		}
		for _, m := range deferred {
			if m.State != outbox.Deferred || m.Unsettled || m.Copies != 1 || m.Due.After(time.Now()) {
				t.Errorf("got %+v", m)
			}
		}
		second := &fakeMailer{name: "second"}
		w.courier(t, store, second, CourierOptions{})
		synctest.Wait()
		if second.called() != 100 || len(w.seen()) != 108 {
			t.Errorf("the next one sent %d", second.called())
		}
	})
}

func TestCloseEndsWhileTheStoreFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, w := newStore(t), &watch{}
		id := put(t, store, time.Hour)
		mailer := noting{t, store, &fakeMailer{name: "fake"}, func(outbox.Message) error {
			store.set(true, false)
			return nil
		}}
		c := w.courier(t, store, mailer, CourierOptions{})
		time.Sleep(time.Minute)
		start := time.Now()
		closeWithin(c, 10*time.Second)
		if time.Since(start) != 10*time.Second || !strings.Contains(w.logged(), "may be sent again") {
			t.Errorf("after %s:\n%s", time.Since(start), w.logged())
		}
		store.set(false, false)
		if m := look(t, store, id); !m.Unsettled || !m.Waiting() {
			t.Errorf("got %+v", m)
		}
	})
}

func TestCloseDoesNotWaitForeverForAMailerThatIgnoresItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, w := newStore(t), &watch{}
		put(t, store, time.Hour)
		release := make(chan struct{})
		c := w.courier(t, store, deafMailer{release}, CourierOptions{})
		synctest.Wait() // until the mailer runs
		start := time.Now()
		closeWithin(c, 0)
		if time.Since(start) != cancelGrace || !strings.Contains(w.logged(), "does not return") {
			t.Errorf("after %s:\n%s", time.Since(start), w.logged())
		}
		close(release)
	})
}

type deafMailer struct{ release chan struct{} }

func (deafMailer) Name() string { return "deaf" }

func (d deafMailer) Send(context.Context, Message) (Receipt, error) {
	<-d.release
	return Receipt{}, nil
}
