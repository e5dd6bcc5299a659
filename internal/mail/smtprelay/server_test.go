package smtprelay

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is a real SMTP server in this process that notes what it is told and
// fails where the test wants it to. It is as strict as the strictest that people
// use: its library takes an envelope without angle brackets, and it does not.
type server struct {
	addr  string
	roots *x509.CertPool // vouch for the server's certificate

	withoutAuth                   bool // do not offer AUTH
	greet, auth, mail, rcpt, data error
	dataRead                      chan struct{} // if set: closed when all of DATA is read
	release                       chan struct{} // if set: the answer to DATA waits for it
	ended                         chan struct{} // if set: closed when the first conversation is over

	mu         sync.Mutex
	steps      []string
	transcript bytes.Buffer
	raw        []byte
	conns      []*smtp.Conn
	ending     sync.Once
}

// cut closes all connections.
func (s *server) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, conn := range s.conns {
		_ = conn.Conn().Close()
	}
}

func (s *server) note(step string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps = append(s.steps, step)
}

func (s *server) said() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.steps...)
}

// Write takes the transcript of the conversation.
func (s *server) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.transcript.Write(p)
}

// lastCommandHasPath refuses a command unless it was sent as RFC 5321, 4.1.2
// has it: the address in angle brackets right after the colon.
func (s *server) lastCommandHasPath(command, address string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	said := s.transcript.String()
	line, _, _ := strings.Cut(said[strings.LastIndex(said, command):], "\r\n")
	if sent, _, _ := strings.Cut(line, " BODY="); sent != command+":<"+address+">" {
		return &smtp.SMTPError{Code: 555, EnhancedCode: smtp.EnhancedCode{5, 5, 2}, Message: "syntax error: " + line}
	}
	return nil
}

type serverTLS int

const (
	withoutTLS serverTLS = iota
	withStartTLS
	withImplicitTLS
)

// start runs the server until the test ends.
func (s *server) start(t *testing.T, mode serverTLS) *server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = listener.Addr().String()
	srv := smtp.NewServer(smtp.BackendFunc(func(conn *smtp.Conn) (smtp.Session, error) {
		s.mu.Lock()
		s.conns = append(s.conns, conn)
		s.mu.Unlock()
		if s.greet != nil {
			return nil, s.greet
		}
		if s.withoutAuth {
			return struct{ smtp.Session }{&session{s}}, nil // hides the methods of smtp.AuthSession
		}
		return &session{s}, nil
	}))
	srv.Domain = "mail.test"
	srv.ErrorLog = log.New(io.Discard, "", 0)
	srv.Debug = s
	switch mode {
	case withoutTLS:
		srv.AllowInsecureAuth = true // a bad server: it takes credentials in clear
	case withStartTLS:
		srv.TLSConfig = s.certificate(t)
	case withImplicitTLS:
		listener = tls.NewListener(listener, s.certificate(t))
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = srv.Serve(listener)
	}()
	t.Cleanup(func() {
		if s.release != nil {
			close(s.release)
		}
		_ = srv.Close()
		_ = listener.Close() // srv does not know it yet if Serve has not begun
		<-ended
	})
	return s
}

// certificate makes a certificate for 127.0.0.1 that signs itself.
func (s *server) certificate(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"mail.test"},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	s.roots = x509.NewCertPool()
	s.roots.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

type session struct{ s *server }

func (c *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (c *session) Auth(string) (sasl.Server, error) {
	c.s.note("AUTH")
	return sasl.NewPlainServer(func(_, username, password string) error {
		if c.s.auth == nil && (username != "user@example.com" || password != "s3cret-password") {
			return smtp.ErrAuthFailed
		}
		return c.s.auth
	}), nil
}

func (c *session) Mail(from string, _ *smtp.MailOptions) error {
	if err := c.s.lastCommandHasPath("MAIL FROM", from); err != nil {
		return err
	}
	c.s.note("MAIL " + from)
	return c.s.mail
}

func (c *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := c.s.lastCommandHasPath("RCPT TO", to); err != nil {
		return err
	}
	c.s.note("RCPT " + to)
	return c.s.rcpt
}

func (c *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	c.s.note("DATA")
	c.s.mu.Lock()
	c.s.raw = raw
	c.s.mu.Unlock()
	if c.s.dataRead != nil {
		close(c.s.dataRead)
	}
	if c.s.release != nil {
		<-c.s.release
	}
	return c.s.data
}

func (c *session) Reset() {}

func (c *session) Logout() error {
	if c.s.ended != nil {
		c.s.ending.Do(func() { close(c.s.ended) })
	}
	return nil
}
