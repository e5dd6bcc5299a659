package smtprelay

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/doorpost-auth/doorpost/internal/mail"
)

const link = "https://app.example.com/_doorpost/link#v1.abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789=3D-_"

func message() mail.Message {
	return mail.Message{
		ID: "abcdefghij", From: mail.Mailbox{Name: "Bäckerei", Address: "sign-in@example.com"}, To: "alice@example.org",
		Subject:  "Sign in to Bäckerei, the best one there is, and many more words to fold",
		Text:     "Open this link:\n" + link + "\n\n.a line with a dot\nCode ABCD-2345\n",
		HTML:     `<p>Grüße</p><a href="` + link + `">Sign in</a>` + strings.Repeat("<b>long</b>", 200),
		Language: "en",
	}
}

func relay(t *testing.T, s *server, mode TLSMode, credentials bool) *Relay {
	t.Helper()
	c := Config{Addr: s.addr, TLS: mode, RootCAs: s.roots}
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
		{"a port that is none", Config{Addr: "smtp.example.com:70000"}, "no port"},
		{"port zero", Config{Addr: "smtp.example.com:0"}, "no port"},
		{"tls off to another machine", Config{Addr: "smtp.example.com:25", TLS: NoTLS}, "starttls or implicit"},
		{"tls off to a private network", Config{Addr: "10.0.0.1:25", TLS: NoTLS}, "starttls or implicit"},
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
	for _, addr := range []string{"localhost:25", "127.0.0.1:25", "[::1]:25"} {
		if _, err := New(Config{Addr: addr, TLS: NoTLS}); err != nil {
			t.Errorf("%s refused: %v", addr, err)
		}
	}
}

func TestSendHandsOverOneMessageToOneRecipient(t *testing.T) {
	for _, tc := range []struct {
		name        string
		server      serverTLS
		mode        TLSMode
		credentials bool
	}{
		{"with STARTTLS", withStartTLS, StartTLS, false},
		{"with STARTTLS and credentials", withStartTLS, "", true},
		{"with TLS from the start", withImplicitTLS, ImplicitTLS, false},
		{"with TLS from the start and credentials", withImplicitTLS, ImplicitTLS, true},
		{"without TLS on this machine", withoutTLS, NoTLS, false},
		{"without TLS on this machine, with credentials", withoutTLS, NoTLS, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := (&server{}).start(t, tc.server)
			id, err := relay(t, s, tc.mode, tc.credentials).Send(within(t), message())
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
			if !strings.Contains(id, "queued") {
				t.Errorf("id is %q", id)
			}
		})
	}
}

func TestWhatIsSentIsAWellFormedMessage(t *testing.T) {
	s := (&server{}).start(t, withStartTLS)
	if _, err := relay(t, s, StartTLS, false).Send(within(t), message()); err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(string(s.raw), "\r\n\r\n")
	for line := range strings.SplitSeq(string(s.raw), "\r\n") {
		if len(line) > 78 && !strings.HasPrefix(line, "Content-Type:") {
			t.Errorf("line of %d bytes: %s", len(line), line)
		}
		for i := range len(line) {
			if line[i] >= 0x80 || line[i] == '\r' || line[i] == '\n' {
				t.Fatalf("byte %#x in line %q", line[i], line)
			}
		}
	}
	m, err := netmail.ReadMessage(strings.NewReader(string(s.raw)))
	if err != nil {
		t.Fatal(err)
	}
	decoder := new(mime.WordDecoder)
	for name, want := range map[string]string{
		"From": `"Bäckerei" <sign-in@example.com>`, "To": "<alice@example.org>",
		"Subject": message().Subject, "Message-Id": "<abcdefghij@example.com>",
		"Auto-Submitted": "auto-generated", "Content-Language": "en", "Mime-Version": "1.0",
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
	for _, name := range []string{"Bcc", "Cc", "Sender", "Reply-To", "User-Agent", "X-Mailer", "List-Unsubscribe", "List-Unsubscribe-Post"} {
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
		server serverTLS
		mode   TLSMode
		change func(*Config)
		want   string
	}{
		{"STARTTLS is taken out of its answer", withoutTLS, StartTLS, func(*Config) {}, "STARTTLS"},
		{"its certificate is from nobody we know, STARTTLS", withStartTLS, StartTLS, func(c *Config) { c.RootCAs = nil }, "certificate"},
		{"its certificate is from nobody we know, TLS", withImplicitTLS, ImplicitTLS, func(c *Config) { c.RootCAs = nil }, "certificate"},
		{"its certificate is for another name", withStartTLS, StartTLS, func(c *Config) { c.ServerName = "other.test" }, "certificate"},
		{"it speaks no TLS where it should", withoutTLS, ImplicitTLS, func(*Config) {}, "TLS"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := (&server{}).start(t, tc.server)
			c := Config{Addr: s.addr, TLS: tc.mode, RootCAs: s.roots, Username: "user@example.com", Password: "s3cret-password"}
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
			s.mu.Lock()
			defer s.mu.Unlock()
			for _, secret := range []string{"s3cret", "alice", base64.StdEncoding.EncodeToString([]byte("\x00user@example.com\x00s3cret-password"))} {
				if strings.Contains(s.transcript.String(), secret) {
					t.Errorf("%q went over the wire", secret)
				}
			}
		})
	}
}

