// Package mail writes the messages of Doorpost and sends them.
//
// A Composer turns a Letter into a Message, a Mailer hands one message to a mail
// service, a Failover makes one mailer of several and pauses those that fail, and a
// Courier sends the messages of the outbox. The mailers for mail services are in
// packages below, one for each library.
package mail

import (
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	netmail "net/mail"
	"regexp"
	"strings"
	"unicode"
)

// maxAddress is the longest address in bytes that a mail system has to carry
// (RFC 5321, section 4.5.3.1.3, less the angle brackets).
const maxAddress = 254

// bareAddress is an ASCII dot-atom at a domain name (RFC 5322, section 3.4.1):
// no quotes, no comments, no address literals.
var bareAddress = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@" +
	`[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$`)

// messageID is what NewID makes, and what a caller may use instead.
var messageID = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

// Mailbox is an address with the name that is shown beside it (RFC 5322,
// section 3.4).
type Mailbox struct {
	Name    string // as a person reads it, any script; may be empty
	Address string // bare ASCII address, such as sign-in@example.com
}

// ParseMailbox reads the operator's "from" option: a bare address, or a name
// with the address in angle brackets ("Example <sign-in@example.com>"). It
// refuses more than one address, addresses beyond ASCII and line breaks; its
// errors say what would be right.
func ParseMailbox(s string) (Mailbox, error) {
	const wanted = `want one address, such as sign-in@example.com or "Example <sign-in@example.com>"`
	if strings.TrimSpace(s) == "" {
		return Mailbox{}, fmt.Errorf("reading the sender's address: it is empty; %s", wanted)
	}
	if strings.ContainsFunc(s, unicode.IsControl) {
		return Mailbox{}, fmt.Errorf("reading the sender's address: it has a line break or a control character; %s", wanted)
	}
	list, err := netmail.ParseAddressList(s)
	if err != nil {
		return Mailbox{}, fmt.Errorf("reading the sender's address %q: %w; %s", s, err, wanted)
	}
	if len(list) != 1 {
		return Mailbox{}, fmt.Errorf("reading the sender's address %q: it has %d addresses; %s", s, len(list), wanted)
	}
	box := Mailbox{Name: list[0].Name, Address: list[0].Address}
	if strings.ContainsFunc(box.Address, func(r rune) bool { return r > unicode.MaxASCII }) {
		return Mailbox{}, fmt.Errorf("reading the sender's address %q: the address is not ASCII; write the domain in its xn-- form", s)
	}
	if err := box.check(); err != nil {
		return Mailbox{}, fmt.Errorf("reading the sender's address %q: %w; %s", s, err, wanted)
	}
	return box, nil
}

func (b Mailbox) check() error {
	switch {
	case len(b.Address) > maxAddress:
		return fmt.Errorf("the address is longer than %d characters", maxAddress)
	case !bareAddress.MatchString(b.Address):
		return errors.New("the address is malformed")
	case len(b.Name) > 200:
		return errors.New("the name is longer than 200 bytes")
	case strings.ContainsFunc(b.Name, unicode.IsControl):
		return errors.New("the name has a line break or a control character")
	}
	return nil
}

// String is the mailbox as a From field has it, with a name beyond ASCII encoded (RFC
// 2047).
func (b Mailbox) String() string {
	if b.Name == "" {
		return b.Address
	}
	return (&netmail.Address{Name: b.Name, Address: b.Address}).String()
}

// Domain is the part after the @.
func (b Mailbox) Domain() string {
	return b.Address[strings.LastIndexByte(b.Address, '@')+1:]
}

// Message is one letter to one person, ready to be sent.
type Message struct {
	// ID is the local part of the Message-ID: unguessable, lower case, at most
	// 64 characters. NewID makes one.
	ID string
	// From is the sender, the same in the header and in the envelope.
	From Mailbox
	// To is the one recipient: a canonical bare address, without a name.
	To string
	// ReplyTo is a bare address that replies go to; empty: to From.
	ReplyTo string
	// Subject is plain text on one line; mailers encode what is beyond ASCII.
	Subject string
	// Text and HTML say the same; lines end in \n.
	Text, HTML string
	// Language is the BCP 47 tag of the words, for Content-Language; may be
	// empty.
	Language string

	// Copies is how many services may have accepted the message before without
	// saying so. It is for Failover and Courier.
	Copies int
	// OnHandOver is called by HandOver, with Copies; may be nil.
	OnHandOver func(copies int) error
}

// NewID makes the local part of a Message-ID: 128 random bits as 26 characters
// of base32 in lower case. It is not a counter: who can guess it could forge a reply
// or a report about the message.
func NewID() string {
	var random [16]byte
	_, _ = rand.Read(random[:]) // documented never to fail
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(random[:]))
}

// MessageID is the value of the Message-ID field, angle brackets included: the
// ID at the sender's domain (RFC 5322, section 3.6.4).
func (m Message) MessageID() string {
	return "<" + m.ID + "@" + m.From.Domain() + ">"
}

// ErrNotHandedOver means that a message was held back at the last moment: no
// service has it from this attempt.
var ErrNotHandedOver = errors.New("the message was held back")

// HandOver is called by a mailer within Send, just before the step that may make a
// service accept the message. If it returns an error, which is an ErrNotHandedOver,
// that step must not be done.
func (m Message) HandOver() error {
	if m.OnHandOver == nil {
		return nil
	}
	if err := m.OnHandOver(m.Copies); err != nil {
		return fmt.Errorf("%w: %w", ErrNotHandedOver, err)
	}
	return nil
}

// Check returns an error if the message is unsafe or impossible to send. Every mailer
// calls it first, so that no mistake of a caller can add a recipient or a header. Its
// errors do not repeat the content of the message.
func (m Message) Check() error {
	if !messageID.MatchString(m.ID) {
		return errors.New("checking a message: its id is empty or has characters other than a-z, 0-9, dot, dash and underscore")
	}
	if err := m.From.check(); err != nil {
		return fmt.Errorf("checking the sender of a message: %w", err)
	}
	if len(m.To) > maxAddress || !bareAddress.MatchString(m.To) {
		return errors.New("checking a message: its recipient is not exactly one bare address")
	}
	if m.ReplyTo != "" && (len(m.ReplyTo) > maxAddress || !bareAddress.MatchString(m.ReplyTo)) {
		return errors.New("checking a message: where replies go is not exactly one bare address")
	}
	if m.Subject == "" || strings.ContainsFunc(m.Subject, unicode.IsControl) {
		return errors.New("checking a message: its subject is empty or has a line break or a control character")
	}
	if m.Text == "" || m.HTML == "" {
		return errors.New("checking a message: it needs both a text and an HTML part")
	}
	if strings.ContainsFunc(m.Language, func(r rune) bool {
		return r != '-' && (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r))
	}) {
		return errors.New("checking a message: its language is not a BCP 47 tag")
	}
	return nil
}
