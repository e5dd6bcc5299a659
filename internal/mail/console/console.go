// Package console is the mailer for trying Doorpost out: it prints messages
// instead of sending them, and keeps the last ones for the mailbox page.
package console

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/doorpost-auth/doorpost/internal/mail"
)

// kept is how many messages Messages returns at most.
const kept = 50

// Received is a message with the time it was printed.
type Received struct {
	Message mail.Message
	At      time.Time
}

// Console prints each message to a writer and keeps the last 50 in memory.
// Anybody who sees the writer or the memory can sign in as anybody, so it is for this
// machine only. It is safe for concurrent use.
type Console struct {
	mu       sync.Mutex
	w        io.Writer
	messages []Received // oldest first
}

// New makes a Console that prints to w, one message at a time.
func New(w io.Writer) *Console { return &Console{w: w} }

// Name is "console".
func (c *Console) Name() string { return "console" }

// Send prints the message and keeps it. It fails if the message is malformed,
// if ctx has ended, or if the writer fails.
func (c *Console) Send(ctx context.Context, m mail.Message) (mail.Receipt, error) {
	if err := m.Check(); err != nil {
		return mail.Receipt{}, &mail.SendError{Mailer: c.Name(), Err: err}
	}
	err := ctx.Err()
	if err == nil {
		err = m.HandOver()
	}
	if err != nil {
		return mail.Receipt{}, &mail.SendError{Mailer: c.Name(), Temporary: true, Err: fmt.Errorf("printing a message: %w", err)}
	}
	var b strings.Builder
	b.WriteString("\n-------- mail --------\n")
	fmt.Fprintf(&b, "From:    %s\nTo:      %s\nSubject: %s\n\n", readable(m.From), m.To, m.Subject)
	b.WriteString(strings.TrimSpace(m.Text))
	b.WriteString("\n----------------------\n\n")

	c.mu.Lock()
	defer c.mu.Unlock()
	c.messages = append(c.messages, Received{Message: m, At: time.Now()})
	if extra := len(c.messages) - kept; extra > 0 {
		c.messages = slices.Delete(c.messages, 0, extra)
	}
	if _, err := io.WriteString(c.w, printable(b.String())); err != nil {
		return mail.Receipt{}, &mail.SendError{Mailer: c.Name(), Err: fmt.Errorf("printing a message: %w", err)}
	}
	return mail.Receipt{Mailer: c.Name()}, nil
}

// Check always succeeds: there is no service to check.
func (c *Console) Check(context.Context, mail.Mailbox) error { return nil }

// Messages returns the last 50 messages, newest first.
func (c *Console) Messages() []Received {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := slices.Clone(c.messages)
	slices.Reverse(list)
	return list
}

// readable is a mailbox as people read it: its name is not encoded as in a header.
func readable(box mail.Mailbox) string {
	if box.Name == "" {
		return box.Address
	}
	return box.Name + " <" + box.Address + ">"
}

// printable removes characters that control the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' {
			return -1
		}
		return r
	}, s)
}

var (
	_ mail.Mailer  = (*Console)(nil)
	_ mail.Checker = (*Console)(nil)
)
