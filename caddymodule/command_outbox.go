package caddymodule

import (
	"net/http"
	"net/url"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

func outboxCommand() caddycmd.Command {
	return caddycmd.Command{
		Name:  "outbox",
		Usage: "list | show <id> | retry <id> | unblock <address>",
		Short: "Tells what became of each message, and has one sent again",
		Long: `
Tells what became of the messages of the last 72 hours, and has one sent again
that failed. What a message says is never shown.

The command talks to the running server over its admin endpoint: localhost:2019,
or what --address says, or the admin option in the file that --config names.

Addresses are masked (a***@example.com), unless --reveal is given.

States of a message:

	queued      waits for its first attempt, or is in it
	deferred    was tried and will be again, by us or by the mail service
	sent        a mail service took it
	bounced     the mailbox does not exist, or refuses us for good; nothing
	            is sent to the address any more until it is unblocked
	complained  its reader called it unwanted
	failed      given up
	expired     its time was over before it could be sent

Exit codes: 0 done, 1 failed, 2 called in a wrong way.`,
		CobraFunc: func(cmd *cobra.Command) {
			gathers(cmd, listCommand(), showCommand(), retryCommand(), unblockCommand())
		},
	}
}

func showCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show <id> [--reveal] [--json]",
		Short: "Tells the life of one message",
		Long: `
Tells the life of one message in words: when it was asked for, how often it was
tried, what the mail service said, and what you can do. What the message itself
says is not shown. --json prints an object.`,
		Example: "  doorpost outbox show k5mx3tq7w2hfjz4ncv6rbd7aye",
	}
	cmd.Flags().Bool("reveal", false, "Show the address in full")
	return talks(cmd, 1, runShow)
}

func runShow(c *invocation) error {
	server, err := c.findServer()
	if err != nil {
		return err
	}
	path := "/doorpost/outbox/" + url.PathEscape(c.flags.Arg(0))
	if c.flags.Bool("reveal") {
		path += "?reveal=1"
	}
	var m messageReport
	if err := server.ask(http.MethodGet, path, nil, &m); err != nil {
		return err
	}
	if c.flags.Bool("json") {
		return c.printJSON(m)
	}
	c.printLife(m)
	return nil
}

func retryCommand() *cobra.Command {
	return talks(&cobra.Command{
		Use:   "retry <id> [--json]",
		Short: "Has a message sent again that failed or bounced",
		Long: `
Has a message sent again that failed or bounced, with the same link, as long as
that has some life left. The address of one that bounced is written to again
from now on, even if the link has ended: the person can ask for a new one.
--json prints an object.`,
		Example: "  doorpost outbox retry k5mx3tq7w2hfjz4ncv6rbd7aye",
	}, 1, runRetry)
}

func runRetry(c *invocation) error {
	server, err := c.findServer()
	if err != nil {
		return err
	}
	var done retryReport
	if err := server.ask(http.MethodPost, "/doorpost/outbox/"+url.PathEscape(c.flags.Arg(0))+"/retry", nil, &done); err != nil {
		return err
	}
	if c.flags.Bool("json") {
		return c.printJSON(done)
	}
	if done.Unblocked {
		c.say("Messages to %s are sent again from now on.", done.Message.To)
	}
	if done.Retried {
		c.say("This one is on its way again. To see what becomes of it: %s outbox show %s", c.program, done.Message.ID)
	} else {
		c.say("This one is not sent: %s.", done.Problem)
	}
	return nil
}

func unblockCommand() *cobra.Command {
	return talks(&cobra.Command{
		Use:   "unblock <address> [--json]",
		Short: "Lets an address be written to again to which a message bounced",
		Long: `
Lets an address be written to again to which a message bounced. Nothing is sent
by that: the person asks for a new link. --json prints an object.`,
		Example: "  doorpost outbox unblock alice@example.com",
	}, 1, runUnblock)
}

func runUnblock(c *invocation) error {
	who, err := c.readAddress(0)
	if err != nil {
		return err
	}
	server, err := c.findServer()
	if err != nil {
		return err
	}
	var done unblockReport
	if err := server.ask(http.MethodPost, "/doorpost/outbox/unblock", unblockOrder{Address: who}, &done); err != nil {
		return err
	}
	switch {
	case c.flags.Bool("json"):
		return c.printJSON(done)
	case done.Unblocked:
		c.say("Messages to %s are sent again from now on. The person can ask for a new link.", who)
	default:
		c.say("%s was not blocked.", who)
	}
	return nil
}
