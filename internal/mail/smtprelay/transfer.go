package smtprelay

import (
	netmail "net/mail"
	"strings"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"github.com/doorpost-auth/doorpost/internal/mail"
)

// step is a part of the conversation with a server. What a failure means
// depends on it.
type step int

const (
	connecting step = iota // until signed in
	sender                 // MAIL FROM
	recipient              // RCPT TO
	content                // DATA, and what the message says
	holding                // the message was held back
	accepting              // from the dot at its end to the answer
)

// transfer gives a message to a server that has been signed in to, one step
// after the other rather than by the library's own way of sending: that one
// ends a message that it could not write to its end, or that was held back,
// with the dot that makes the server accept it (it says QUIT, and the text
// protocol closes what is open first).
func transfer(c *smtp.Client, m mail.Message) (answer string, at step, err error) {
	if err := c.Mail(path(m.From.Address)); err != nil {
		return "", sender, err
	}
	if err := c.Rcpt(path(m.To)); err != nil {
		return "", recipient, err
	}
	data, err := c.Data()
	if err != nil {
		return "", content, err
	}
	if _, err := newEnvelope(m).WriteTo(data); err != nil {
		return "", content, err
	}
	if err := m.HandOver(); err != nil {
		return "", holding, err
	}
	if err := data.Close(); err != nil {
		return "", accepting, err
	}
	if closed, ok := data.(*smtp.DataCloser); ok {
		answer = closed.ServerResponse()
	}
	return answer, accepting, nil
}

// path writes an address as the envelope has it (RFC 5321, 4.1.2). The library
// sends what it is given, and strict servers refuse an address without brackets.
func path(address string) string { return "<" + address + ">" }

// newEnvelope turns a message that passed its check into the library's form.
func newEnvelope(m mail.Message) *gomail.Msg {
	e := gomail.NewMsg(
		gomail.WithNoDefaultUserAgent(),
		gomail.WithCharset(gomail.CharsetUTF8),
		gomail.WithEncoding(gomail.EncodingQP))
	e.FromMailAddress(&netmail.Address{Name: m.From.Name, Address: m.From.Address})
	e.ToMailAddress(&netmail.Address{Address: m.To})
	if m.ReplyTo != "" {
		e.ReplyToMailAddress(&netmail.Address{Address: m.ReplyTo})
	}
	e.Subject(m.Subject)
	e.SetDate()
	e.SetMessageIDWithValue(strings.Trim(m.MessageID(), "<>"))
	e.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office notes, please
	if m.Language != "" {
		e.SetGenHeader(gomail.HeaderContentLang, m.Language)
	}
	e.SetBodyString(gomail.TypeTextPlain, m.Text)
	e.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	return e
}
