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

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeMailer answers the calls with the given errors in turn, then with nil.
type fakeMailer struct {
	name string
	hang bool // wait for ctx to end, then fail for a while

	mu      sync.Mutex
	answers []error
	calls   []time.Time
	running int
	most    int
	block   chan struct{} // if set, every call waits for it to be closed
	handed  int           // how often a message was handed over to it
}

func (f *fakeMailer) Name() string { return f.name }

func (f *fakeMailer) Send(ctx context.Context, m Message) (Receipt, error) {
	f.mu.Lock()
	f.calls = append(f.calls, time.Now())
	f.running++
	f.most = max(f.most, f.running)
	var answer error
	if len(f.answers) > 0 {
		answer, f.answers = f.answers[0], f.answers[1:]
	}
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		f.running--
		f.mu.Unlock()
	}()
	if answer == nil || errors.Is(answer, errSendAsDenied) || asSendError(answer).PossibleCopies > 0 || asSendError(answer).AboutMessage {
		if err := m.HandOver(); err != nil {
			return Receipt{}, &SendError{Mailer: f.name, Temporary: true, Err: err}
		}
		f.mu.Lock()
		f.handed++
		f.mu.Unlock()
	}
	if f.hang {
		<-ctx.Done()
		return Receipt{}, &SendError{Mailer: f.name, Temporary: true, Err: ctx.Err()}
	}
	if f.block != nil {
		select {
		case <-f.block:
		case <-ctx.Done():
			return Receipt{}, &SendError{Mailer: f.name, Temporary: true, PossibleCopies: 1, Err: context.Cause(ctx)}
		}
	}
	if answer != nil {
		return Receipt{}, answer
	}
	return Receipt{Mailer: f.name, ID: f.name + "-id"}, nil
}

// asSendError is the *SendError of an answer, nil for other errors.
func asSendError(err error) SendError {
	if failure, ok := errors.AsType[*SendError](err); ok {
		return *failure
	}
	return SendError{}
}

func (f *fakeMailer) handedOver() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.handed
}

func (f *fakeMailer) called() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.calls)
}

func temporary() *SendError { return &SendError{Mailer: "x", Temporary: true, Err: errors.New("busy")} }
func unauthorized() *SendError {
	return &SendError{Mailer: "x", Unauthorized: true, Err: errors.New("bad key")}
}

// errSendAsDenied comes when the service has all of the message.
var errSendAsDenied = errors.New("the account may not send as this sender")

func senderRefused() *SendError {
	return &SendError{Mailer: "x", Unauthorized: true, Err: errSendAsDenied}
}
func permanent() *SendError { return &SendError{Mailer: "x", Err: errors.New("no such mailbox")} }
func ambiguous() *SendError {
	return &SendError{Mailer: "x", Temporary: true, PossibleCopies: 1, Err: errors.New("cut off")}
}

var quiet = slog.New(slog.DiscardHandler)

func TestFailoverTurnsToTheNextMailerOnlyWhereThatMayHelp(t *testing.T) {
	for _, tc := range []struct {
		name          string
		first, second error
		wantID        string
		wantSecond    int
		wantTemporary bool
		wantRefused   bool
	}{
		{"the first works", nil, nil, "a-id", 0, false, false},
		{"the first fails for a while", temporary(), nil, "b-id", 1, false, false},
		{"the first is refused by its service", unauthorized(), nil, "b-id", 1, false, false},
		{"the recipient is refused for good", permanent(), nil, "", 0, false, false},
		{"both fail for a while", temporary(), temporary(), "", 1, true, false},
		{"refused, then a failure for a while", unauthorized(), temporary(), "", 1, true, true},
		{"refused, then the recipient is refused", unauthorized(), permanent(), "", 1, false, false},
		{"a failure for a while, then the recipient is refused", temporary(), permanent(), "", 1, false, false},
		{"a mailer that breaks its contract", errors.New("alice@example.org"), nil, "b-id", 1, false, false},
		{"a copy may be out, the second may add one more", ambiguous(), nil, "b-id", 1, false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := &fakeMailer{name: "a", answers: []error{tc.first}}
			b := &fakeMailer{name: "b", answers: []error{tc.second}}
			f := NewFailover(quiet, a, b)
			if f.Name() != "a+b" {
				t.Errorf("name is %s", f.Name())
			}
			got, err := f.Send(t.Context(), validMessage())
			if got.ID != tc.wantID || got.ID != "" && got.Mailer+"-id" != got.ID || b.called() != tc.wantSecond {
				t.Errorf("got %+v (%v) with %d calls of the second", got, err, b.called())
			}
			failure, ok := errors.AsType[*SendError](err)
			if (tc.wantID == "") != ok {
				t.Fatalf("error is %v", err)
			}
			if ok && (failure.Temporary != tc.wantTemporary || failure.Unauthorized != tc.wantRefused) {
				t.Errorf("got %+v", failure)
			}
			if ok && strings.ContainsAny(failure.Error(), "\n") {
				t.Errorf("the error has several lines: %q", failure)
			}
		})
	}
}

