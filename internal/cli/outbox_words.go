package cli

import (
	"fmt"
	"time"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/post"
)

// printLife prints what is known of a message.
func (c *invocation) printLife(m adminapi.Message) {
	now := time.Now()
	c.say("Message %s: %s %s, for %s.", m.ID, post.Words(m.Kind), m.Site, m.To)
	if m.Welcome {
		c.say("Nobody had signed in with this address before.")
	}
	c.say("")
	c.say("It was asked for %s.", ago(now, m.Created))
	switch {
	case m.Attempts == 0 && m.Mailer == "":
		c.say("No mail service has been asked to take it yet.")
	case m.Attempts == 0:
		c.say("%s was asked to take it, and declined before it had it.", m.Mailer)
	case m.Attempts == 1:
		c.say("It was handed to a mail service once.")
	default:
		c.say("It was handed to a mail service %d times.", m.Attempts)
	}
	if m.Copies > 0 {
		c.say("A service may have taken it without saying so; so there may be %d more than one in the mailbox.", m.Copies)
	}
	if !m.Retried.IsZero() {
		c.say("An operator had it tried again %s.", ago(now, m.Retried))
	}
	c.say("%s", fate(m, now))
	if m.Problem != "" {
		c.say("The last problem: %s", printable(m.Problem))
	}
	if m.ProviderID != "" {
		c.say("%s knows it as %s.", m.Mailer, printable(m.ProviderID))
	}
	if next := c.nextStep(m, now); next != "" {
		c.say("\n%s", next)
	}
}

// fate says what became of a message.
func fate(m adminapi.Message, now time.Time) string {
	since := ago(now, m.Since)
	switch m.State {
	case outbox.Queued:
		return "It waits to be sent."
	case outbox.Deferred:
		switch {
		case !m.Waiting:
			return m.Mailer + " took it, and could not deliver it so far; it goes on trying. It said so " + since + "."
		case m.Due.After(now):
			return "The last attempt failed " + since + ". The next is in " + span(m.Due.Sub(now)) + "."
		}
		return "The last attempt failed " + since + ". The next is due."
	case outbox.Sent:
		if m.Delivered.IsZero() {
			return m.Mailer + " took it " + since + ". It is not known whether it arrived."
		}
		return m.Mailer + " took it, and reports that it arrived " + ago(now, m.Delivered) + "."
	case outbox.Bounced:
		return "It bounced " + since + ": the mailbox does not exist, or takes no mail for good. Nothing is sent to the address for 30 days, or until it is unblocked."
	case outbox.Complained:
		return "Its reader reported it as unwanted " + since + "."
	case outbox.Failed:
		return "It was given up " + since + "."
	case outbox.Expired:
		return "Its time was over " + since + ", before it could be sent."
	}
	return "It is " + string(m.State) + "."
}

// nextStep says what an operator can do; nothing if that is to wait.
func (c *invocation) nextStep(m adminapi.Message, now time.Time) string {
	retry := fmt.Sprintf("%s outbox retry %s", c.program, m.ID)
	switch {
	case m.Retryable && m.State == outbox.Bounced:
		return fmt.Sprintf("If the mailbox works by now, have it sent again, which unblocks the address, within %s: %s", span(m.Deadline.Sub(now)), retry)
	case m.Retryable:
		return fmt.Sprintf("It can be sent again, within %s: %s", span(m.Deadline.Sub(now)), retry)
	case m.State == outbox.Bounced:
		return "It cannot be sent again. If the mailbox works by now, unblock the address, and the person can ask for a new link: " + retry
	case m.State == outbox.Failed, m.State == outbox.Expired:
		return fmt.Sprintf("Its link has ended; the person can ask for a new one. Whether mail works: %s doctor", c.program)
	case m.Waiting:
		return fmt.Sprintf("It is tried until %s. Whether mail works: %s doctor", stamp(m.Deadline), c.program)
	}
	return ""
}
