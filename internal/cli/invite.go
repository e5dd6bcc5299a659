package cli

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/spf13/cobra"
)

var inviteCommand = Command{
	Name:  "invite",
	Usage: "<address> [--group <name>…] [--for <duration>] [--site <origin>] [--json]",
	Short: "Sends somebody a first link",
	Long: `
Sends somebody a message with a link that signs them in, in any browser, after a
click. They are put into the groups given. The rules of the site have to admit
them then: an invitation does not go around the rules.

--for says how long the link works, 1h to 30d; without it 7d. --site says for
which site; it can be left out where the configuration has one.

Nothing is sent, and the exit code is 1, if the rules do not admit the address,
or if a message to it bounced. The error says which of these it is, and what to
do. --json prints an object in any case.` + helpServer + helpExit,
	examples: []string{"doorpost invite alice@example.com --group staff", "doorpost invite bob@example.com --for 48h --site https://app.example.com"},
	least:    1, most: 1,
	flags: func(cmd *cobra.Command) {
		cmd.Flags().StringSlice("group", nil, "Put them into this group; may be given several times")
		cmd.Flags().String("for", "", "How long the link works: 1h to 30d (default 7d)")
		cmd.Flags().String("site", "", "For which site, by its origin: https://app.example.com")
	},
	run: runInvite,
}

func runInvite(c *invocation) error {
	who, err := c.who()
	if err != nil {
		return err
	}
	order := adminapi.InviteOrder{Address: who, Groups: c.list("group"), For: c.text("for"), Site: c.text("site")}
	var done adminapi.InviteReport
	if err := c.ask(http.MethodPost, adminapi.InvitePath, order, &done); err != nil {
		return err
	}
	err = c.print(done, func() error {
		if done.Sent {
			c.say("A link to %s is on its way to %s, and works until %s.", done.Site, done.Address, stamp(done.Expires))
			c.say("What becomes of the message: %s outbox list", c.program)
		}
		return nil
	})
	if err == nil && !done.Sent {
		err = c.notInvited(done)
	}
	return err
}

// notInvited says why nothing is sent, and what to do.
func (c *invocation) notInvited(done adminapi.InviteReport) error {
	switch {
	case done.Disabled:
		return fmt.Errorf("nothing is sent: %s is disabled; first run %s users enable %s", done.Address, c.program, done.Address)
	case done.Barred != "":
		return fmt.Errorf("nothing is sent: %s is kept out with %s, who is disabled; first run %s users enable %s", done.Address, done.Barred, c.program, done.Barred)
	case done.Reason == signin.SilentNotAllowed:
		var why []string
		for _, b := range done.Blocks {
			why = append(why, refusal(b))
		}
		return fmt.Errorf("nothing is sent: %s does not admit %s: %s; invite with --group, where a group is allowed, or change the rules", done.Site, done.Address, strings.Join(slices.Compact(why), "; "))
	}
	advice := string(done.Reason)
	if done.Reason == signin.SilentBlocked {
		advice = "a message to " + done.Address + " bounced; if the mailbox works by now: " + c.program + " outbox unblock " + done.Address
	}
	if len(done.Groups) > 0 {
		advice += "; the groups are set all the same: " + done.Address + " is in " + strings.Join(done.Groups, ", ")
	}
	return fmt.Errorf("nothing is sent: %s", advice)
}
