package acceptance

import (
	"testing"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

func TestSigningInThroughTheMailServersOfDebian(t *testing.T) {
	for _, host := range []struct {
		name  string
		start func(testing.TB) *testkit.MailHost
	}{
		{"postfix", testkit.StartPostfix}, {"exim", testkit.StartExim}, {"opensmtpd", testkit.StartOpenSMTPD},
	} {
		t.Run(host.name, func(t *testing.T) {
			t.Parallel()
			h := host.start(t)
			g := start(t, setup{mailer: "mailer smtp " + hostMailer(h)})
			read := make(map[string]bool)
			first := g.visitor()
			first.ask("ada@example.com", "/books")
			m := hostMessage(t, h, read)
			m.check(t, "ada@example.com")
			first.submit("/_doorpost/link", "token", m.token).leadsTo(t, "/books")

			second := g.visitor()
			second.ask("ada@example.com", "/films")
			second.submit("/_doorpost/code", "code", hostMessage(t, h, read).code).leadsTo(t, "/films")
		})
	}
}

// hostMailer is the option that sends through a host as safely as it can.
func hostMailer(h *testkit.MailHost) string {
	options := " {\nhelo gate.example.com\n"
	if h.OffersTLS {
		options += "tls starttls " + h.CAFile + "\n"
	} else {
		options += "tls off private\n"
	}
	if h.OffersAuth {
		options += "username " + testkit.MailUser + "\npassword " + testkit.MailPassword + "\n"
	}
	return h.Address + options + "}"
}

// hostMessage waits for one message more than were read, and returns that.
func hostMessage(t *testing.T, h *testkit.MailHost, read map[string]bool) (m message) {
	t.Helper()
	await(t, "the message to lie in the mailbox", func() bool { return len(h.Mailbox(t)) > len(read) })
	for _, raw := range h.Mailbox(t) {
		if read[string(raw)] {
			continue
		}
		read[string(raw)] = true
		var err error
		if m, err = parseMessage(raw); err != nil {
			t.Fatal(err)
		}
	}
	return m
}
