package testkit

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/smtp"
	"strings"
	"testing"
	"time"
)

// talk sends lines as they are, reads as many replies, and returns the last.
func talk(t *testing.T, s *MailServer, lines ...string) (last string) {
	t.Helper()
	conn, err := net.Dial("tcp", s.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	for _, line := range append([]string{""}, lines...) {
		if _, err := io.WriteString(conn, line); err != nil {
			t.Fatal(err)
		}
		for last = "----"; last[3] == '-'; {
			if last, err = in.ReadString('\n'); err != nil {
				t.Fatalf("after %q: %v", line, err)
			}
		}
	}
	return last
}

func TestTheMailServerKeepsWhatTheStandardLetsPass(t *testing.T) {
	s := ServeMail(t, MailOptions{})
	talk(t, s, "EHLO gate.example.com\r\n", "MAIL FROM:<a@example.com>\r\n", "RCPT TO:<b@example.com>\r\n", "RCPT TO:<\"b b\"@example.org>\r\n", "DATA\r\n",
		"Subject: x\r\n\r\n..dot\r\n...\r\n.\r\n")
	letters := s.Letters()
	if len(letters) != 1 || letters[0].From != "a@example.com" || strings.Join(letters[0].To, " ") != `b@example.com "b b"@example.org` ||
		string(letters[0].Raw) != "Subject: x\r\n\r\n.dot\r\n..\r\n" {
		t.Errorf("it kept %+v", letters)
	}
	if last := talk(t, s, "helo there\r\n", "mail from:<>\r\n", "RSET\r\n", "NOOP with words\r\n", "quit\r\n"); last[:3] != "221" {
		t.Errorf("it ends with %s", last)
	}
}

func TestTheMailServerRefusesWhatTheStandardForbids(t *testing.T) {
	s := ServeMail(t, MailOptions{})
	hello, from, to := "EHLO gate.example.com\r\n", "MAIL FROM:<a@example.com>\r\n", "RCPT TO:<b@example.com>\r\n"
	for name, c := range map[string]struct {
		said []string
		code string
	}{
		"no brackets at MAIL":        {[]string{hello, "MAIL FROM:a@example.com\r\n"}, "501"},
		"a space before the path":    {[]string{hello, "MAIL FROM: <a@example.com>\r\n"}, "501"},
		"no brackets at RCPT":        {[]string{hello, from, "RCPT TO:b@example.com\r\n"}, "501"},
		"nobody at RCPT":             {[]string{hello, from, "RCPT TO:<>\r\n"}, "501"},
		"a name beside the path":     {[]string{hello, from, "RCPT TO:B <b@example.com>\r\n"}, "501"},
		"two dots in an address":     {[]string{hello, from, "RCPT TO:<b..b@example.com>\r\n"}, "501"},
		"a long local part":          {[]string{hello, from, "RCPT TO:<" + strings.Repeat("b", 65) + "@example.com>\r\n"}, "501"},
		"a parameter not offered":    {[]string{hello, "MAIL FROM:<a@example.com> SMTPUTF8=1\r\n"}, "555"},
		"MAIL before EHLO":           {[]string{from}, "503"},
		"MAIL twice":                 {[]string{hello, from, from}, "503"},
		"RCPT before MAIL":           {[]string{hello, to}, "503"},
		"DATA before RCPT":           {[]string{hello, from, "DATA\r\n"}, "503"},
		"DATA with words":            {[]string{hello, from, to, "DATA now\r\n"}, "501"},
		"EHLO without a name":        {[]string{"EHLO\r\n"}, "501"},
		"a command that is unknown":  {[]string{"GET\r\n"}, "500"},
		"a command of other letters": {[]string{"EHLO bücher\r\n"}, "500"},
		"a line that ends with LF":   {[]string{"EHLO localhost\n"}, "500"},
		"a long line":                {[]string{"NOOP " + strings.Repeat("x", 512) + "\r\n"}, "500"},
		"STARTTLS that is not there": {[]string{hello, "STARTTLS\r\n"}, "503"},
		"AUTH that is not there":     {[]string{hello, "AUTH PLAIN AGEAYg==\r\n"}, "504"},
		"a bare LF in a message":     {[]string{hello, from, to, "DATA\r\n", "x: y\n\r\n\r\n.\r\n"}, "500"},
		"a name without a dot":       {[]string{"EHLO localhost\r\n", from, to}, "504"},
		"a name that is not one":     {[]string{"EHLO gate_1.example.com\r\n"}, "501"},
		"a name with a hyphen first": {[]string{"EHLO -gate.example.com\r\n"}, "501"},
		"two commands at once":       {[]string{hello + from}, "503"},
		"a dot without another":      {[]string{hello, from, to, "DATA\r\n", "x: y\r\n\r\n.z\r\n.\r\n"}, "554"},
		"eight bits in a message":    {[]string{hello, from, to, "DATA\r\n", "x: ü\r\n\r\n.\r\n"}, "554"},
		"a long line in a message":   {[]string{hello, from, to, "DATA\r\n", strings.Repeat("x", 1000) + "\r\n.\r\n"}, "500"},
	} {
		t.Run(name, func(t *testing.T) {
			if last := talk(t, s, c.said...); last[:3] != c.code {
				t.Errorf("the reply is %q, want %s", last, c.code)
			}
		})
	}
	if letters := s.Letters(); len(letters) != 0 {
		t.Errorf("it kept %+v", letters)
	}
}

func TestTheMailServerBehavesAsItIsTold(t *testing.T) {
	taken := make(chan Letter, 1)
	s := ServeMail(t, MailOptions{
		TLS: StartTLS, Auth: []string{"PLAIN", "XOAUTH2"},
		Take: func(l Letter) { taken <- l },
		Conduct: func(at MailStep, about string) string {
			switch {
			case at == AtAuth && about != "user:secret":
				return "535 5.7.8 no"
			case at == AtRecipient && about == "gone@example.com":
				return "550 5.1.1 no such mailbox"
			case at == AtRecipient && about == "cut@example.com":
				return HangUp
			}
			return ""
		},
	})
	send := func(password, to string) error {
		c, err := smtp.Dial(s.Address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := c.Hello("gate.example.com"); err != nil {
			t.Fatal(err)
		}
		if err := c.StartTLS(trusting(s)); err != nil {
			return err
		}
		if err := c.Auth(smtp.PlainAuth("", "user", password, "127.0.0.1")); err != nil {
			return err
		}
		if err := c.Mail("a@example.com"); err != nil {
			return err
		}
		if err := c.Rcpt(to); err != nil {
			return err
		}
		w, err := c.Data()
		if err != nil {
			return err
		}
		fmt.Fprint(w, "Subject: x\r\n\r\nü\r\n")
		return w.Close()
	}
	for _, c := range []struct{ password, to, says string }{
		{"wrong", "b@example.com", "535"}, {"secret", "gone@example.com", "550"}, {"secret", "cut@example.com", "EOF"},
	} {
		if err := send(c.password, c.to); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("to %s with the password %s: %v", c.to, c.password, err)
		}
	}
	if err := send("secret", "b@example.com"); err != nil {
		t.Fatal(err)
	}
	if l := <-taken; l.To[0] != "b@example.com" || len(s.Letters()) != 0 {
		t.Errorf("it took %+v", l)
	}
}
