package view

import (
	"slices"
	"time"
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

func (Mailbox) about() about { return about{template: "mailbox", title: "mailbox.title", wide: true} }

// Ordered lists the messages, the newest first.
func (p Mailbox) Ordered() []MailboxMessage {
	messages := slices.Clone(p.Messages)
	slices.SortStableFunc(messages, func(a, b MailboxMessage) int { return b.At.Compare(a.At) })
	return messages
}

// Parts is the text of a message, cut at its links.
func (p Mailbox) Parts(message MailboxMessage) []TextPart { return findLinks(message.Text, p.Host) }

var _ = samples([]Sample{
	{"mailbox", Mailbox{Frame: Frame{Host: "localhost:8080"}, Messages: sampleMessages}},
	{"mailbox-empty", Mailbox{Frame: Frame{Host: "localhost:8080"}}},
})

var sampleMessages = []MailboxMessage{
	{
		ID: "m1", At: sampleTime, From: "Reports <door@example.com>", To: sampleAddress, Subject: "Sign in to Reports",
		Text: "Here is your link to sign in to Reports.\n\nhttp://localhost:8080/_doorpost/link#AbCdEfGhIjKlMnOpQrStUvWxYz0123456789\n\n" +
			"Or type this code: ABCD-2345\n\nWorks once, for 10 minutes.",
		HTML: "<p>Here is your link to sign in to Reports.</p>",
	},
	{
		ID: "m2", At: sampleTime.Add(time.Minute), From: "Reports <door@example.com>", To: sampleLongAddress, Subject: "Welcome to Reports",
		Text: "Reports uses your mailbox instead of a password. More at https://elsewhere.example.com/.",
	},
}
