package outbox

import (
	"errors"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/keys"
)

var start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// waiting is a message that waits for its first attempt.
func waiting() Message {
	return Message{ID: "m", Sealed: []byte("sealed"), Created: start, Deadline: start.Add(8 * time.Minute), State: Queued, Since: start, Due: start}
}

func after(changes ...func(*Message)) Message {
	m := waiting()
	for _, change := range changes {
		change(&m)
	}
	return m
}

// What can happen to a message.
func handOver(m *Message) { _ = m.HandOver() }
func accept(m *Message)   { m.Accept(start.Add(time.Second), "smtp", "250") }
func deferred(m *Message) {
	m.Defer(start.Add(time.Second), start.Add(time.Minute), "smtp", "later", 0)
}
func failed(m *Message) { m.GiveUp(start.Add(time.Second), Failed, "smtp", "refused", 0) }
func report(state State) func(*Message) {
	return func(m *Message) {
		m.Apply(Report{State: state, Delivered: state == Sent, At: start.Add(2 * time.Second), Problem: "reported"})
	}
}

func TestAMessageEndsAsItsServiceSays(t *testing.T) {
	for name, c := range map[string]struct {
		m       Message
		state   State
		waiting bool
		kept    bool // what it says
	}{
		"new":      {after(), Queued, true, true},
		"taken":    {after(handOver, accept), Sent, false, false},
		"deferred": {after(handOver, deferred), Deferred, true, true},
		"failed":   {after(handOver, failed), Failed, false, true},
		"delivered before the service answered us":   {after(handOver, report(Sent), accept), Sent, false, false},
		"delivered although the answer was lost":     {after(handOver, deferred, report(Sent)), Sent, false, false},
		"delivered although we had given up":         {after(handOver, failed, report(Sent)), Sent, false, false},
		"bounced before the service answered us":     {after(handOver, report(Bounced), accept), Bounced, false, true},
		"bounced after it was taken":                 {after(handOver, accept, report(Bounced)), Bounced, false, false},
		"bounced is the last word":                   {after(handOver, accept, report(Bounced), report(Sent), report(Deferred)), Bounced, false, false},
		"deferred at the service":                    {after(handOver, accept, report(Deferred)), Deferred, false, false},
		"deferred at the service, then delivered":    {after(handOver, accept, report(Deferred), report(Sent)), Sent, false, false},
		"delivered, then an old report of deferring": {after(handOver, accept, report(Sent), report(Deferred)), Sent, false, false},
		"deferred by us, and by the service too":     {after(handOver, deferred, report(Deferred)), Deferred, true, true},
		"complained":                                 {after(handOver, accept, report(Sent), report(Complained), report(Sent), report(Bounced)), Complained, false, false},
	} {
		if c.m.State != c.state || c.m.Waiting() != c.waiting || (len(c.m.Sealed) > 0) != c.kept {
			t.Errorf("%s: %s, waits %v, kept %v", name, c.m.State, c.m.Waiting(), len(c.m.Sealed) > 0)
		}
	}
}

func TestNoAttemptIsMadeThatCouldBeOneCopyTooMany(t *testing.T) {
	crashed := waiting()
	for attempt := range MaxCopies {
		if err := crashed.HandOver(); err != nil { // and nothing is heard of it
			t.Fatalf("attempt %d: %v", attempt, err)
		}
	}
	if err := crashed.HandOver(); !errors.Is(err, ErrEnough) {
		t.Errorf("after two attempts of which nothing was heard: %v", err)
	}
	answerLost := waiting()
	for attempt := range MaxCopies {
		if err := answerLost.HandOver(); err != nil {
			t.Fatalf("attempt %d: %v", attempt, err)
		}
		answerLost.Defer(start, start, "smtp", "cut", 1)
	}
	if err := answerLost.HandOver(); !errors.Is(err, ErrEnough) {
		t.Errorf("after two answers that were lost: %v", err)
	}
	refused := waiting()
	for range 20 {
		if err := refused.HandOver(); err != nil {
			t.Fatalf("after refusals: %v", err)
		}
		refused.Defer(start, start, "smtp", "busy", 0)
	}
}

func TestOnlyWhatFailedAndIsStillOfUseIsRetried(t *testing.T) {
	now := start.Add(time.Minute)
	for name, c := range map[string]struct {
		m  Message
		at time.Time
		ok bool
	}{
		"failed":                     {after(handOver, failed), now, true},
		"bounced before it was sent": {after(handOver, report(Bounced)), now, true},
		"failed, but too late":       {after(handOver, failed), start.Add(8 * time.Minute), false},
		"waiting":                    {after(handOver, deferred), now, false},
		"sent":                       {after(handOver, accept), now, false},
		"sent and bounced":           {after(handOver, accept, report(Bounced)), now, false},
	} {
		err := c.m.Retry(c.at)
		if (err == nil) != c.ok || err != nil && !errors.Is(err, ErrNoRetry) {
			t.Errorf("%s: %v", name, err)
		}
		if c.ok && (!c.m.Waiting() || c.m.State != Queued) {
			t.Errorf("%s: %+v", name, c.m)
		}
	}
	again := after(handOver, report(Bounced))
	if err := again.Retry(now); err != nil {
		t.Fatal(err)
	}
	again.Apply(Report{State: Bounced, At: start.Add(3 * time.Second)}) // word of the first attempt
	if !again.Waiting() {
		t.Error("word of an attempt before the retry ends the message")
	}
}

func TestWhatIsSealedOpensWithEachSecretAndForItsMessageOnly(t *testing.T) {
	old, new := keys.Generate(), keys.Generate()
	ring := func(secrets ...[]byte) Sealer {
		r, err := keys.NewRing(secrets...)
		if err != nil {
			t.Fatal(err)
		}
		return NewSealer(r)
	}
	m := Message{ID: "m", Kind: SignIn, To: "a@example.com", Origin: "https://app.example.com"}
	m.Sealed = ring(old).Seal(m, []byte("content"))
	if content, err := ring(new, old).Open(m); err != nil || string(content) != "content" {
		t.Errorf("with the secret as the second one: %q, %v", content, err)
	}
	if _, err := ring(new).Open(m); err == nil {
		t.Error("it opens with another secret")
	}
	for name, change := range map[string]func(*Message){
		"id": func(m *Message) { m.ID = "n" }, "kind": func(m *Message) { m.Kind = "other" }, "to": func(m *Message) { m.To = "b@example.com" },
		"site": func(m *Message) { m.Origin = "https://b.example.com" }, "cut": func(m *Message) { m.Sealed = m.Sealed[:20] },
		"nothing": func(m *Message) { m.Sealed = nil },
	} {
		other := m
		change(&other)
		if _, err := ring(old).Open(other); err == nil {
			t.Errorf("it opens with another %s", name)
		}
	}
}
