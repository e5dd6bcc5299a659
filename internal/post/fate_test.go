package post

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/outbox"
)

// box is a store with one message.
type box struct {
	outbox.Store // what is not below is not called
	message      outbox.Message
	blocked      bool
	happened     map[string]bool
}

func newBox(change func(*outbox.Message)) *box {
	now := time.Now()
	b := &box{happened: map[string]bool{}, message: outbox.Message{
		ID: id, Kind: outbox.SignIn, To: "alice@example.com", Origin: origin, Sealed: []byte("sealed"),
		Created: now, Since: now, Due: now, Deadline: now.Add(time.Hour), State: outbox.Queued,
	}}
	change(&b.message)
	b.blocked = b.message.State == outbox.Bounced
	return b
}

const id = "someid"

func (b *box) Message(_ context.Context, id string) (outbox.Message, bool, error) {
	return b.message, id == b.message.ID, nil
}

func (b *box) Change(_ context.Context, id string, once outbox.Once, change func(*outbox.Message) error) (outbox.Message, error) {
	if once.Name != "" && b.happened[once.Name] {
		return outbox.Message{}, outbox.ErrReplayed
	}
	b.happened[once.Name] = true
	if id != b.message.ID {
		return outbox.Message{}, outbox.ErrUnknown
	}
	changed := b.message
	if err := change(&changed); err != nil {
		return outbox.Message{}, err
	}
	b.message = changed
	return changed, nil
}

func (b *box) Unblock(context.Context, address.Address) (was bool, err error) {
	was, b.blocked = b.blocked, false
	return was, nil
}

func accepted(m *outbox.Message) { m.Accept(time.Now(), "mailgun", "id-of-mailgun") }

func bounced(m *outbox.Message) {
	m.Apply(outbox.Report{State: outbox.Bounced, At: time.Now(), Problem: "no such mailbox"})
}

func TestAMessageThatBouncedIsSentAgainAndItsAddressUnblocked(t *testing.T) {
	store := newBox(bounced)
	done, err := Retry(t.Context(), store, nil, id, time.Now())
	if err != nil || !done.Again || !done.Unblocked || done.Problem != "" || !done.Message.Waiting() {
		t.Errorf("retrying is %+v (%v)", done, err)
	}
	if store.blocked {
		t.Error("the address is blocked still")
	}
}

func TestTheBlockIsLiftedEvenIfTheMessageIsTooOldToBeSent(t *testing.T) {
	store := newBox(bounced)
	late := time.Now().Add(2 * time.Hour)
	done, err := Retry(t.Context(), store, nil, id, late)
	if err != nil || done.Again || !done.Unblocked || !strings.HasPrefix(done.Problem, "its link has ended") {
		t.Errorf("retrying is %+v (%v)", done, err)
	}
	if _, err := Retry(t.Context(), store, nil, id, late); !errors.Is(err, outbox.ErrNoRetry) { // nothing is left to be done
		t.Errorf("the second time the error is %v", err)
	}
}

func TestWhatWasSentOrIsNotKnownIsNotSentAgain(t *testing.T) {
	store := newBox(accepted)
	for id, want := range map[string]error{id: outbox.ErrNoRetry, "otherid": outbox.ErrUnknown} {
		if _, err := Retry(t.Context(), store, nil, id, time.Now()); !errors.Is(err, want) {
			t.Errorf("retrying %s is the error %v, want %v", id, err, want)
		}
	}
}

func TestNewsIsWhatChangesTheFateOfAMessage(t *testing.T) {
	store := newBox(accepted)
	now := time.Now()
	arrived := outbox.Report{State: outbox.Sent, Delivered: true, At: now}
	for i, step := range []struct {
		what   string
		id     string
		report outbox.Report
		news   bool
	}{
		{"arrived", id, arrived, true},
		{"arrived, once more", id, arrived, false},
		{"of a kind that does not matter", id, outbox.Report{}, false},
		{"of a message of somebody else", "otherid", arrived, false},
		{"complained", id, outbox.Report{State: outbox.Complained, At: now}, true},
		{"sent, after the complaint", id, arrived, false},
	} {
		once := outbox.Once{Name: "notice-" + string(rune('a'+i)), Until: now.Add(time.Hour)}
		m, news, err := TakeReport(t.Context(), store, step.id, once, step.report)
		if err != nil || news != step.news {
			t.Errorf("a report %s is news: %v (%v), want %v", step.what, news, err, step.news)
		}
		if news && (m.ID != id || m.State != step.report.State) {
			t.Errorf("after a report %s the message is %+v", step.what, m)
		}
		if _, _, err := TakeReport(t.Context(), store, step.id, once, step.report); !errors.Is(err, outbox.ErrReplayed) {
			t.Errorf("the same report %s once more is the error %v", step.what, err)
		}
	}
}

func TestTheAuditLogHasWhatBecameOfAMessage(t *testing.T) {
	ring, err := keys.NewRing(keys.Generate())
	if err != nil {
		t.Fatal(err)
	}
	var written bytes.Buffer
	log := audit.NewLog(ring, slog.New(slog.NewTextHandler(&written, nil)), new(audit.Hourly))
	waiting := outbox.Message{ID: "someid", To: "alice@example.com", State: outbox.Queued, Due: time.Now()}
	sent, failed := waiting, waiting
	sent.Accept(time.Now(), "mailgun", "id-of-mailgun")
	failed.GiveUp(time.Now(), outbox.Failed, "smtp", "no such server", 0)
	for want, m := range map[string]outbox.Message{"": waiting, "msg=sent": sent, "msg=failed": failed} {
		written.Reset()
		Record(log, m)
		if got := written.String(); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("a message that is %s is written down as %q, want %q in it", m.State, got, want)
		}
	}
}
