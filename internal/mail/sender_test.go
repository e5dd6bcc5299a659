package mail

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// outcomes collects what a Sender reports.
type outcomes struct {
	mu  sync.Mutex
	all []Outcome
}

func (o *outcomes) add(out Outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all = append(o.all, out)
}

func (o *outcomes) only(t *testing.T) Outcome {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.all) != 1 {
		t.Fatalf("%d outcomes", len(o.all))
	}
	return o.all[0]
}

func fixedBackoff(attempt int) time.Duration { return time.Duration(attempt) * time.Second }

func wantRetryAfter(d time.Duration) *SendError {
	failure := temporary()
	failure.RetryAfter = d
	return failure
}

func TestSenderRetriesWhatMayWorkLater(t *testing.T) {
	for _, tc := range []struct {
		name     string
		answers  []error
		deadline time.Duration
		attempts int
		took     time.Duration
		sent     bool
	}{
		{"a message that goes through", nil, time.Hour, 1, 0, true},
		{"one failure", []error{temporary()}, time.Hour, 2, time.Second, true},
		{"two failures", []error{temporary(), temporary()}, time.Hour, 3, 3 * time.Second, true},
		{"three failures", []error{temporary(), temporary(), temporary()}, time.Hour, 3, 3 * time.Second, false},
		{"a service that asks for a minute", []error{wantRetryAfter(time.Minute)}, time.Hour, 2, time.Minute, true},
		{"a service that asks for more time than there is", []error{wantRetryAfter(time.Hour)}, 10 * time.Minute, 1, 0, false},
		{"a pause that ends after the deadline", []error{temporary(), temporary()}, 2 * time.Second, 2, time.Second, false},
		{"a refusal for good", []error{permanent()}, time.Hour, 1, 0, false},
		{"refused credentials", []error{unauthorized()}, time.Hour, 1, 0, false},
		{"a message that comes too late", nil, -time.Second, 0, 0, false},
		{"an unclear failure", []error{ambiguous()}, time.Hour, 2, time.Second, true},
		{"two unclear failures", []error{ambiguous(), ambiguous()}, time.Hour, 2, time.Second, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got outcomes
				mailer := &fakeMailer{name: "fake", answers: tc.answers}
				s := NewSender(mailer, quiet, SenderOptions{Backoff: fixedBackoff, OnOutcome: got.add})
				if !s.Send(validMessage(), time.Now().Add(tc.deadline)) {
					t.Fatal("not accepted")
				}
				if left := s.Close(context.Background()); left != 0 {
					t.Errorf("%d left", left)
				}
				out := got.only(t)
				if (out.Err == nil) != tc.sent || out.Attempts != tc.attempts || out.Duration != tc.took {
					t.Errorf("got %+v", out)
				}
				if mailer.called() != tc.attempts {
					t.Errorf("%d calls", mailer.called())
				}
				if tc.sent && out.ProviderID != "fake-id" {
					t.Errorf("provider id %q", out.ProviderID)
				}
			})
		})
	}
}

func TestSenderWithFailoverSendsTwoCopiesAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &fakeMailer{name: "a", answers: []error{temporary(), ambiguous()}}
		b := &fakeMailer{name: "b", answers: []error{ambiguous()}}
		s := NewSender(NewFailover(quiet, a, b), quiet, SenderOptions{})
		s.Send(validMessage(), time.Now().Add(time.Hour))
		s.Close(context.Background())
		if a.called() != 2 || b.called() != 1 {
			t.Errorf("called %d and %d times", a.called(), b.called())
		}
	})
}

func TestSenderCutsAnAttemptOff(t *testing.T) {
	for _, tc := range []struct {
		name               string
		deadline, duration time.Duration
		attempts           int
	}{
		{"after its timeout, three times", time.Hour, 93 * time.Second, 3},
		{"at the deadline", 10 * time.Second, 10 * time.Second, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got outcomes
				s := NewSender(&fakeMailer{name: "fake", hang: true}, quiet, SenderOptions{Backoff: fixedBackoff, OnOutcome: got.add})
				s.Send(validMessage(), time.Now().Add(tc.deadline))
				s.Close(context.Background())
				if out := got.only(t); out.Duration != tc.duration || out.Attempts != tc.attempts {
					t.Errorf("got %+v", out)
				}
			})
		})
	}
}

func TestSenderBoundsWhatIsPendingAndWhatRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mailer := &fakeMailer{name: "fake", block: make(chan struct{})}
		s := NewSender(mailer, quiet, SenderOptions{})
		for i := range 1000 {
			if !s.Send(validMessage(), time.Now().Add(time.Hour)) {
				t.Fatalf("message %d not accepted", i)
			}
		}
		if s.Send(validMessage(), time.Now().Add(time.Hour)) {
			t.Error("more than the bound accepted")
		}
		synctest.Wait()
		if mailer.called() != 8 {
			t.Errorf("%d run at once", mailer.called())
		}
		close(mailer.block)
		if left := s.Close(context.Background()); left != 0 || mailer.called() != 1000 || mailer.most != 8 {
			t.Errorf("%d left, %d sent, %d at once", left, mailer.called(), mailer.most)
		}
		if s.Send(validMessage(), time.Now().Add(time.Hour)) {
			t.Error("a closed sender accepts")
		}
	})
}

