package cli

import (
	"fmt"
	"net/http"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/doorpost-auth/doorpost/internal/outbox"
)

var outboxCommand = Command{
	Name: "outbox",
	below: []Command{
		listMessagesCommand,
		{
			Name:  "show",
			least: 1, most: 1, about: anEntry,
			flags: revealFlag,
			run: func(c *invocation) error {
				path := adminapi.At(adminapi.MessagePath, c.id)
				if c.is("reveal") {
					path += "?reveal=1"
				}
				return answer(c, http.MethodGet, path, nil, c.printLife)
			},
		},
		{
			Name:  "retry",
			least: 1, most: 1, about: anEntry,
			run: func(c *invocation) error {
				return answer(c, http.MethodPost, adminapi.At(adminapi.RetryPath, c.id), nil, func(done adminapi.RetryReport) {
					if done.Unblocked {
						c.say("Messages to %s are sent again from now on.", done.Message.To)
					}
					if done.Retried {
						c.say("This one is on its way again. To see what becomes of it: %s outbox show %s", c.program, done.Message.ID)
					} else {
						c.say("This one is not sent: %s.", done.Problem)
					}
				})
			},
		},
		{
			Name:  "unblock",
			least: 1, most: 1, about: aPerson,
			run: answerAbout(adminapi.UnblockPath, func(c *invocation, done adminapi.UnblockReport) {
				if done.Unblocked {
					c.say("Messages to %s are sent again from now on. The person can ask for a new link.", c.who)
				} else {
					c.say("%s was not blocked.", c.who)
				}
			}),
		},
	},
}

func revealFlag(cmd *cobra.Command) {
	cmd.Flags().Bool("reveal", false, "Show addresses in full")
}

// usualMessages is how many messages are listed.
const usualMessages = 20

var listMessagesCommand = Command{
	Name: "list",
	flags: func(cmd *cobra.Command) {
		cmd.Flags().Int("limit", usualMessages, "How many messages to list")
		cmd.Flags().Bool("all", false, "List all messages")
		revealFlag(cmd)
	},
	run: func(c *invocation) error {
		limit := c.number("limit")
		switch {
		case limit < 1:
			return misused("--limit must be a number from 1")
		case c.is("all") && c.given("limit"):
			return misused("--limit and --all are both given; keep one")
		case c.is("all"):
			limit = 0
		}
		return printList(c, c.messages(func(p adminapi.Page) (page adminapi.Messages, err error) {
			q := query(p)
			if c.is("reveal") {
				q.Set("reveal", "1")
			}
			err = c.ask(http.MethodGet, adminapi.OutboxPath+"?"+q.Encode(), nil, &page)
			return page, err
		}), "", limit)
	},
}

func (c *invocation) messages(fetch func(adminapi.Page) (adminapi.Messages, error)) listing[adminapi.Message] {
	const kept = int(outbox.Kept / time.Hour)
	now := time.Now()
	return listing[adminapi.Message]{
		columns: "AGE\tSTATE\tTO\tMAILER\tHANDED OVER\tID\tPROBLEM",
		row: func(m adminapi.Message) string {
			return fmt.Sprintf("%s\t%s\t%s\t%s\t%d\t%s\t%s",
				span(now.Sub(m.Created)), m.State, m.To, orDash(m.Mailer), m.Attempts, m.ID, orDash(shorten(cause(m.Problem))))
		},
		fetch: func(p adminapi.Page) ([]adminapi.Message, string, error) {
			page, err := fetch(p)
			return page.Messages, page.Next, err
		},
		empty: fmt.Sprintf("There was no message in the last %d hours.", kept),
		foot: func(listed int, next string) string {
			if next == "" {
				return fmt.Sprintf("This is all of the last %d hours. One in full: %s outbox show <id>", kept, c.program)
			}
			return fmt.Sprintf("These are the newest %d; for more: %s outbox list --limit %d, or --all. One in full: %s outbox show <id>", listed, c.program, 5*listed, c.program)
		},
	}
}

// frames is what mail.SendError puts around a cause.
var frames = regexp.MustCompile(`sending mail through \S+ \([a-z ]+\): `)

// cause is a problem without the words that each problem has.
func cause(problem string) string { return frames.ReplaceAllString(problem, "") }

// printLife prints what is known of a message.
func (c *invocation) printLife(m adminapi.Message) {
	now := time.Now()
	kind, _ := mail.KindOf(m.Kind)
	c.say("Message %s: %s %s, for %s.", m.ID, kind.Words, m.Site, m.To)
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
