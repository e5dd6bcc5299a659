package acceptance

import (
	"io"
	"log"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// mailServer is a real SMTP server that keeps what it is given.
type mailServer struct {
	t       testing.TB
	address string

	mu       sync.Mutex
	messages []message
	flaws    []string
	read     map[string]int // number of messages of a recipient that were awaited
}

func startMailServer(t testing.TB) *mailServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &mailServer{t: t, address: listener.Addr().String(), read: make(map[string]int)}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &mailSession{server: s}, nil }))
	server.Domain, server.ErrorLog = "mail.test", log.New(io.Discard, "", 0)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-ended
		for _, flaw := range s.flaws {
			t.Error(flaw)
		}
	})
	return s
}

// received are the messages to a recipient, in the order in which they came.
func (s *mailServer) received(address string) (found []message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.messages {
		if slices.Contains(m.recipients, address) {
			found = append(found, m)
		}
	}
	return found
}

// all are the messages to anybody.
func (s *mailServer) all() []message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// await waits for the next message to a recipient that was not awaited before.
func (s *mailServer) await(address string) message {
	s.t.Helper()
	m, ok := s.next(address)
	if !ok {
		s.t.Fatalf("no message for %s came within %v", address, patience)
	}
	return m
}

// next is await for goroutines, which must not end the test.
func (s *mailServer) next(address string) (m message, ok bool) {
	s.mu.Lock()
	number := s.read[address]
	s.read[address]++
	s.mu.Unlock()
	ok = holdsWithin(patience, func() bool {
		all := s.received(address)
		if len(all) > number {
			m = all[number]
		}
		return len(all) > number
	})
	return m, ok
}

// secrets are all tokens and codes that were sent, which no log may have.
func (s *mailServer) secrets() (found []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.messages {
		for _, secret := range []string{m.token, m.code, strings.ReplaceAll(m.code, "-", "")} {
			if secret != "" {
				found = append(found, secret)
			}
		}
	}
	return found
}

type mailSession struct {
	server     *mailServer
	recipients []string
}

func (c *mailSession) Mail(string, *smtp.MailOptions) error { return nil }

func (c *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	c.recipients = append(c.recipients, to)
	return nil
}

func (c *mailSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m, err := parseMessage(raw)
	m.recipients = c.recipients
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	if err != nil {
		c.server.flaws = append(c.server.flaws, err.Error())
	}
	c.server.messages = append(c.server.messages, m)
	return nil
}

func (c *mailSession) Reset()        { c.recipients = nil }
func (c *mailSession) Logout() error { return nil }