func TestFailoverStopsWhenTwoCopiesMayBeOut(t *testing.T) {
	a := &fakeMailer{name: "a", answers: []error{ambiguous()}}
	b := &fakeMailer{name: "b", answers: []error{ambiguous()}}
	c := &fakeMailer{name: "c"}
	_, err := NewFailover(quiet, a, b, c).Send(t.Context(), validMessage())
	failure, ok := errors.AsType[*SendError](err)
	if !ok || failure.PossibleCopies != 2 || c.called() != 0 {
		t.Errorf("got %v, third called %d times", err, c.called())
	}
}

func TestFailoverLeavesTimeForTheNextWhenOneHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := &fakeMailer{name: "a", hang: true}, &fakeMailer{name: "b"}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		start := time.Now()
		got, err := NewFailover(quiet, a, b).Send(ctx, validMessage())
		if got.ID != "b-id" || time.Since(start) != 15*time.Second {
			t.Errorf("got %+v, %v after %s", got, err, time.Since(start))
		}
	})
}

func TestFailoverStopsWhenItsTimeIsOver(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a, b := &fakeMailer{name: "a", hang: true}, &fakeMailer{name: "b"}
	if _, err := NewFailover(quiet, a, b).Send(ctx, validMessage()); err == nil || b.called() != 0 {
		t.Errorf("got %v, second called %d times", err, b.called())
	}
}

func TestFailoverLogsATakeoverWithoutTheAddress(t *testing.T) {
	var log bytes.Buffer
	f := NewFailover(slog.New(slog.NewTextHandler(&log, nil)),
		&fakeMailer{name: "a", answers: []error{temporary()}}, &fakeMailer{name: "b"})
	m := validMessage()
	if _, err := f.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), m.ID) || !strings.Contains(log.String(), "next=b") || strings.Contains(log.String(), "alice") {
		t.Errorf("log is %s", log.String())
	}
}

func TestSendErrorSaysWhichMailerAndWhatKind(t *testing.T) {
	for _, tc := range []struct {
		in   *SendError
		want string
	}{
		{&SendError{Mailer: "smtp", Temporary: true, Err: errors.New("busy")}, "sending mail through smtp (may work later): busy"},
		{&SendError{Mailer: "smtp", Unauthorized: true, Err: errors.New("bad key")}, "sending mail through smtp (refused us): bad key"},
		{&SendError{Mailer: "smtp"}, "sending mail through smtp (for good)"},
	} {
		if tc.in.Error() != tc.want {
			t.Errorf("got %q, want %q", tc.in, tc.want)
		}
	}
	if !errors.Is(&SendError{Err: context.Canceled}, context.Canceled) {
		t.Error("the cause is lost")
	}
}

func TestTheFirstFailureOfAMailerLeavesALineUnlessAnotherTakesOver(t *testing.T) {
	for _, tc := range []struct {
		name    string
		answers []error
		others  []Mailer
		waiting int // lines that its messages wait
		next    int // lines that the next one takes over
	}{
		{"one that fails three times", repeat(temporary(), 3), nil, 1, 0},
		{"one that fails, works and fails", []error{temporary(), nil, temporary()}, nil, 2, 0},
		{"one that refuses a recipient for now", repeat(aboutMessage(), 3), nil, 0, 0},
		{"one of two", repeat(temporary(), 3), []Mailer{&fakeMailer{name: "b"}}, 0, 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := &watch{}
			f := NewFailover(slog.New(slog.NewTextHandler(w, nil)), &fakeMailer{name: "a", answers: tc.answers}, tc.others...)
			for range 3 {
				_, _ = f.Send(t.Context(), validMessage())
			}
			waiting := strings.Count(w.logged(), `msg="a mailer failed, its messages wait and are tried again"`)
			next := strings.Count(w.logged(), `msg="a mailer failed, the next one takes over"`)
			if waiting != tc.waiting || next != tc.next || waiting > 0 && !strings.Contains(w.logged(), "busy") {
				t.Errorf("%d and %d lines:\n%s", waiting, next, w.logged())
			}
		})
	}
}
