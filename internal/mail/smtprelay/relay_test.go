package smtprelay

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/doorpost-auth/doorpost/internal/testkit"
)

const link = "https://app.example.com/_doorpost/link#v1.abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789=3D-_"

func message() mail.Message {
	return mail.Message{
		ID: "abcdefghij", From: mail.Mailbox{Name: "Bäckerei", Address: "sign-in@example.com"}, To: "alice@example.org", ReplyTo: "help@example.com",
		Subject:  "Sign in to Bäckerei, the best one there is, and many more words to fold",
		Text:     "Open this link:\n" + link + "\n\n.a line with a dot\nCode ABCD-2345\n",
		HTML:     `<p>Grüße</p><a href="` + link + `">Sign in</a>` + strings.Repeat("<b>long</b>", 200),
		Language: "en",
	}
}

func relay(t *testing.T, s *server, mode TLSMode, credentials bool) *Relay {
	t.Helper()
	c := Config{Addr: s.Address, TLS: mode, RootCAs: s.Roots}
	if credentials {
		c.Username, c.Password = "user@example.com", "s3cret-password"
	}
	r, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestNewRefusesAConfigurationThatCannotBeSafe(t *testing.T) {
	for _, tc := range []struct {
		name   string
		config Config
		want   string
	}{
		{"no port", Config{Addr: "smtp.example.com"}, "host:port"},
		{"no host", Config{Addr: ":587"}, "host:port"},
		{"a port that is not one", Config{Addr: "smtp.example.com:70000"}, "not a port"},
		{"port zero", Config{Addr: "smtp.example.com:0"}, "not a port"},
		{"tls off to another machine", Config{Addr: "smtp.example.com:25", TLS: NoTLS}, "starttls or implicit"},
		{"tls off to a private network", Config{Addr: "10.0.0.1:25", TLS: NoTLS}, "starttls or implicit"},
		{"tls off to a name that is not ours", Config{Addr: "relay:25", TLS: NoTLS}, "tls off private"},
		{"private to a public address", Config{Addr: "203.0.113.5:25", TLS: NoTLS, Private: true}, "not in one; use starttls or implicit"},
		{"private to a link-local address", Config{Addr: "[fe80::1]:25", TLS: NoTLS, Private: true}, "not in one"},
		{"private with credentials", Config{Addr: "relay:25", TLS: NoTLS, Private: true, Username: "u", Password: "s3cret-password"}, "in clear"},
		{"private with TLS", Config{Addr: "relay:25", Private: true}, "tls off only"},
		{"an unknown mode", Config{Addr: "smtp.example.com:25", TLS: "maybe"}, "starttls, implicit or off"},
		{"a username alone", Config{Addr: "smtp.example.com:587", Username: "u"}, "or neither"},
		{"a password alone", Config{Addr: "smtp.example.com:587", Password: "s3cret-password"}, "or neither"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := New(tc.config)
			if err == nil {
				t.Fatal("accepted")
			}
			if !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("got %q", err)
			}
		})
	}
	for addr, private := range map[string]bool{"localhost:25": false, "127.0.0.1:25": false, "[::1]:25": false, "relay:25": true, "10.0.0.1:25": true, "127.0.0.1:26": true} {
		if _, err := New(Config{Addr: addr, TLS: NoTLS, Private: private}); err != nil {
			t.Errorf("%s refused: %v", addr, err)
		}
	}
}

