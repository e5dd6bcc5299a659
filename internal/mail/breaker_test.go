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

// sendFor sends one message and returns what became of it.
func sendFor(f *Failover) *SendError {
	_, err := f.Send(context.Background(), validMessage())
	if err == nil {
		return nil
	}
	failure := asSendError(err)
	return &failure
}

func repeat(answer error, n int) []error {
	list := make([]error, n)
	for i := range list {
		list[i] = answer
	}
	return list
}

func aboutMessage() *SendError {
	return &SendError{Mailer: "x", Temporary: true, AboutMessage: true, Err: errors.New("greylisted")}
}

func wantRetryAfter(d time.Duration) *SendError {
	failure := temporary()
	failure.RetryAfter = d
	return failure
}

func TestAMailerThatFailsIsLeftAlone(t *testing.T) {
	for _, tc := range []struct {
		name    string
		answers []error
		calls   int // until it is left alone; if it is not, all answers
		open    bool
		pause   time.Duration
	}{
		{"it refuses us", []error{unauthorized()}, 1, true, 15 * time.Second},
		{"five failures in a row", repeat(temporary(), 5), 5, true, 15 * time.Second},
		{"five that are unclear", repeat(ambiguous(), 5), 5, true, 15 * time.Second},
		{"four failures in a row", repeat(temporary(), 4), 4, false, 0},
		{"four failures, a success, four failures", append(append(repeat(temporary(), 4), nil), repeat(temporary(), 4)...), 9, false, 0},
		{"it asks for a pause", []error{wantRetryAfter(40 * time.Second)}, 1, true, 40 * time.Second},
		{"it asks for a short pause", []error{wantRetryAfter(3 * time.Second)}, 1, true, 3 * time.Second},
		{"it refuses many messages for good", repeat(permanent(), 20), 20, false, 0},
		{"it wants many messages later", repeat(aboutMessage(), 20), 20, false, 0},
		{"failures between refusals of messages", append(append(repeat(temporary(), 4), permanent()), repeat(temporary(), 4)...), 9, false, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				mailer := &fakeMailer{name: "a", answers: tc.answers}
				f := NewFailover(quiet, mailer)
				start := time.Now()
				for range tc.answers {
					sendFor(f)
				}
				if health := f.Health(); mailer.called() != tc.calls || len(health) != 1 || health[0].Name != "a" ||
					health[0].Available == tc.open || (health[0].Problem != "") != tc.open || !health[0].Since.Equal(start) {
					t.Fatalf("%d calls, %+v", mailer.called(), health)
				}
				if !tc.open {
					return
				}
				time.Sleep(tc.pause - time.Millisecond)
				failure := sendFor(f)
				if failure == nil || !failure.Temporary || failure.RetryAfter <= 0 || failure.RetryAfter > time.Second || mailer.called() != tc.calls {
					t.Errorf("just before the end of the pause: %+v", failure)
				}
				time.Sleep(time.Millisecond)
				if failure := sendFor(f); failure != nil || mailer.called() != tc.calls+1 || !f.Health()[0].Available || f.Health()[0].Problem != "" {
					t.Errorf("after the pause: %v, %+v", failure, f.Health())
				}
				if !f.Health()[0].Since.Equal(time.Now()) {
					t.Errorf("available since %s", f.Health()[0].Since)
				}
			})
		})
	}
}

func TestThePauseDoublesUpToFiveMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mailer := &fakeMailer{name: "a", answers: append(repeat(unauthorized(), 8), nil, unauthorized())}
		f := NewFailover(quiet, mailer)
		sendFor(f)
		for i, want := range []time.Duration{15, 30, 60, 120, 240, 300, 300, 300} {
			failure := sendFor(f)
			if failure == nil || failure.RetryAfter != want*time.Second || !strings.Contains(failure.Error(), "bad key") {
				t.Fatalf("pause %d: %+v", i, failure)
			}
			time.Sleep(failure.RetryAfter)
			sendFor(f)
		}
		sendFor(f)
		if failure := sendFor(f); failure == nil || failure.RetryAfter != 15*time.Second {
			t.Errorf("after it worked, the pause is %+v", failure)
		}
	})
}

func TestOneMessageTriesAMailerThatWasLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mailer := &fakeMailer{name: "a", answers: []error{unauthorized()}}
		f := NewFailover(quiet, mailer)
		sendFor(f)
		time.Sleep(time.Minute)
		mailer.block = make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() { sendFor(f) })
		synctest.Wait()
		for range 10 {
			if failure := sendFor(f); failure == nil || failure.RetryAfter < time.Second {
				t.Errorf("got %+v", failure)
			}
		}
		if mailer.called() != 2 {
			t.Errorf("%d calls", mailer.called())
		}
		close(mailer.block)
		wg.Wait()
		if failure := sendFor(f); failure != nil || mailer.called() != 3 {
			t.Errorf("got %v after %d calls", failure, mailer.called())
		}
	})
}

func TestACancelledTrialDecidesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mailer := &fakeMailer{name: "a", answers: []error{unauthorized()}}
		f := NewFailover(quiet, mailer)
		sendFor(f)
		time.Sleep(15 * time.Second)
		m := validMessage()
		m.OnHandOver = func(int) error { return errors.New("the store fails") }
		if _, err := f.Send(t.Context(), m); !errors.Is(err, ErrNotHandedOver) || f.Health()[0].Available {
			t.Errorf("held back: got %v, %+v", err, f.Health())
		}
		mailer.hang = true
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = f.Send(ctx, validMessage()) })
		synctest.Wait()
		cancel()
		wg.Wait()
		if f.Health()[0].Available {
			t.Error("a message that was cancelled closes the breaker")
		}
		mailer.hang = false
		if failure := sendFor(f); failure != nil || !f.Health()[0].Available {
			t.Errorf("the next message does not try it: %v", failure)
		}
	})
}

func TestAMailerThatIsLeftAloneIsPassedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		a, b := &fakeMailer{name: "a", answers: []error{unauthorized()}}, &fakeMailer{name: "b"}
		f := NewFailover(slog.New(slog.NewTextHandler(&log, nil)), a, b)
		for range 3 {
			if failure := sendFor(f); failure != nil {
				t.Error(failure)
			}
		}
		if a.called() != 1 || b.called() != 3 {
			t.Errorf("called %d and %d times", a.called(), b.called())
		}
		if health := f.Health(); health[0].Available || !health[1].Available || health[0].Name != "a" || health[1].Name != "b" {
			t.Errorf("got %+v", health)
		}
		b.answers = []error{temporary()}
		if failure := sendFor(f); failure == nil || failure.Mailer != "x" || failure.RetryAfter != 0 {
			t.Errorf("one that may be tried at once: %+v", failure)
		}
		b.answers = []error{wantRetryAfter(time.Hour)}
		if failure := sendFor(f); failure == nil || failure.RetryAfter != 15*time.Second {
			t.Errorf("the pause is not until the first may be tried: %+v", failure)
		}
		if failure := sendFor(f); failure == nil || failure.Mailer != "a+b" || !failure.Temporary || failure.RetryAfter != 15*time.Second {
			t.Errorf("all are left alone: %+v", failure)
		}
		time.Sleep(15 * time.Second)
		sendFor(f)
		if got := log.String(); strings.Count(got, "left alone") != 2 || strings.Count(got, "works again") != 1 || strings.Contains(got, "alice") {
			t.Errorf("the log is\n%s", got)
		}
	})
}

func TestAMailerGetsTheTimeOfThoseThatAreLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := &fakeMailer{name: "a"}, &fakeMailer{name: "b", answers: []error{unauthorized()}}
		f := NewFailover(quiet, a, b)
		a.answers = []error{temporary()}
		sendFor(f)
		a.hang = true
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		if _, err := f.Send(ctx, validMessage()); err == nil || time.Since(start) != 10*time.Second {
			t.Errorf("got %v after %s", err, time.Since(start))
		}
	})
}

