package mail

import (
	"context"
	"strings"
	"time"
)

// Mailer hands messages to a mail service, one at a time. Implementations are
// safe for concurrent use and keep to these rules:
//
//   - Send returns when ctx ends at the latest, whatever the service does.
//   - The message goes to exactly one recipient, Message.To; there is no Cc
//     and no Bcc, and the sender is Message.From.
//   - Nothing is added that tracks who opened or clicked what: no rewritten links,
//     no pixel.
//   - Send tries once. Courier retries, Failover tries other services.
//   - Message.HandOver is called once, as late as the protocol allows. If it
//     fails, the service does not get the message.
//   - Credentials are not sent without TLS, except to this machine; nor are messages,
//     except to this machine or, if the operator says so, into a private network.
//   - Every error is a *SendError.
type Mailer interface {
	Send(ctx context.Context, m Message) (Receipt, error)
	// Name is a short name for logs and metrics, such as "mailgun".
	Name() string
}

// Receipt says which service took a message.
type Receipt struct {
	Mailer string // name of the mailer
	ID     string // the service's own, for looking the message up there; may be empty

	Before *SendError // of the mailer that was asked first, if another one took it
}

// Checker is a Mailer that can find out whether its service would take messages from a
// sender, without sending one. An error tells the operator what is wrong and what to do about
// it; it has no credentials in it.
type Checker interface {
	Check(ctx context.Context, from Mailbox) error
}

// SendError says why a message was not sent, and what may help. Its text is safe for
// logs: it has neither the recipient nor credentials nor any of the message in it.
type SendError struct {
	// Mailer is the name of the mailer that failed.
	Mailer string
	// Temporary is true if trying again later may help.
	Temporary bool
	// AboutMessage is true if the service works and does not take this message, or not to
	// this recipient, for now: that need not concern other messages. With Unauthorized it
	// says that it is about us, but in an answer that may be another server's.
	AboutMessage bool
	// Undeliverable is true if the mailbox does not exist or refuses us for good, so
	// that no message to it will ever arrive.
	Undeliverable bool
	// Unauthorized is true if the service refused us and not the message, at whatever
	// step: wrong credentials, an unknown domain, a closed account, a sender that the
	// account may not use, a limit that is reached. The operator has to act, and may do
	// so in time for the message.
	Unauthorized bool
	// RetryAfter is how long the service asked us to wait (RFC 9110, section 10.2.3);
	// zero if it did not.
	RetryAfter time.Duration
	// PossibleCopies counts how often the service may have accepted the message
	// without saying so, for instance if the connection breaks between the last byte
	// of the message and the answer. It keeps retries from flooding a mailbox.
	PossibleCopies int
	// Err is the cause. Its text must be fit for logs; Redact helps.
	Err error
}

// Error says which mailer failed, the kind of the failure, and the cause.
func (e *SendError) Error() string {
	var b strings.Builder
	b.WriteString("sending mail through ")
	b.WriteString(e.Mailer)
	switch {
	case e.Unauthorized:
		b.WriteString(" (refused us)")
	case e.Temporary:
		b.WriteString(" (may work later)")
	default:
		b.WriteString(" (for good)")
	}
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *SendError) Unwrap() error { return e.Err }