func TestSendHandsOverOneMessageToOneRecipient(t *testing.T) {
	for _, tc := range []struct {
		name        string
		server      testkit.MailTLS
		mode        TLSMode
		credentials bool
	}{
		{"with STARTTLS", testkit.StartTLS, StartTLS, false},
		{"with STARTTLS and credentials", testkit.StartTLS, "", true},
		{"with TLS from the start", testkit.ImplicitTLS, ImplicitTLS, false},
		{"with TLS from the start and credentials", testkit.ImplicitTLS, ImplicitTLS, true},
		{"without TLS on this machine", testkit.NoTLS, NoTLS, false},
		{"without TLS on this machine, with credentials", testkit.NoTLS, NoTLS, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := (&server{}).start(t, tc.server)
			m := message()
			handedOver := 0
			m.OnHandOver = func(int) error {
				handedOver++
				if got := s.said(); got[len(got)-1] != "RCPT alice@example.org" {
					t.Errorf("handed over after %q", got)
				}
				return nil
			}
			receipt, err := relay(t, s, tc.mode, tc.credentials).Send(within(t), m)
			if err != nil {
				t.Fatal(err)
			}
			want := []string{"MAIL sign-in@example.com", "RCPT alice@example.org", "DATA"}
			if tc.credentials {
				want = append([]string{"AUTH"}, want...)
			}
			if got := s.said(); !slices.Equal(got, want) {
				t.Errorf("the server was told %q, want %q", got, want)
			}
			if !strings.Contains(receipt.ID, "queued") || receipt.Mailer != "smtp" || handedOver != 1 {
				t.Errorf("got %+v, handed over %d times", receipt, handedOver)
			}
		})
	}
}

func TestWhatIsSentIsAWellFormedMessage(t *testing.T) {
	s := (&server{}).start(t, testkit.StartTLS)
	if _, err := relay(t, s, StartTLS, false).Send(within(t), message()); err != nil {
		t.Fatal(err)
	}
	raw := string(s.Letters()[0].Raw)
	head, _, _ := strings.Cut(raw, "\r\n\r\n")
	for line := range strings.SplitSeq(raw, "\r\n") {
		if len(line) > 78 && !strings.HasPrefix(line, "Content-Type:") {
			t.Errorf("line of %d bytes: %s", len(line), line)
		}
		for i := range len(line) {
			if line[i] >= 0x80 || line[i] == '\r' || line[i] == '\n' {
				t.Fatalf("byte %#x in line %q", line[i], line)
			}
		}
	}
	m, err := netmail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	decoder := new(mime.WordDecoder)
	for name, want := range map[string]string{
		"From": `"Bäckerei" <sign-in@example.com>`, "To": "<alice@example.org>",
		"Subject": message().Subject, "Message-Id": "<abcdefghij@example.com>",
		"Reply-To": "<help@example.com>", "Auto-Submitted": "auto-generated", "Content-Language": "en", "Mime-Version": "1.0",
	} {
		got, err := decoder.DecodeHeader(m.Header.Get(name))
		if from, parseErr := netmail.ParseAddress(m.Header.Get(name)); name == "From" && parseErr == nil {
			got = `"` + from.Name + `" <` + from.Address + ">"
		}
		if err != nil || got != want || len(m.Header[name]) != 1 {
			t.Errorf("%s is %q (%v), want %q", name, m.Header[name], err, want)
		}
	}
	if at, err := m.Header.Date(); err != nil || time.Since(at).Abs() > time.Minute {
		t.Errorf("date is %v, %v", at, err)
	}
	for _, name := range []string{"Bcc", "Cc", "Sender", "User-Agent", "X-Mailer", "List-Unsubscribe", "List-Unsubscribe-Post"} {
		if _, there := m.Header[name]; there {
			t.Errorf("there is a %s:\n%s", name, head)
		}
	}
	checkParts(t, m)
}

