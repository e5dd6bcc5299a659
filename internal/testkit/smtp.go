package testkit

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"regexp"
	"strings"
)

// conversation is one connection of a client, which is held to RFC 5321.
type conversation struct {
	server *MailServer
	conn   net.Conn
	in     *bufio.Reader
	secure bool

	greeted, binary bool // EHLO was said; BODY=8BITMIME was
	who             string
	from            *string
	to              []string
}

// errOver ends a conversation.
var errOver = errors.New("the conversation is over")

// Bounds of lines, their ends included (RFC 5321, 4.5.3.1).
const (
	maxCommand = 512
	maxText    = 1000
)

func (c *conversation) use(conn net.Conn) {
	c.conn, c.in = conn, bufio.NewReader(io.TeeReader(conn, &c.server.said))
}

func (c *conversation) useTLS(conn net.Conn) {
	c.use(tls.Server(conn, c.server.tls))
	c.secure, c.greeted = true, false
}

// hold goes on until the client has left.
func (c *conversation) hold() {
	if c.answer(AtGreeting, "", "220 mail.test ESMTP") != nil {
		return
	}
	for {
		line, err := c.line(maxCommand)
		if err == nil {
			err = c.command(line)
		}
		if problem := (refusal)(""); errors.As(err, &problem) {
			err = c.reply(string(problem))
		}
		if err != nil {
			return
		}
	}
}

// refusal is a reply to what a client must not send.
type refusal string

func (r refusal) Error() string { return string(r) }

// line reads one line without its end, which has to be CRLF.
func (c *conversation) line(most int) (string, error) {
	line, err := c.in.ReadString('\n')
	if err != nil {
		return "", err
	}
	text, ended := strings.CutSuffix(line, "\r\n")
	switch {
	case !ended || strings.ContainsAny(text, "\r\x00"):
		return "", refusal("500 5.5.2 a line ends with CR LF, and has neither in it, nor NUL")
	case len(line) > most:
		return "", refusal("500 5.5.6 line too long")
	}
	return text, nil
}

// answer gives the usual reply after what comes before it, unless the server is
// to behave otherwise, which ends the command.
func (c *conversation) answer(at MailStep, about, usual string, before ...func()) error {
	other := c.server.options.Conduct(at, about)
	switch {
	case other == "":
		for _, do := range before {
			do()
		}
		return c.reply(usual)
	case other == HangUp:
		return errOver
	case at == AtGreeting || strings.HasPrefix(other, "421"):
		_ = c.reply(other) // and the connection is closed
		return errOver
	}
	return refusal(other)
}

func (c *conversation) reply(text string) error {
	_, err := io.WriteString(c.conn, text+"\r\n")
	return err
}

var (
	atom      = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
	label     = `[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?`
	domain    = `(?:` + label + `(?:\.` + label + `)*|\[[0-9A-Fa-f:.]+\])`
	mailbox   = `(?:` + atom + `(?:\.` + atom + `)*|"(?:[ !#-\[\]-~]|\\[ -~])*")@` + domain
	helloLine = regexp.MustCompile(`^` + domain + `$`)
)

// command carries out one command, whose name may be in any case.
func (c *conversation) command(line string) error {
	name, rest, _ := strings.Cut(line, " ")
	name = strings.ToUpper(name)
	if c.in.Buffered() > 0 && name != "STARTTLS" {
		return refusal("503 5.5.0 PIPELINING is not offered: wait for the reply")
	}
	if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) {
		return refusal("500 5.5.2 a command is of printable ASCII")
	}
	switch name {
	case "EHLO", "HELO":
		return c.hello(name, rest)
	case "MAIL":
		return c.sender(upperPrefix(rest, "FROM:"))
	case "RCPT":
		return c.recipient(upperPrefix(rest, "TO:"))
	case "AUTH":
		return c.auth(rest)
	case "NOOP":
		return c.reply("250 2.0.0 ok")
	}
	if strings.Contains(line, " ") {
		return refusal("501 5.5.4 syntax error: " + line)
	}
	switch name {
	case "STARTTLS":
		return c.startTLS()
	case "DATA":
		return c.data()
	case "RSET":
		c.from, c.to = nil, nil
		return c.reply("250 2.0.0 ok")
	case "QUIT":
		if err := c.answer(AtQuit, "", "221 2.0.0 bye"); err != nil {
			return err
		}
		return errOver
	}
	return refusal("500 5.5.1 unknown command: " + name)
}

// upperPrefix writes the words in front of a path in upper case, which may be in any.
func upperPrefix(s, prefix string) string {
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return prefix + s[len(prefix):]
	}
	return s
}
