package smtprelay

import (
	"bytes"
	"errors"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// hosts are the mail servers of Debian, and what they offer.
var hosts = []struct {
	name       string
	start      func(testing.TB) *testkit.MailHost
	extensions string
}{
	{"postfix", testkit.StartPostfix, "PIPELINING 8BITMIME SIZE STARTTLS"},
	{"exim", testkit.StartExim, "PIPELINING 8BITMIME SIZE STARTTLS"},
	{"opensmtpd", testkit.StartOpenSMTPD, "8BITMIME SIZE"},
}

func TestRealServersTakeMessagesAndRefuseThem(t *testing.T) {
	for _, host := range hosts {
		t.Run(host.name, func(t *testing.T) {
			h := host.start(t)
			t.Run("offers", func(t *testing.T) { offers(t, h, host.extensions) })
			t.Run("without TLS", func(t *testing.T) { arrives(t, h, Config{Addr: h.Address, TLS: NoTLS}) })
			t.Run("with STARTTLS", func(t *testing.T) { overTLS(t, h) })
			t.Run("with AUTH", func(t *testing.T) { withAuth(t, h) })
			t.Run("refusals", func(t *testing.T) { refusals(t, h) })
		})
	}
}

// offers looks at the extensions that the server names.
func offers(t *testing.T, h *testkit.MailHost, extensions string) {
	r, err := New(Config{Addr: h.Address, TLS: NoTLS})
	if err != nil {
		t.Fatal(err)
	}
	c, hangUp, err := r.connect(within(t), message().From)
	defer hangUp()
	if err != nil {
		t.Fatal(err)
	}
	for extension := range strings.FieldsSeq(extensions) {
		if there, _ := c.Extension(extension); !there {
			t.Errorf("%s is not offered", extension)
		}
	}
	_ = c.Quit()
}

// arrives sends a message, and reads it in the mailbox.
func arrives(t *testing.T, h *testkit.MailHost, c Config) (arrived []byte) {
	t.Helper()
	c.Helo = "gate.example.com"
	m := message()
	m.ID, m.To = mail.NewID(), testkit.MailUser+"@example.com"
	receipt, err := sendWith(t, c, m)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s answers: %s", h.Name, receipt.ID)
	testkit.Await(t, 30*time.Second, "the message lies in the mailbox", func() bool {
		for _, letter := range h.Mailbox(t) {
			if bytes.Contains(letter, []byte("<"+m.ID+"@example.com>")) {
				arrived = letter
			}
		}
		return arrived != nil
	})
	read, err := netmail.ReadMessage(bytes.NewReader(arrived))
	if err != nil {
		t.Fatal(err)
	}
	checkParts(t, read)
	if to := read.Header["To"]; len(to) != 1 || to[0] != "<"+m.To+">" {
		t.Errorf("To is %q", to)
	}
	if from := strings.Trim(read.Header.Get("Return-Path"), "<>"); from != m.From.Address {
		t.Errorf("the envelope came from %q", from)
	}
	if received := read.Header.Get("Received"); !strings.Contains(received, c.Helo) {
		t.Errorf("it was received from %q, want the name %s", received, c.Helo)
	}
	return arrived
}

func sendWith(t *testing.T, c Config, m mail.Message) (mail.Receipt, error) {
	t.Helper()
	r, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return r.Send(within(t), m)
}

// overTLS sends with STARTTLS, if the server can, and knows its certificate by the CA file.
func overTLS(t *testing.T, h *testkit.MailHost) {
	roots, err := ReadAuthorities(h.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	if h.OffersTLS {
		arrives(t, h, Config{Addr: h.Address, RootCAs: roots})
		roots = nil // the system's do not know it
	}
	m := message()
	m.To = testkit.MailUser + "@example.com"
	_, err = sendWith(t, Config{Addr: h.Address, RootCAs: roots}, m)
	want := "name its CA file"
	if !h.OffersTLS {
		want = "STARTTLS"
	}
	if failure, ok := errors.AsType[*mail.SendError](err); !ok || !failure.Temporary || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v", err)
	}
}

// withAuth signs in, if the server can, with the right password and with a wrong one.
func withAuth(t *testing.T, h *testkit.MailHost) {
	if !h.OffersAuth {
		m := message()
		_, err := sendWith(t, Config{Addr: h.Address, TLS: NoTLS, Username: testkit.MailUser, Password: testkit.MailPassword}, m)
		if failure, ok := errors.AsType[*mail.SendError](err); !ok || !failure.Unauthorized || !strings.Contains(err.Error(), "leave username and password out") {
			t.Errorf("got %v", err)
		}
		return
	}
	roots, err := ReadAuthorities(h.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Addr: h.Address, RootCAs: roots, Username: testkit.MailUser, Password: testkit.MailPassword}
	if arrived := arrives(t, h, c); !bytes.Contains(arrived, []byte("with esmtpsa")) {
		t.Errorf("it came without TLS or AUTH:\n%s", arrived)
	}
	c.Password = "wrong"
	_, err = sendWith(t, c, message())
	if failure, ok := errors.AsType[*mail.SendError](err); !ok || !failure.Unauthorized || !strings.Contains(err.Error(), "check username and password") {
		t.Errorf("got %v", err)
	}
}

// refusals looks at what becomes of a message that the server refuses, in each phase.
func refusals(t *testing.T, h *testkit.MailHost) {
	plain := func(addr string) Config { return Config{Addr: addr, TLS: NoTLS, Helo: "gate.example.com"} }
	for _, tc := range []struct {
		name   string
		config Config
		change func(*mail.Message)
		want   mail.SendError
	}{
		{"whoever connects", plain(h.Refusing), func(*mail.Message) {}, mail.SendError{Unauthorized: true}},
		{"the sender", plain(h.Address), func(m *mail.Message) { m.From.Address = testkit.MailRefused }, mail.SendError{Unauthorized: true}},
		// OpenSMTPD says the same to both: nobody may be blocked for it.
		{"a recipient who is not there", plain(h.Address), func(m *mail.Message) { m.To = "nobody@example.com" }, mail.SendError{Undeliverable: h.Name != "opensmtpd"}},
		{"a recipient elsewhere", plain(h.Address), func(m *mail.Message) { m.To = "ada@elsewhere.example" }, mail.SendError{Unauthorized: h.Name != "opensmtpd", AboutMessage: h.Name != "opensmtpd"}},
		{"a recipient for now", plain(h.Address), func(m *mail.Message) { m.To = testkit.MailLater }, mail.SendError{Temporary: true, AboutMessage: true}},
		{"a message that is too big", plain(h.Address), func(m *mail.Message) { m.Text = strings.Repeat("word after word\n", testkit.MailMaxSize/8) }, mail.SendError{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := message()
			m.To = testkit.MailUser + "@example.com"
			tc.change(&m)
			_, err := sendWith(t, tc.config, m)
			got, ok := errors.AsType[*mail.SendError](err)
			if !ok {
				t.Fatalf("got %v", err)
			}
			t.Logf("%v", err)
			if got.Temporary != tc.want.Temporary || got.Unauthorized != tc.want.Unauthorized || got.AboutMessage != tc.want.AboutMessage ||
				got.Undeliverable != tc.want.Undeliverable || got.PossibleCopies != 0 {
				t.Errorf("got %+v", got)
			}
			if strings.Contains(err.Error(), m.To) || strings.Contains(err.Error(), "gate.example.com") {
				t.Errorf("the error names somebody: %v", err)
			}
		})
	}
}
