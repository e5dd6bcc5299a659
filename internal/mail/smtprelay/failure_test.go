package smtprelay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/doorpost-auth/doorpost/internal/testkit"
)

func reply(code int) string {
	return fmt.Sprintf("%d %d.7.1 no <alice@example.org> for user@example.com with %s", code, code/100, link)
}

func TestAnswersOfTheServerAreSortedByWhatHelps(t *testing.T) {
	for _, tc := range []struct {
		name                    string
		server                  *server
		temporary, unauthorized bool
		aboutMessage            bool
	}{
		{"421 as the greeting", &server{greet: reply(421)}, true, false, false},
		{"554 as the greeting", &server{greet: reply(554)}, false, true, false},
		{"no way to sign in", &server{withoutAuth: true}, false, true, false},
		{"535 to the credentials", &server{auth: reply(535)}, false, true, false},
		{"454 to the credentials", &server{auth: reply(454)}, true, false, false},
		{"530 to the sender", &server{mail: reply(530)}, false, true, false},
		{"550 to the sender", &server{mail: reply(550)}, false, true, false},
		{"451 to the sender", &server{mail: reply(451)}, true, false, false},
		{"421 to the recipient", &server{rcpt: reply(421)}, true, false, false},
		{"554 to the client, as the answer to RCPT", &server{rcpt: "554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied"}, false, true, false},
		{"450 to the client, as the answer to RCPT", &server{rcpt: "450 4.7.1 <unknown[192.0.2.1]>: Client host rejected: cannot find your hostname"}, true, false, false},
		{"504 to our name, as the answer to RCPT", &server{rcpt: "504 5.5.2 <vm>: Helo command rejected: need fully-qualified hostname"}, false, true, false},
		{"550 to the sender, as the answer to RCPT", &server{rcpt: "550 5.1.0 <a@example.com>: Sender address rejected: User unknown"}, false, true, false},
		{"another server's words about the sender", &server{rcpt: "550 5.7.1 <b@example.com>: Recipient address rejected: <a@example.com>: Sender address rejected: no"}, false, false, false},
		{"421 to the message", &server{data: reply(421)}, true, false, false},
		{"450 to the recipient", &server{rcpt: reply(450)}, true, false, true},
		{"452 to the recipient", &server{rcpt: reply(452)}, true, false, true},
		{"550 to the recipient", &server{rcpt: reply(550)}, false, false, false},
		{"452 to the message", &server{data: reply(452)}, true, false, true},
		{"550 to the message", &server{data: reply(550)}, false, false, false},
		{"554 to the message", &server{data: reply(554)}, false, false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := tc.server.start(t, testkit.StartTLS)
			_, err := relay(t, s, StartTLS, true).Send(within(t), message())
			failure, ok := errors.AsType[*mail.SendError](err)
			if !ok {
				t.Fatalf("got %v", err)
			}
			if failure.Temporary != tc.temporary || failure.Unauthorized != tc.unauthorized ||
				failure.AboutMessage != tc.aboutMessage || failure.Undeliverable || failure.PossibleCopies != 0 || failure.Mailer != "smtp" {
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

func TestAShortUsernameDoesNotSpoilWhatTheServerSaidAndAShortPasswordIsMasked(t *testing.T) {
	for _, c := range []struct{ username, password, want string }{
		{"u", "s3cret-password", `535 user unknown: *** (user u), see our manual`},
		{"user-17", "user-17-x", `535 user unknown: *** (user ***), see our manual`},
		{"u", "9", `SMTP AUTH failed: 535 user unknown: *** (user u), see our manual`},
	} {
		s := (&server{auth: fmt.Sprintf("535-user unknown: %s\r\n535 (user %s), see our manual", c.password, c.username)}).start(t, testkit.StartTLS)
		r, err := New(Config{Addr: s.Address, TLS: StartTLS, RootCAs: s.Roots, Username: c.username, Password: c.password})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Send(within(t), message()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s with %s: the error is %v, want %s", c.username, c.password, err, c.want)
		}
	}
}

func TestARecipientIsUndeliverableIfTheServerSaysThatThereIsNoMailbox(t *testing.T) {
	for _, tc := range []struct {
		name   string
		server *server
		want   bool
	}{
		{"550 5.1.1", &server{rcpt: "550 5.1.1 no <alice@example.org>"}, true},
		{"550 5.1.2", &server{rcpt: "550 5.1.2 no <alice@example.org>"}, true},
		{"556 5.1.10", &server{rcpt: "556 5.1.10 no <alice@example.org>"}, true},
		{"550 5.2.1", &server{rcpt: "550 5.2.1 no <alice@example.org>"}, true},
		{"550 alone", &server{rcpt: "550 no <alice@example.org>"}, false},
		{"550 in words", &server{rcpt: "550 no such user <alice@example.org>"}, true},
		{"550 in words, to the message", &server{data: "550 no such user <alice@example.org>"}, false},
		{"550 in words, to the sender", &server{mail: "550 no such user <alice@example.org>"}, false},
		{"550 for a blocklist", &server{rcpt: "550 rejected: your IP is on a blocklist"}, false},
		{"550 in several lines, the last of which is about us", &server{rcpt: "550-no such user <alice@example.org>\r\n550 or your address is blocked"}, false},
		{"550 for relaying", &server{rcpt: "550 Relay not permitted"}, false},
		{"550 of Exim to no mailbox", &server{rcpt: "550 Unrouteable address"}, true},
		{"550 of Exim to anything", &server{rcpt: "550 Administrative prohibition"}, false},
		{"550 of Exim to the sender", &server{rcpt: "550 Sender verify failed"}, false},
		{"550 of OpenSMTPD to no mailbox, or for relaying", &server{rcpt: "550 Invalid recipient: <alice@example.org>"}, false},
		{"524 of OpenSMTPD to no virtual user", &server{rcpt: "524 5.2.4 Mailing list expansion problem: <alice@example.org>"}, false},
		{"550 with words in an address", &server{rcpt: "550 unknown user <relay@sender.example>"}, true},
		{"550 with other words in an address", &server{rcpt: "550 no <unknown.user@no-such-user.example>"}, false},
		{"552 alone", &server{rcpt: "552 no <alice@example.org>"}, false},
		{"552 5.2.2, a full mailbox", &server{rcpt: "552 5.2.2 no <alice@example.org>"}, false},
		{"550 5.7.1, a policy", &server{rcpt: "550 5.7.1 no <alice@example.org>"}, false},
		{"553 5.1.8, about the sender", &server{rcpt: "553 5.1.8 no <alice@example.org>"}, false},
		{"554 5.7.1", &server{rcpt: "554 5.7.1 no <alice@example.org>"}, false},
		{"550 5.1.1 to the message", &server{data: "550 5.1.1 no <alice@example.org>"}, false},
		{"550 5.1.1 to the sender", &server{mail: "550 5.1.1 no <alice@example.org>"}, false},
		{"450 4.1.1", &server{rcpt: "450 4.1.1 no <alice@example.org>"}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := relay(t, tc.server.start(t, testkit.StartTLS), StartTLS, false).Send(within(t), message())
			failure, ok := errors.AsType[*mail.SendError](err)
			if !ok || failure.Undeliverable != tc.want || failure.Undeliverable && (failure.Temporary || failure.Unauthorized) {
				t.Errorf("got %+v", err)
			}
		})
	}
}

func TestAConnectionThatIsCutAfterTheMessageMayHaveLeftACopy(t *testing.T) {
	s := (&server{dataRead: make(chan struct{}), release: make(chan struct{})}).start(t, testkit.StartTLS)
	go func() {
		<-s.dataRead
		s.Cut()
	}()
	_, err := relay(t, s, StartTLS, false).Send(within(t), message())
	failure, ok := errors.AsType[*mail.SendError](err)
	if !ok || !failure.Temporary || failure.PossibleCopies != 1 || failure.AboutMessage {
		t.Errorf("got %+v", err)
	}
}

func TestAServerThatCannotBeReachedIsATemporaryFailure(t *testing.T) {
	r, err := New(Config{Addr: "127.0.0.1:" + testkit.FreePort()})
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
		server testkit.MailTLS
		client TLSMode
	}{{testkit.StartTLS, StartTLS}, {testkit.ImplicitTLS, ImplicitTLS}} {
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
