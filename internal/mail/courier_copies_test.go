package mail

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorpost-auth/doorpost/internal/outbox"
)

func TestNoMoreThanTwoCopiesAreSent(t *testing.T) {
	for _, tc := range []struct {
		name   string
		a, b   []error
		handed int // hand-overs to both
		calls  int
		state  outbox.State
		copies int
	}{
		{"the second takes it after a refusal for certain", []error{temporary()}, nil, 1, 2, outbox.Sent, 0},
		{"the second takes it after one wanted it later", []error{aboutMessage()}, nil, 2, 2, outbox.Sent, 0},
		{"the second takes it after an unclear failure", []error{ambiguous()}, nil, 2, 2, outbox.Sent, 1},
		{"both are unclear", []error{ambiguous()}, []error{ambiguous()}, 2, 2, outbox.Failed, 2},
		{"the second is unclear, and the first at the next try", []error{temporary(), ambiguous()}, []error{ambiguous()}, 2, 3, outbox.Failed, 2},
		{"the first is unclear, the second refuses for a while, then takes nothing", []error{ambiguous(), ambiguous()}, []error{temporary()}, 2, 3, outbox.Failed, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store, w := newStore(t), &watch{}
				a, b := &fakeMailer{name: "a", answers: tc.a}, &fakeMailer{name: "b", answers: tc.b}
				id := put(t, store, time.Hour)
				w.courier(t, store, NewFailover(quiet, a, b), CourierOptions{})
				time.Sleep(2 * time.Hour)
				m := look(t, store, id)
				if m.State != tc.state || m.Copies != tc.copies || a.handedOver()+b.handedOver() != tc.handed || a.called()+b.called() != tc.calls {
					t.Errorf("handed over %d times in %d calls, %+v", a.handedOver()+b.handedOver(), a.called()+b.called(), m)
				}
			})
		})
	}
}

// noting is a mailer that reads the store when it hands a message over.
type noting struct {
	t     *testing.T
	store outbox.Store
	next  Mailer
	after func(outbox.Message) error
}

func (n noting) Name() string { return n.next.Name() }

func (n noting) Send(ctx context.Context, m Message) (Receipt, error) {
	inner := m.OnHandOver
	m.OnHandOver = func(copies int) error {
		if err := inner(copies); err != nil {
			return err
		}
		return n.after(look(n.t, n.store, m.ID))
	}
	return n.next.Send(ctx, m)
}

func TestTheStoreKnowsOfAnAttemptBeforeAServiceCanTakeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, w := newStore(t), &watch{}
		id := put(t, store, time.Hour)
		var during []outbox.Message
		a, b := &fakeMailer{name: "a", answers: []error{ambiguous()}}, &fakeMailer{name: "b"}
		note := func(m outbox.Message) error {
			during = append(during, m)
			return nil
		}
		w.courier(t, store, NewFailover(quiet, noting{t, store, a, note}, noting{t, store, b, note}), CourierOptions{})
		synctest.Wait()
		if len(during) != 2 || !during[0].Unsettled || during[0].Copies != 0 || during[0].Attempts != 1 || !during[1].Unsettled || during[1].Copies != 1 {
			t.Errorf("during the attempt the store says %+v", during)
		}
		if m := look(t, store, id); m.State != outbox.Sent || m.Unsettled || m.Mailer != "b" {
			t.Errorf("got %+v", m)
		}
	})
}

func TestAnAttemptOfAProcessThatDiedMayHaveLeftACopy(t *testing.T) {
	for _, tc := range []struct {
		name    string
		copies  int
		answers []error
		state   outbox.State
		after   int
		calls   int
	}{
		{"the first", 0, nil, outbox.Sent, 1, 1},
		{"the first, and then a failure before the service", 0, []error{temporary()}, outbox.Sent, 1, 2},
		{"the first, and then an unclear one", 0, []error{ambiguous()}, outbox.Failed, 2, 1},
		{"the second", 1, nil, outbox.Failed, 2, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store, w := newStore(t), &watch{}
				id := put(t, store, time.Hour, func(m *outbox.Message) { m.Unsettled, m.Attempts, m.Copies = true, 1, tc.copies })
				mailer := &fakeMailer{name: "fake", answers: tc.answers}
				w.courier(t, store, mailer, CourierOptions{})
				time.Sleep(time.Minute)
				if m := look(t, store, id); m.State != tc.state || m.Copies != tc.after || mailer.called() != tc.calls {
					t.Errorf("%d calls, %+v", mailer.called(), m)
				}
			})
		})
	}
}
