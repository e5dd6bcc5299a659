package cli

import (
	"net/http"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/spf13/cobra"
)

var outboxCommand = Command{
	Name:  "outbox",
	below: []Command{listMessagesCommand, showMessageCommand, retryCommand, unblockCommand},
}

func revealFlag(cmd *cobra.Command) {
	cmd.Flags().Bool("reveal", false, "Show addresses in full")
}

var showMessageCommand = Command{
	Name:  "show",
	least: 1, most: 1,
	flags: revealFlag,
	run: func(c *invocation) error {
		path := adminapi.At(adminapi.MessagePath, c.arguments[0])
		if c.is("reveal") {
			path += "?reveal=1"
		}
		return answer(c, http.MethodGet, path, nil, c.printLife)
	},
}

var retryCommand = Command{
	Name:  "retry",
	least: 1, most: 1,
	run: func(c *invocation) error {
		return answer(c, http.MethodPost, adminapi.At(adminapi.RetryPath, c.arguments[0]), nil, func(done adminapi.RetryReport) {
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
}

var unblockCommand = Command{
	Name:  "unblock",
	least: 1, most: 1, aboutPerson: true,
	run: answerAbout(adminapi.UnblockPath, func(c *invocation, done adminapi.UnblockReport) {
		if done.Unblocked {
			c.say("Messages to %s are sent again from now on. The person can ask for a new link.", c.who)
		} else {
			c.say("%s was not blocked.", c.who)
		}
	}),
}