func checkParts(t *testing.T, m *netmail.Message) {
	t.Helper()
	kind, parameters, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("content type is %s, %v", kind, err)
	}
	reader := multipart.NewReader(m.Body, parameters["boundary"])
	for _, want := range []struct{ kind, body string }{
		{"text/plain; charset=UTF-8", message().Text}, {"text/html; charset=UTF-8", message().HTML},
	} {
		part, err := reader.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		if part.Header.Get("Content-Type") != want.kind || part.Header.Get("Content-Transfer-Encoding") != "quoted-printable" {
			t.Errorf("part has %v", part.Header)
		}
		raw, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		body := strings.ReplaceAll(string(raw), "\r\n", "\n")
		if strings.TrimSpace(body) != strings.TrimSpace(want.body) || !strings.Contains(body, link) {
			t.Errorf("%s reads\n%s\nwant\n%s", want.kind, body, want.body)
		}
	}
	if _, err := reader.NextRawPart(); !errors.Is(err, io.EOF) {
		t.Errorf("there is a third part (%v)", err)
	}
}

func TestNothingIsSaidToAServerThatCannotBeTrusted(t *testing.T) {
	for _, tc := range []struct {
		name   string
		server testkit.MailTLS
		mode   TLSMode
		change func(*Config)
		want   string
	}{
		{"STARTTLS is taken out of its answer", testkit.NoTLS, StartTLS, func(*Config) {}, "STARTTLS"},
		{"its certificate is from nobody we know, STARTTLS", testkit.StartTLS, StartTLS, func(c *Config) { c.RootCAs = nil }, "certificate"},
		{"its certificate is from nobody we know, TLS", testkit.ImplicitTLS, ImplicitTLS, func(c *Config) { c.RootCAs = nil }, "certificate"},
		{"its certificate is for another name", testkit.StartTLS, StartTLS, func(c *Config) { c.ServerName = "other.test" }, "certificate"},
		{"it speaks no TLS where it should", testkit.NoTLS, ImplicitTLS, func(*Config) {}, "TLS"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := (&server{}).start(t, tc.server)
			c := Config{Addr: s.Address, TLS: tc.mode, RootCAs: s.Roots, Username: "user@example.com", Password: "s3cret-password"}
			tc.change(&c)
			r, err := New(c)
			if err != nil {
				t.Fatal(err)
			}
			_, err = r.Send(within(t), message())
			failure, ok := errors.AsType[*mail.SendError](err)
			if !ok || !failure.Temporary || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v", err)
			}
			if steps := s.said(); len(steps) != 0 {
				t.Errorf("the server was told %q", steps)
			}
			for _, secret := range []string{"s3cret", "alice", base64.StdEncoding.EncodeToString([]byte("\x00user@example.com\x00s3cret-password"))} {
				if strings.Contains(s.Heard(), secret) {
					t.Errorf("%q went over the wire", secret)
				}
			}
		})
	}
}

func TestAMessageThatIsHeldBackIsNotAccepted(t *testing.T) {
	for _, mode := range []struct {
		server testkit.MailTLS
		client TLSMode
	}{{testkit.StartTLS, StartTLS}, {testkit.ImplicitTLS, ImplicitTLS}, {testkit.NoTLS, NoTLS}} {
		s := (&server{ended: make(chan struct{})}).start(t, mode.server)
		m := message()
		m.OnHandOver = func(int) error { return errors.New("the store fails") }
		_, err := relay(t, s, mode.client, false).Send(within(t), m)
		failure, ok := errors.AsType[*mail.SendError](err)
		if !ok || !failure.Temporary || failure.PossibleCopies != 0 || !errors.Is(err, mail.ErrNotHandedOver) {
			t.Errorf("got %+v", err)
		}
		<-s.ended
		if got := s.said(); !slices.Equal(got, []string{"MAIL sign-in@example.com", "RCPT alice@example.org"}) {
			t.Errorf("%s: the server was told %q", mode.client, got)
		}
	}
}

func TestAMalformedMessageNeverReachesTheServer(t *testing.T) {
	s := (&server{}).start(t, testkit.StartTLS)
	m := message()
	m.To = "alice@example.org, bob@example.org"
	if _, err := relay(t, s, StartTLS, false).Send(within(t), m); err == nil || len(s.said()) != 0 {
		t.Errorf("got %v, the server was told %q", err, s.said())
	}
}
