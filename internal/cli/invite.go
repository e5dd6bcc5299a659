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
	least: 1, most: 1, about: aPerson,
	flags: func(cmd *cobra.Command) {
		cmd.Flags().StringSlice("group", nil, "Put them into this group; may be given several times")
		cmd.Flags().String("for", "", "How long the link works: 1h to 30d (default 7d)")
		cmd.Flags().String("site", "", "For which site, by its origin: https://app.example.com")
	},
	run: runInvite,
}

func runInvite(c *invocation) error {
	order := adminapi.InviteOrder{Address: c.who, Groups: c.list("group"), For: c.text("for"), Site: c.text("site")}
	var done adminapi.InviteReport
	if err := c.ask(http.MethodPost, adminapi.InvitePath, order, &done); err != nil {
		return err
	}
	return c.conclude(done, func() {
		if done.Sent {
			c.say("A link to %s is on its way to %s, and works until %s.", done.Site, done.Address, stamp(done.Expires))
			c.say("What becomes of the message: %s outbox list", c.program)
		}
	}, c.notInvited(done))
}

// notInvited says why nothing is sent, if so, and what to do.
func (c *invocation) notInvited(done adminapi.InviteReport) error {
	switch {
	case done.Sent:
		return nil
	case done.Disabled:
		return fmt.Errorf("nothing is sent: %s is disabled; first run %s users enable %s", done.Address, c.program, done.Address)
	case done.Barred != "":
		return fmt.Errorf("nothing is sent: %s is kept out with %s, who is disabled; first run %s users enable %s", done.Address, done.Barred, c.program, done.Barred)
	case done.Reason == signin.SilentNotAllowed:
		var why []string
		for _, b := range done.Blocks {
			why = append(why, b.Refusal())
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
