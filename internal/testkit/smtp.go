package testkit

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/base64"
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
	atom       = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
	label      = `[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?`
	domain     = `(?:` + label + `(?:\.` + label + `)*|\[[0-9A-Fa-f:.]+\])`
	mailbox    = `(?:` + atom + `(?:\.` + atom + `)*|"(?:[ !#-\[\]-~]|\\[ -~])*")@` + domain
	helloLine  = regexp.MustCompile(`^` + domain + `$`)
	senderLine = regexp.MustCompile(`^FROM:<(` + mailbox + `)?>((?: [A-Z0-9]+=[!-<>-~]+)*)$`)
	toLine     = regexp.MustCompile(`^TO:<(` + mailbox + `)>$`)
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

func (c *conversation) hello(name, who string) error {
	if !helloLine.MatchString(who) {
		return refusal("501 5.5.4 not a domain or an address literal: " + who)
	}
	c.greeted, c.who, c.from, c.to = true, who, nil, nil
	if name == "HELO" {
		return c.answer(AtHello, who, "250 mail.test")
	}
	lines := []string{"mail.test", "8BITMIME", "ENHANCEDSTATUSCODES"}
	if c.offersTLS() {
		lines = append(lines, "STARTTLS")
	}
	if c.offersAuth() {
		lines = append(lines, "AUTH PLAIN")
	}
	last := len(lines) - 1
	return c.answer(AtHello, who, "250-"+strings.Join(lines[:last], "\r\n250-")+"\r\n250 "+lines[last])
}

func (c *conversation) offersTLS() bool { return c.server.options.TLS == StartTLS && !c.secure }

func (c *conversation) offersAuth() bool { return c.server.options.WithAuth && !c.offersTLS() }

func (c *conversation) startTLS() error {
	if !c.greeted || !c.offersTLS() {
		return refusal("503 5.5.1 STARTTLS is not offered")
	}
	if err := c.reply("220 2.0.0 go ahead"); err != nil {
		return err
	}
	if c.in.Buffered() > 0 { // would count as sent inside of TLS
		return errOver
	}
	c.useTLS(c.conn)
	return nil
}

func (c *conversation) auth(how string) error {
	mechanism, response, given := strings.Cut(how, " ")
	if !c.greeted || !c.offersAuth() || mechanism != "PLAIN" {
		return refusal("504 5.5.4 this way to sign in is not offered")
	}
	if !given {
		if err := c.reply("334 "); err != nil {
			return err
		}
		var err error
		if response, err = c.line(12288); err != nil { // RFC 4954, 4
			return err
		}
	}
	decoded, err := base64.StdEncoding.DecodeString(response)
	parts := strings.Split(string(decoded), "\x00")
	if err != nil || len(parts) != 3 {
		return refusal("501 5.5.2 not a response of PLAIN")
	}
	return c.answer(AtAuth, parts[1]+":"+parts[2], "235 2.7.0 welcome")
}

func (c *conversation) sender(rest string) error {
	found := senderLine.FindStringSubmatch(rest)
	switch {
	case !c.greeted || c.from != nil:
		return refusal("503 5.5.1 MAIL comes once, after EHLO")
	case found == nil || tooLong(found[1]):
		return refusal("501 5.1.7 not a path in angle brackets: " + rest)
	}
	c.binary = false
	for option := range strings.FieldsSeq(found[2]) {
		if option != "BODY=8BITMIME" && option != "BODY=7BIT" {
			return refusal("555 5.5.4 not offered: " + option)
		}
		c.binary = option == "BODY=8BITMIME"
	}
	if err := c.answer(AtSender, found[1], "250 2.1.0 ok"); err != nil {
		return err
	}
	c.from = &found[1]
	return nil
}

func (c *conversation) recipient(rest string) error {
	found := toLine.FindStringSubmatch(rest)
	switch {
	case c.from == nil:
		return refusal("503 5.5.1 RCPT comes after MAIL")
	case found == nil || tooLong(found[1]):
		return refusal("501 5.1.3 not a path in angle brackets: " + rest)
	case !strings.ContainsAny(c.who, ".:"): // as Postfix says it, and when
		return refusal("504 5.5.2 <" + c.who + ">: Helo command rejected: need fully-qualified hostname")
	}
	if err := c.answer(AtRecipient, found[1], "250 2.1.5 ok"); err != nil {
		return err
	}
	c.to = append(c.to, found[1])
	return nil
}

// tooLong reports whether an address is longer than a path may be.
func tooLong(address string) bool {
	at := strings.LastIndexByte(address, '@')
	return at > 64 || len(address)-at-1 > 255 || len(address) > 254
}

func (c *conversation) data() error {
	if len(c.to) == 0 {
		return refusal("503 5.5.1 DATA comes after RCPT")
	}
	if err := c.answer(AtData, "", "354 go on"); err != nil {
		return err
	}
	letter := Letter{From: *c.from, To: c.to}
	c.from, c.to = nil, nil
	var problem error
	var text bytes.Buffer
	for {
		line, err := c.line(maxText + 1) // a dot in front is not counted
		if line == "." && err == nil {
			break
		}
		if refused := (refusal)(""); err != nil && !errors.As(err, &refused) {
			return err // the client is gone
		}
		if err == nil && strings.HasPrefix(line, ".") && !strings.HasPrefix(line, "..") {
			err = refusal("554 5.6.0 a line that begins with a dot gets another in front")
		}
		if err == nil && !c.binary && strings.ContainsFunc(line, func(r rune) bool { return r > 0x7f }) {
			err = refusal("554 5.6.1 eight bits without BODY=8BITMIME")
		}
		problem = errors.Join(problem, err)
		text.WriteString(strings.TrimPrefix(line, ".") + "\r\n")
	}
	if refused := (refusal)(""); errors.As(problem, &refused) {
		return refused
	}
	letter.Raw = text.Bytes()
	return c.answer(AtDot, strings.Join(letter.To, " "), "250 2.0.0 queued", func() { c.server.take(letter) })
}
