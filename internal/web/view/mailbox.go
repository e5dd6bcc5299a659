package view

import (
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/text"
)

// Mailbox shows the messages of the demo, which never leave the machine.
type Mailbox struct {
	Frame
	Messages []MailboxMessage
}

// MailboxMessage is one message of the demo. A frame shows its HTML, from
// /_doorpost/mailbox?message=<ID>.
type MailboxMessage struct {
	ID                string
	At                time.Time
	From, To, Subject string
	Text              string
	HTML              string // the page only checks whether it is empty
}

func (Mailbox) template() string { return "mailbox" }

func (Mailbox) title(lang *text.Language, _ string) string { return lang.Say("mailbox.title") }

// Ordered lists the messages, the newest first.
func (p Mailbox) Ordered() []MailboxMessage {
	messages := slices.Clone(p.Messages)
	slices.SortStableFunc(messages, func(a, b MailboxMessage) int { return b.At.Compare(a.At) })
	return messages
}

// Parts is the text of a message, cut at its links.
func (p Mailbox) Parts(message MailboxMessage) []TextPart { return findLinks(message.Text, p.Host) }
