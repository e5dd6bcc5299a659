package cli

import (
	"net/http"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/spf13/cobra"
)

var outboxCommand = Command{
	Name:  "outbox",
	Usage: "list | show <id> | retry <id> | unblock <address>",
	Short: "Shows what became of each message, and sends one again",
	Long: `
Shows what became of the messages of the last 72 hours, and sends one again that
failed. What a message says is never shown.

Addresses are masked (a***@example.com), unless --reveal is given.

States of a message:

	queued      waits for its first attempt, or is in it
	deferred    was tried and will be again, by us or by the mail service
	sent        a mail service took it
	bounced     the mailbox does not exist, or takes no mail for good; nothing
	            is sent to the address any more until it is unblocked
	complained  its reader reported it as unwanted
	failed      given up
	expired     its time was over before it could be sent` + helpServer + helpExit,
	below: []Command{listMessagesCommand, showMessageCommand, retryCommand, unblockCommand},
}

func revealFlag(cmd *cobra.Command) {
	cmd.Flags().Bool("reveal", false, "Show addresses in full")
}

var showMessageCommand = Command{
	Name:  "show",
	Usage: "<id> [--reveal] [--json]",
	Short: "Shows the life of one message",
	Long: `
Shows the life of one message in words: when it was asked for, how often it was
tried, what the mail service said, and what you can do. What the message itself
says is not shown. --json prints an object.`,
	examples: []string{"doorpost outbox show k5mx3tq7w2hfjz4ncv6rbd7aye"},
	least:    1, most: 1,
	flags: revealFlag,
	run: func(c *invocation) error {
		path := adminapi.At(adminapi.MessagePath, c.arguments[0])
		if c.is("reveal") {
			path += "?reveal=1"
		}
		var m adminapi.Message
		if err := c.ask(http.MethodGet, path, nil, &m); err != nil {
			return err
		}
		return c.print(m, func() error {
			c.printLife(m)
			return nil
		})
	},
}

var retryCommand = Command{
	Name:  "retry",
	Usage: "<id> [--json]",
	Short: "Sends a message again that failed or bounced",
	Long: `
Sends a message again that failed or bounced, with the same link, as long as the
link works for a while. If the message bounced, its address gets messages again
from now on, even if the link has ended: the person can ask for a new one.
--json prints an object.`,
	examples: []string{"doorpost outbox retry k5mx3tq7w2hfjz4ncv6rbd7aye"},
	least:    1, most: 1,
	run: func(c *invocation) error {
		var done adminapi.RetryReport
		if err := c.ask(http.MethodPost, adminapi.At(adminapi.RetryPath, c.arguments[0]), nil, &done); err != nil {
			return err
		}
		return c.print(done, func() error {
			if done.Unblocked {
				c.say("Messages to %s are sent again from now on.", done.Message.To)
			}
			if done.Retried {
				c.say("This one is on its way again. To see what becomes of it: %s outbox show %s", c.program, done.Message.ID)
			} else {
				c.say("This one is not sent: %s.", done.Problem)
			}
			return nil
		})
	},
}

var unblockCommand = Command{
	Name:  "unblock",
	Usage: "<address> [--json]",
	Short: "Sends messages again to an address from which one bounced",
	Long: `
Lets messages be sent again to an address from which one bounced. Nothing is
sent by that: the person asks for a new link. --json prints an object.`,
	examples: []string{"doorpost outbox unblock alice@example.com"},
	least:    1, most: 1,
	run: func(c *invocation) error {
		who, err := c.who()
		if err != nil {
			return err
		}
		var done adminapi.UnblockReport
		if err := c.ask(http.MethodPost, adminapi.UnblockPath, adminapi.UnblockOrder{Address: who}, &done); err != nil {
			return err
		}
		return c.print(done, func() error {
			if done.Unblocked {
				c.say("Messages to %s are sent again from now on. The person can ask for a new link.", who)
			} else {
				c.say("%s was not blocked.", who)
			}
			return nil
		})
	},
}
