package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorpost-auth/doorpost/internal/outbox"
)

func undeliverable() *SendError {
	return &SendError{Mailer: "x", Undeliverable: true, Err: errors.New("no such mailbox")}
}

func TestAMessageIsTriedUntilItsFateIsKnown(t *testing.T) {
	const life = 8 * time.Minute
	for _, tc := range []struct {
		name     string
		answers  []error
		life     time.Duration
		state    outbox.State
		calls    int
		least    time.Duration // that it takes, without the jitter
		most     time.Duration
		attempts int
		problem  string
	}{
		{"a message that goes through", nil, life, outbox.Sent, 1, 0, 0, 1, ""},
		{"one failure", []error{temporary()}, life, outbox.Sent, 2, 2 * time.Second, 3 * time.Second, 1, ""},
		{"three failures", repeat(temporary(), 3), life, outbox.Sent, 4, 14 * time.Second, 21 * time.Second, 1, ""},
		{"refused credentials, until they are mended", repeat(unauthorized(), 3), life, outbox.Sent, 4, 14 * time.Second, 21 * time.Second, 1, ""},
		{"a sender that is refused after the message, until that is mended", repeat(senderRefused(), 3), life, outbox.Sent, 4, 14 * time.Second, 21 * time.Second, 4, ""},
		{"a recipient that is greylisted", repeat(aboutMessage(), 2), life, outbox.Sent, 3, 6 * time.Second, 9 * time.Second, 3, ""},
		{"a service that asks for a minute", []error{wantRetryAfter(time.Minute)}, life, outbox.Sent, 2, time.Minute, 61 * time.Second, 1, ""},
		{"a service that asks for more time than there is", []error{wantRetryAfter(time.Hour)}, life, outbox.Expired, 1, 0, 0, 0, "busy"},
		{"failures until it is too late", repeat(temporary(), 100), 5 * time.Second, outbox.Expired, 2, 2 * time.Second, 3 * time.Second, 0, "too late"},
		{"a refusal for good", []error{permanent()}, life, outbox.Failed, 1, 0, 0, 0, "no such mailbox"},
		{"no such mailbox", []error{undeliverable()}, life, outbox.Bounced, 1, 0, 0, 0, "no such mailbox"},
		{"a message that comes too late", nil, -time.Second, outbox.Expired, 0, 0, 0, 0, "too late"},
		{"a message that comes too late by nothing", nil, 0, outbox.Expired, 0, 0, 0, 0, "too late"},
		{"an unclear failure", []error{ambiguous()}, life, outbox.Sent, 2, 2 * time.Second, 3 * time.Second, 2, ""},
		{"two unclear failures", repeat(ambiguous(), 2), life, outbox.Failed, 2, 2 * time.Second, 3 * time.Second, 2, "it may have arrived"},
		{"a mailer that breaks its contract", []error{errors.New("rcpt <alice@example.org>")}, life, outbox.Sent, 2, 2 * time.Second, 3 * time.Second, 1, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store, w := newStore(t), &watch{}
				mailer := &fakeMailer{name: "fake", answers: tc.answers}
				id := put(t, store, tc.life)
				start := time.Now()
				w.courier(t, store, mailer, CourierOptions{})
				time.Sleep(time.Hour)
				synctest.Wait()
				m := look(t, store, id)
				if m.State != tc.state || m.Waiting() || m.Unsettled || m.Attempts != tc.attempts || !strings.Contains(m.Problem, tc.problem) {
					t.Errorf("got %+v", m)
				}
				if m.State == outbox.Sent && (m.Mailer != "fake" || m.ProviderID != "fake-id" || m.Problem != "") {
					t.Errorf("got %+v", m)
				}
				if took := m.Since.Sub(start); took < tc.least-time.Millisecond || took > tc.most+time.Millisecond {
					t.Errorf("it took %s", took)
				}
				if mailer.called() != tc.calls {
					t.Errorf("%d calls", mailer.called())
				}
				if seen := w.seen(); seen[len(seen)-1].State != tc.state || len(seen) != max(1, tc.calls) {
					t.Errorf("reported %+v", seen)
				}
				for _, secret := range []string{"alice", "rcpt"} {
					if strings.Contains(w.logged(), secret) {
						t.Errorf("the log has %q in it:\n%s", secret, w.logged())
					}
				}
				if n := strings.Count(w.logged(), "message="+id); n != 1 {
					t.Errorf("%d lines in the log:\n%s", n, w.logged())
				}
			})
		})
	}
}

