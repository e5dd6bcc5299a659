package caddymodule

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/doorpost-auth/doorpost/internal/outbox"
)

// kinds says what messages are.
var kinds = map[outbox.Kind]string{
	outbox.SignIn:   "a link to sign in at",
	outbox.Invite:   "an invitation to",
	outbox.Offer:    "an offer to ask to be let in at",
	outbox.Approve:  "a request to be decided by an owner of",
	outbox.Approved: "a link for somebody whom an owner let in at",

	outbox.Confirm:   "a code to confirm a change of an account at",
	outbox.Proof:     "a code to confirm another address at",
	outbox.Changed:   "word of a change of an account at",
	outbox.Recovered: "word of a sign-in by the recovery address at",
}

// printLife tells what is known of a message.
func (c *invocation) printLife(m messageReport) {
	now := time.Now()
	what := kinds[m.Kind]
	if what == "" {
		what = string(m.Kind)
	}
	c.say("Message %s: %s %s, for %s.", m.ID, what, m.Site, m.To)
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

// fate tells the state of a message.
func fate(m messageReport, now time.Time) string {
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
			return m.Mailer + " took it " + since + ". Whether it arrived, we have not been told."
		}
		return m.Mailer + " took it, and reports that it arrived " + ago(now, m.Delivered) + "."
	case outbox.Bounced:
		return "It bounced " + since + ": the mailbox does not exist, or refuses us for good. Nothing is sent to the address until it is unblocked."
	case outbox.Complained:
		return "Its reader called it unwanted " + since + "."
	case outbox.Failed:
		return "It was given up " + since + "."
	case outbox.Expired:
		return "Its time was over " + since + ", before it could be sent."
	}
	return "It is " + string(m.State) + "."
}

// nextStep tells what an operator can do.
func (c *invocation) nextStep(m messageReport, now time.Time) string {
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

func ago(now, t time.Time) string { return span(now.Sub(t)) + " ago (" + stamp(t) + ")" }

// stamp writes a moment for operators.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// span is a time span in its largest unit.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch d = max(d, 0); {
	case d < time.Minute:
		return strconv.Itoa(int(d/time.Second)) + "s"
	case d < time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + "m"
	case d < day:
		return strconv.Itoa(int(d/time.Hour)) + "h"
	}
	return strconv.Itoa(int(d/day)) + "d"
}

// printable keeps what a mail service said from steering the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}
