package testkit

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
)

// MailOptions say how a mail server differs from one that takes everything,
// without TLS, on a free port.
type MailOptions struct {
	Address string // host:port to listen on
	TLS     MailTLS
	Auth    []string // ways to sign in that it offers, after STARTTLS if that is offered: PLAIN, XOAUTH2

	// Conduct is asked before each reply, with the step and what it is about:
	// an address at AtSender and AtRecipient, those of all recipients at AtData and AtDot,
	// "user:password" or "user:token" at AtAuth. An empty reply is the usual one. It may wait.
	Conduct func(at MailStep, about string) (reply string)

	// Take is given each letter that was accepted, instead of keeping it.
	Take func(Letter)
}

// MailTLS is how a mail server speaks TLS.
type MailTLS int

// Ways to speak TLS.
const (
	NoTLS MailTLS = iota
	StartTLS
	ImplicitTLS
)

// MailStep is a step of an SMTP conversation.
type MailStep string

// The steps at which a server may behave otherwise.
const (
	AtGreeting  MailStep = "greeting"
	AtHello     MailStep = "EHLO"
	AtAuth      MailStep = "AUTH"
	AtSender    MailStep = "MAIL"
	AtRecipient MailStep = "RCPT"
	AtData      MailStep = "DATA"
	AtDot       MailStep = "." // the whole message is there
	AtQuit      MailStep = "QUIT"
	AtEnd       MailStep = "end" // the conversation is over; the reply goes nowhere
)

// HangUp is a reply that closes the connection without one.
const HangUp = "hang up"

// Letter is a message as it was handed over.
type Letter struct {
	From string
	To   []string
	Raw  []byte // with the dots of the transfer taken out
}

// MailServer is an SMTP server in this process. It refuses whatever RFC 5321
// does not let a client send.
type MailServer struct {
	Address string         // host:port
	Roots   *x509.CertPool // vouch for its certificate

	options  MailOptions
	tls      *tls.Config
	listener net.Listener
	serving  sync.WaitGroup
	said     Transcript // all that clients sent, without TLS around it

	mu      sync.Mutex
	conns   map[net.Conn]bool
	letters []Letter
}

// ServeMail starts a mail server that ends with the test.
func ServeMail(t testing.TB, o MailOptions) *MailServer {
	t.Helper()
	s, err := StartMailServer(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// StartMailServer starts a mail server. Close ends it.
func StartMailServer(o MailOptions) (*MailServer, error) {
	if o.Address == "" {
		o.Address = "127.0.0.1:0"
	}
	if o.Conduct == nil {
		o.Conduct = func(MailStep, string) string { return "" }
	}
	s := &MailServer{options: o, conns: make(map[net.Conn]bool)}
	certificate, err := NewCertificate(net.IPv4(127, 0, 0, 1))
	if err != nil {
		return nil, err
	}
	s.Roots, s.tls = certificate.Roots, &tls.Config{Certificates: []tls.Certificate{certificate.TLS}}
	if s.listener, err = net.Listen("tcp", o.Address); err != nil {
		return nil, fmt.Errorf("starting a mail server: %w", err)
	}
	s.Address = s.listener.Addr().String()
	s.serving.Go(func() {
		for {
			conn, err := s.listener.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns[conn] = true
			s.mu.Unlock()
			s.serving.Go(func() { s.serve(conn) })
		}
	})
	return s, nil
}

// Close ends the server and all conversations.
func (s *MailServer) Close() {
	_ = s.listener.Close()
	s.Cut()
	s.serving.Wait()
}

// Cut closes all connections.
func (s *MailServer) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.conns {
		_ = conn.Close()
	}
}

// Letters are those that were accepted and not taken, in their order.
func (s *MailServer) Letters() []Letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.letters)
}

// Heard is all that clients have sent so far, as it was inside of TLS.
func (s *MailServer) Heard() string { return s.said.String() }

// serve holds one conversation.
func (s *MailServer) serve(conn net.Conn) {
	defer func() {
		_ = conn.Close()
		s.mu.Lock()
		delete(s.conns, conn)
		s.mu.Unlock()
		s.options.Conduct(AtEnd, "")
	}()
	c := &conversation{server: s}
	if s.options.TLS == ImplicitTLS {
		c.useTLS(conn)
	} else {
		c.use(conn)
	}
	c.hold()
}

// take keeps a letter, or gives it away.
func (s *MailServer) take(l Letter) {
	if s.options.Take != nil {
		s.options.Take(l)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.letters = append(s.letters, l)
}