func reply(code int) error {
	return &smtp.SMTPError{
		Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 7, 1},
		Message: "no <alice@example.org> for user@example.com with " + link,
	}
}

func TestAnswersOfTheServerAreSortedByWhatHelps(t *testing.T) {
	for _, tc := range []struct {
		name                    string
		server                  *server
		temporary, unauthorized bool
	}{
		{"421 as the greeting", &server{greet: reply(421)}, true, false},
		{"554 as the greeting", &server{greet: reply(554)}, false, true},
		{"no way to sign in", &server{withoutAuth: true}, false, true},
		{"535 to the credentials", &server{auth: reply(535)}, false, true},
		{"454 to the credentials", &server{auth: reply(454)}, true, false},
		{"530 to the sender", &server{mail: reply(530)}, false, true},
		{"550 to the sender", &server{mail: reply(550)}, false, true},
		{"451 to the sender", &server{mail: reply(451)}, true, false},
		{"421 to the recipient", &server{rcpt: reply(421)}, true, false},
		{"450 to the recipient", &server{rcpt: reply(450)}, true, false},
		{"452 to the recipient", &server{rcpt: reply(452)}, true, false},
		{"550 to the recipient", &server{rcpt: reply(550)}, false, false},
		{"452 to the message", &server{data: reply(452)}, true, false},
		{"550 to the message", &server{data: reply(550)}, false, false},
		{"554 to the message", &server{data: reply(554)}, false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := tc.server.start(t, withStartTLS)
			_, err := relay(t, s, StartTLS, true).Send(within(t), message())
			failure, ok := errors.AsType[*mail.SendError](err)
			if !ok {
				t.Fatalf("got %v", err)
			}
			if failure.Temporary != tc.temporary || failure.Unauthorized != tc.unauthorized || failure.PossibleCopies != 0 || failure.Mailer != "smtp" {
				t.Errorf("got %+v", failure)
			}
			for _, secret := range []string{"alice", "user@example.com", "s3cret", "_doorpost", "abcdefghij", "\n"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error has %q in it: %v", secret, err)
				}
			}
		})
	}
}

func TestAServerThatCannotBeReachedIsATemporaryFailure(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().String()
	_ = listener.Close()
	r, err := New(Config{Addr: addr})
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Send(within(t), message())
	if failure, ok := errors.AsType[*mail.SendError](err); !ok || !failure.Temporary || !strings.Contains(err.Error(), "refused") {
		t.Errorf("got %v", err)
	}
}

func TestSendEndsWithItsContextWhileTheServerHangsAfterTheMessage(t *testing.T) {
	for _, mode := range []struct {
		server serverTLS
		client TLSMode
	}{{withStartTLS, StartTLS}, {withImplicitTLS, ImplicitTLS}} {
		s := (&server{dataRead: make(chan struct{}), release: make(chan struct{})}).start(t, mode.server)
		ctx, cancel := context.WithCancel(within(t))
		go func() {
			<-s.dataRead
			cancel()
		}()
		_, err := relay(t, s, mode.client, false).Send(ctx, message())
		failure, ok := errors.AsType[*mail.SendError](err)
		if !ok || !failure.Temporary || failure.PossibleCopies != 1 || !errors.Is(err, context.Canceled) {
			t.Errorf("got %+v", err)
		}
	}
}

func TestSendEndsWithItsContextWhileTheServerDoesNotGreet(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(within(t))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		cancel()
		_, _ = io.Copy(io.Discard, conn) // until the other side closes
		_ = conn.Close()
	}()
	r, err := New(Config{Addr: listener.Addr().String(), TLS: NoTLS})
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Send(ctx, message())
	if failure, ok := errors.AsType[*mail.SendError](err); !ok || !failure.Temporary || failure.PossibleCopies != 0 {
		t.Errorf("got %v", err)
	}
	_ = listener.Close()
	<-ended // also shows that the connection was closed
}

func TestAMalformedMessageNeverReachesTheServer(t *testing.T) {
	s := (&server{}).start(t, withStartTLS)
	m := message()
	m.To = "alice@example.org, bob@example.org"
	if _, err := relay(t, s, StartTLS, false).Send(within(t), m); err == nil || len(s.said()) != 0 {
		t.Errorf("got %v, the server was told %q", err, s.said())
	}
}