func TestAMessageOfSomebodyElseIsLetGo(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*outbox.Message) error
		state  outbox.State
	}{
		{"another process took it over", func(m *outbox.Message) error { return m.HandOver() }, outbox.Queued},
		{"its service reported that it arrived", func(m *outbox.Message) error {
			m.Apply(outbox.Report{State: outbox.Sent, Delivered: true, At: time.Now()})
			return nil
		}, outbox.Sent},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store, w := newStore(t), &watch{}
				id := put(t, store, time.Hour, func(m *outbox.Message) { m.Due = m.Created.Add(time.Minute) })
				mailer := &fakeMailer{name: "fake"}
				c := w.courier(t, sharedStore{store}, mailer, CourierOptions{})
				synctest.Wait() // until it is claimed
				if _, err := store.Change(t.Context(), id, outbox.Once{}, tc.change); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				if mailer.handedOver() != 0 || look(t, store, id).State != tc.state || !strings.Contains(w.logged(), "let go") {
					t.Errorf("handed over %d times, %+v", mailer.handedOver(), look(t, store, id))
				}
				closeWithin(c, time.Minute)
			})
		})
	}
}

// sharedStore is a store in which another process has taken messages over.
type sharedStore struct{ outbox.Store }

func (sharedStore) Release(context.Context, ...string) error { return nil }

func TestAMessageThatWasForgottenIsLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, w := newStore(t), &watch{}
		mailer := &fakeMailer{name: "fake"}
		c := NewCourier(forgetful{store}, mailer, writeValid, slog.New(slog.NewTextHandler(w, nil)), CourierOptions{OnState: w.add})
		c.Start()
		put(t, store, time.Hour)
		synctest.Wait()
		closeWithin(c, time.Minute)
		if mailer.handedOver() != 0 || len(w.seen()) != 0 || !strings.Contains(w.logged(), "no such message") {
			t.Errorf("handed over %d times:\n%s", mailer.handedOver(), w.logged())
		}
	})
}

type forgetful struct{ outbox.Store }

func (forgetful) Change(context.Context, string, outbox.Once, func(*outbox.Message) error) (outbox.Message, error) {
	return outbox.Message{}, fmt.Errorf("changing a message: %w", outbox.ErrUnknown)
}

func TestAMessageThatCannotBeWrittenFails(t *testing.T) {
	for name, write := range map[string]func(outbox.Message) (Message, error){
		"an error": func(m outbox.Message) (Message, error) { return Message{}, errors.New("no seal for " + string(m.To)) },
		"a panic":  func(m outbox.Message) (Message, error) { panic(m.To) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store, w := newStore(t), &watch{}
				id := put(t, store, time.Hour)
				mailer := &fakeMailer{name: "fake"}
				c := NewCourier(store, mailer, write, slog.New(slog.NewTextHandler(w, nil)), CourierOptions{})
				c.Start()
				synctest.Wait()
				closeWithin(c, time.Minute)
				if m := look(t, store, id); m.State != outbox.Failed || !strings.Contains(m.Problem, "writing the message") || mailer.called() != 0 {
					t.Errorf("got %+v", m)
				}
				if strings.Contains(w.logged(), "alice") {
					t.Errorf("the log has the address:\n%s", w.logged())
				}
			})
		})
	}
}

func TestTheBackoffGrowsIsJitteredAndHonoursTheService(t *testing.T) {
	for _, tc := range []struct {
		attempt     int
		asked, base time.Duration
		jitter      time.Duration
	}{
		{1, 0, 2 * time.Second, time.Second},
		{2, 0, 4 * time.Second, 2 * time.Second},
		{5, 0, 32 * time.Second, 16 * time.Second},
		{6, 0, time.Minute, 30 * time.Second},
		{1000, 0, time.Minute, 30 * time.Second},
		{1, time.Hour, time.Hour, time.Second},
		{6, time.Second, time.Minute, 30 * time.Second},
	} {
		seen := make(map[time.Duration]bool)
		for range 50 {
			pause := backoff(tc.attempt, tc.asked)
			if pause < tc.base || pause >= tc.base+tc.jitter {
				t.Fatalf("pause after attempt %d is %s", tc.attempt, pause)
			}
			seen[pause] = true
		}
		if len(seen) < 2 {
			t.Error("no jitter")
		}
	}
}
