package smtprelay

import (
	"slices"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/doorpost-auth/doorpost/internal/testkit.launch"))
}

// server is an SMTP server in this process that notes what it is told and fails
// where the test wants it to.
type server struct {
	*testkit.MailServer

	withoutAuth                   bool          // do not offer AUTH
	tokens                        bool          // take an access token, and no password
	greet, auth, mail, rcpt, data string        // replies in place of the usual ones
	dataRead                      chan struct{} // if set: closed when all of DATA is read
	release                       chan struct{} // if set: the answer to DATA waits for it
	ended                         chan struct{} // if set: closed when the first conversation is over

	mu     sync.Mutex
	steps  []string
	ending sync.Once
}

// start runs the server until the test ends. Without TLS it takes credentials
// in clear, as a bad server does.
func (s *server) start(t *testing.T, mode testkit.MailTLS) *server {
	t.Helper()
	s.MailServer = testkit.ServeMail(t, testkit.MailOptions{TLS: mode, Auth: s.offered(), Conduct: s.conduct})
	if s.release != nil {
		t.Cleanup(func() { close(s.release) })
	}
	return s
}

func (s *server) offered() []string {
	switch {
	case s.withoutAuth:
		return nil
	case s.tokens:
		return []string{"XOAUTH2"}
	}
	return []string{"PLAIN"}
}

func (s *server) conduct(at testkit.MailStep, about string) string {
	switch at {
	case testkit.AtGreeting:
		return s.greet
	case testkit.AtAuth:
		s.note("AUTH")
		if s.tokens && s.auth == "" && about != "user@example.com:"+goodToken {
			return "535 5.7.3 Authentication unsuccessful"
		}
		if !s.tokens && s.auth == "" && about != "user@example.com:s3cret-password" {
			return "535 5.7.8 authentication failed"
		}
		return s.auth
	case testkit.AtSender:
		s.note("MAIL " + about)
		return s.mail
	case testkit.AtRecipient:
		s.note("RCPT " + about)
		return s.rcpt
	case testkit.AtDot:
		s.note("DATA")
		if s.dataRead != nil {
			close(s.dataRead)
		}
		if s.release != nil {
			<-s.release
		}
		return s.data
	case testkit.AtEnd:
		if s.ended != nil {
			s.ending.Do(func() { close(s.ended) })
		}
	}
	return ""
}

func (s *server) note(step string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps = append(s.steps, step)
}

func (s *server) said() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.steps)
}