func TestSenderDoesNotHoldASlotWhileItPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mailer := &fakeMailer{name: "fake", answers: []error{wantRetryAfter(time.Minute)}}
		s := NewSender(mailer, quiet, SenderOptions{AtOnce: 1})
		s.Send(validMessage(), time.Now().Add(time.Hour))
		synctest.Wait()
		s.Send(validMessage(), time.Now().Add(time.Hour))
		synctest.Wait()
		if mailer.called() != 2 {
			t.Error("the second message waits for the first")
		}
		s.Close(context.Background())
	})
}

func TestCloseReportsAndCancelsWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got outcomes
		var log bytes.Buffer
		s := NewSender(&fakeMailer{name: "fake", block: make(chan struct{})}, slog.New(slog.NewTextHandler(&log, nil)),
			SenderOptions{OnOutcome: got.add})
		for range 20 {
			s.Send(validMessage(), time.Now().Add(time.Hour))
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		start := time.Now()
		if left := s.Close(ctx); left != 20 || time.Since(start) != 10*time.Second {
			t.Errorf("%d left after %s", left, time.Since(start))
		}
		if len(got.all) != 20 {
			t.Fatalf("%d outcomes", len(got.all))
		}
		for _, out := range got.all {
			if !errors.Is(out.Err, errShutdown) {
				t.Errorf("outcome is %v", out.Err)
			}
		}
		if !strings.Contains(log.String(), "left=20") {
			t.Error("the loss is not logged")
		}
		if left := s.Close(context.Background()); left != 0 {
			t.Errorf("a second close reports %d", left)
		}
	})
}

func TestCloseDoesNotWaitForeverForAMailerThatIgnoresItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := NewSender(deafMailer{release}, quiet, SenderOptions{})
		s.Send(validMessage(), time.Now().Add(time.Hour))
		synctest.Wait() // until the mailer runs
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		start := time.Now()
		if left := s.Close(ctx); left != 1 || time.Since(start) != cancelGrace {
			t.Errorf("%d left after %s", left, time.Since(start))
		}
		close(release)
	})
}

type deafMailer struct{ release chan struct{} }

func (deafMailer) Name() string { return "deaf" }

func (d deafMailer) Send(context.Context, Message) (string, error) {
	<-d.release
	return "", nil
}

type panickingMailer struct{}

func (panickingMailer) Name() string { return "panicking" }

func (panickingMailer) Send(_ context.Context, m Message) (string, error) { panic(m.To) }

func TestSenderLogsOutcomesWithoutTheAddress(t *testing.T) {
	for _, tc := range []struct {
		name   string
		mailer Mailer
		want   string
	}{
		{"a message that goes through", &fakeMailer{name: "fake"}, "provider_id=fake-id"},
		{"a failure", &fakeMailer{name: "fake", answers: []error{permanent()}}, "no such mailbox"},
		{"refused credentials", &fakeMailer{name: "fake", answers: []error{unauthorized()}}, "check the mailer's credentials"},
		{"a mailer that breaks its contract", &fakeMailer{name: "fake", answers: []error{errors.New("rcpt <alice@example.org>")}}, "trying again"},
		{"a mailer that panics", panickingMailer{}, "panicked with a string"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				s := NewSender(tc.mailer, slog.New(slog.NewTextHandler(&log, nil)), SenderOptions{})
				m := validMessage()
				s.Send(m, time.Now().Add(time.Hour))
				s.Close(context.Background())
				for _, want := range []string{tc.want, "message=" + m.ID, "mailer=" + tc.mailer.Name(), "duration=", "a***@example.org"} {
					if !strings.Contains(log.String(), want) {
						t.Errorf("the log does not say %q:\n%s", want, log.String())
					}
				}
				if strings.Contains(log.String(), "alice") {
					t.Errorf("the log has the address:\n%s", log.String())
				}
			})
		})
	}
}

func TestTheDefaultBackoffGrowsAndIsJittered(t *testing.T) {
	for attempt, base := range map[int]time.Duration{1: 2 * time.Second, 2: 8 * time.Second} {
		seen := make(map[time.Duration]bool)
		for range 50 {
			pause := backoff(attempt)
			if pause < base/2 || pause >= base+base/2 {
				t.Fatalf("pause after attempt %d is %s", attempt, pause)
			}
			seen[pause] = true
		}
		if len(seen) < 2 {
			t.Error("no jitter")
		}
	}
}
