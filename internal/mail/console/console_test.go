package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/mail"
)

func message(n int) mail.Message {
	return mail.Message{
		ID: mail.NewID(), From: mail.Mailbox{Name: "Bäckerei", Address: "sign-in@example.com"},
		To: "alice@example.org", Subject: fmt.Sprintf("Message %d", n),
		Text: "Open this link:\nhttps://a.example/link#token\n\x1b[31mred", HTML: "<p>x</p>",
	}
}

func TestSendPrintsTheMessageAndKeepsIt(t *testing.T) {
	var out bytes.Buffer
	c := New(&out)
	if _, err := c.Send(t.Context(), message(1)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"From:    Bäckerei <sign-in@example.com>\n", "To:      alice@example.org\n",
		"Subject: Message 1\n", "\nhttps://a.example/link#token\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("not printed: %q in\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Error("an escape sequence reaches the terminal")
	}
	if got := c.Messages(); len(got) != 1 || got[0].Message.Subject != "Message 1" || got[0].At.IsZero() {
		t.Errorf("kept %+v", got)
	}
}

func TestMessagesReturnsTheLastFiftyNewestFirst(t *testing.T) {
	c := New(&bytes.Buffer{})
	for n := range 60 {
		if _, err := c.Send(t.Context(), message(n)); err != nil {
			t.Fatal(err)
		}
	}
	got := c.Messages()
	if len(got) != 50 || got[0].Message.Subject != "Message 59" || got[49].Message.Subject != "Message 10" {
		t.Errorf("got %d, first %s, last %s", len(got), got[0].Message.Subject, got[len(got)-1].Message.Subject)
	}
	got[0].Message.Subject = "changed"
	if c.Messages()[0].Message.Subject != "Message 59" {
		t.Error("the caller can change what is kept")
	}
}

func TestConsoleIsSafeForConcurrentUse(t *testing.T) {
	var out bytes.Buffer
	c := New(&out)
	var wg sync.WaitGroup
	for n := range 20 {
		wg.Go(func() {
			if _, err := c.Send(t.Context(), message(n)); err != nil {
				t.Error(err)
			}
			c.Messages()
		})
	}
	wg.Wait()
	if len(c.Messages()) != 20 || strings.Count(out.String(), "-- mail --") != 20 {
		t.Error("a message is missing")
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("closed pipe") }

func TestAMessageThatIsHeldBackIsNotPrinted(t *testing.T) {
	var out bytes.Buffer
	c := New(&out)
	m := message(1)
	handedOver := 0
	m.OnHandOver = func(int) error {
		handedOver++
		if out.Len() > 0 {
			t.Error("printed before it was handed over")
		}
		return errors.New("no")
	}
	_, err := c.Send(t.Context(), m)
	failure, ok := errors.AsType[*mail.SendError](err)
	if !ok || !failure.Temporary || !errors.Is(err, mail.ErrNotHandedOver) || handedOver != 1 || out.Len() != 0 || len(c.Messages()) != 0 {
		t.Errorf("got %v, printed %q", err, out.String())
	}
}

func TestSendFailsWithASendError(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	malformed := message(1)
	malformed.To = ""
	for _, tc := range []struct {
		name string
		ctx  context.Context
		c    *Console
		m    mail.Message
		want string
	}{
		{"a writer that fails", t.Context(), New(brokenWriter{}), message(1), "closed pipe"},
		{"a context that has ended", ended, New(&bytes.Buffer{}), message(1), "canceled"},
		{"a malformed message", t.Context(), New(&bytes.Buffer{}), malformed, "recipient"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := tc.c.Send(tc.ctx, tc.m)
			if failure, ok := errors.AsType[*mail.SendError](err); !ok || failure.Mailer != "console" || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}
