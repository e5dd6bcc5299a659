package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"mime/quotedprintable"
	"net"
	"regexp"
	"strings"
	"sync"

	"github.com/emersion/go-smtp"
)

// mailbox is an SMTP server that takes every message and hands out the token
// that is in it.
type mailbox struct {
	address string
	server  *smtp.Server

	mu     sync.Mutex
	tokens map[string]chan string // by recipient
}

func startMailbox() (*mailbox, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("starting a mail server: %w", err)
	}
	m := &mailbox{address: listener.Addr().String(), tokens: make(map[string]chan string)}
	m.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &delivery{mailbox: m}, nil }))
	m.server.Domain, m.server.ErrorLog = "mail.test", log.New(io.Discard, "", 0)
	go m.server.Serve(listener) // until it is closed
	return m, nil
}

// of is where the tokens for a recipient arrive.
func (m *mailbox) of(recipient string) chan string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.tokens[recipient] == nil {
		m.tokens[recipient] = make(chan string, 1)
	}
	return m.tokens[recipient]
}

// token awaits the token for a recipient.
func (m *mailbox) token(ctx context.Context, recipient string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	select {
	case token := <-m.of(recipient):
		return token, nil
	case <-ctx.Done():
		return "", errors.New("no message came for " + recipient)
	}
}

type delivery struct {
	mailbox    *mailbox
	recipients []string
}

// Mail implements smtp.Session.
func (d *delivery) Mail(string, *smtp.MailOptions) error { return nil }

// Rcpt implements smtp.Session.
func (d *delivery) Rcpt(to string, _ *smtp.RcptOptions) error {
	d.recipients = append(d.recipients, to)
	return nil
}

var tokenInText = regexp.MustCompile(`/_doorpost/link#([a-z2-7]+)`)

// Data implements smtp.Session.
func (d *delivery) Data(r io.Reader) error {
	// Heads of parts are no quoted-printable, but nothing in them looks as if.
	text, err := io.ReadAll(quotedprintable.NewReader(r))
	found := tokenInText.FindSubmatch(text)
	if err != nil || found == nil {
		return fmt.Errorf("there is no link in a message (%w): %.300s", err, text)
	}
	for _, recipient := range d.recipients {
		d.mailbox.of(strings.ToLower(recipient)) <- string(found[1])
	}
	return nil
}

// Reset implements smtp.Session.
func (d *delivery) Reset() { d.recipients = nil }

// Logout implements smtp.Session.
func (d *delivery) Logout() error { return nil }