func sendTo(f *Failover, domain string) *SendError {
	m := validMessage()
	m.To = "visitor@" + domain
	_, err := f.Send(context.Background(), m)
	if err == nil {
		return nil
	}
	failure := asSendError(err)
	return &failure
}

// A stranger can have a domain whose server answers anything, and a relay may pass that on.
func TestARefusalThatMayBeAboutARecipientStopsNoOtherMessage(t *testing.T) {
	maybe := func() *SendError {
		failure := unauthorized()
		failure.AboutMessage = true
		return failure
	}
	for name, refuse := range map[string]func() *SendError{"it asks to wait": aboutMessage, "it speaks of us": maybe} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				answers := repeat(refuse(), 20)
				mailer, second := &fakeMailer{name: "a", answers: answers}, &fakeMailer{name: "b"}
				f := NewFailover(quiet, mailer, second)
				for range answers {
					if failure := sendTo(f, "evil.example"); failure != nil {
						t.Fatalf("the other mailer was not asked: %v", failure)
					}
				}
				if failure := sendTo(f, "good.example"); failure != nil || mailer.called() != len(answers)+1 || !f.Health()[0].Available {
					t.Errorf("the next message, to somebody else: %v, after %d calls, %+v", failure, mailer.called(), f.Health())
				}
			})
		})
	}
}

func TestAMailerThatTakesNothingWhateverTheDomainIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mailer := &fakeMailer{name: "a", answers: []error{aboutMessage(), aboutMessage(), nil, aboutMessage(), aboutMessage(), permanent(), aboutMessage(), aboutMessage(), nil}}
		f := NewFailover(quiet, mailer)
		for i, c := range []struct {
			domain    string
			available bool
		}{
			{"a.example", true},
			{"b.example", true},
			{"c.example", true}, // taken
			{"a.example", true},
			{"b.example", true},
			{"c.example", true}, // refused for good
			{"b.example", true},
			{"d.example", false},
			{"a.example", true}, // taken
		} {
			time.Sleep(time.Second)
			sendTo(f, c.domain)
			h := f.Health()[0]
			if h.Available != c.available || (h.Problem == "") != c.available || !c.available && !h.Since.Equal(time.Now()) || mailer.called() != i+1 {
				t.Errorf("after message %d, to %s: %+v, %d calls", i, c.domain, h, mailer.called())
			}
		}
	})
}

// Each attempt about which a service is silent in the end may leave a copy, so one that is
// silent to everybody is left alone; one that is because of somebody's servers is not.
func TestSilenceAboutWholeMessagesLeavesAMailerAloneWhereItIsNoMatterOfTheRecipients(t *testing.T) {
	silence := aboutMessage()
	silence.PossibleCopies = 1
	for name, c := range map[string]struct {
		domains []string // of the messages about which it is silent, again and again
		between bool     // it takes one to somebody else now and then
		calls   int      // until it is left alone; 0: it is not
	}{
		"one domain":              {[]string{"evil.example"}, false, 0},
		"names below one":         {[]string{"a.evil.example", "b.evil.example", "c.evil.example", "d.evil.example"}, false, 0},
		"two":                     {[]string{"evil.example", "bad.example"}, false, 0},
		"many":                    {[]string{"a.example", "b.example", "c.example", "d.example"}, false, organizationsToDoubt + failuresToOpen},
		"three":                   {[]string{"a.example", "b.example", "c.example"}, false, organizationsToDoubt + failuresToOpen},
		"many, and others arrive": {[]string{"a.example", "b.example", "c.example", "d.example"}, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				mailer := &fakeMailer{name: "a"}
				f := NewFailover(quiet, mailer)
				for i := range 30 {
					mailer.answers = append(mailer.answers, silence)
					sendTo(f, c.domains[i%len(c.domains)])
					if c.between && i%5 == 4 {
						mailer.answers = append(mailer.answers, nil)
						sendTo(f, "good.example")
					}
				}
				if left := f.mailers[0].wait(time.Now()) > 0; left != (c.calls > 0) || left && mailer.called() != c.calls {
					t.Errorf("it is left alone: %v, after %d calls", left, mailer.called())
				}
			})
		})
	}
}
