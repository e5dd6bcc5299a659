package acceptance

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// mailServer is a mail server that keeps what it is given.
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
	s := &mailServer{t: t, read: make(map[string]int)}
	t.Cleanup(func() {
		for _, flaw := range s.flaws {
			t.Error(flaw)
		}
	})
	s.address = testkit.ServeMail(t, testkit.MailOptions{Take: s.take}).Address
	return s
}

func (s *mailServer) take(l testkit.Letter) {
	m, err := parseMessage(l.Raw)
	m.recipients = l.To
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.flaws = append(s.flaws, err.Error())
	}
	s.messages = append(s.messages, m)
}

// received are the messages to a recipient, in the order in which they came, but for those
// that tell of new browsers: many tests sign somebody in, in several browsers.
func (s *mailServer) received(address string) []message { return s.receivedOf(address, false) }

// receivedOf are the messages to a recipient that tell of new browsers, or all others.
func (s *mailServer) receivedOf(address string, newBrowsers bool) (found []message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.messages {
		if m.ofNewBrowser == newBrowsers && slices.Contains(m.recipients, address) {
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

// awaitLink waits for a message with a link to sign in, and passes over notices.
func (s *mailServer) awaitLink(address string) message {
	s.t.Helper()
	for {
		if m := s.await(address); m.token != "" {
			return m
		}
	}
}

// next is await for goroutines, which must not end the test.
func (s *mailServer) next(address string) (m message, ok bool) {
	s.mu.Lock()
	number := s.read[address]
	s.read[address]++
	s.mu.Unlock()
	ok = testkit.HoldsWithin(patience, func() bool {
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
