package caddymodule

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/spf13/cobra"
)

func inviteCommand() caddycmd.Command {
	return caddycmd.Command{
		Name:  "invite",
		Usage: "<address> [--group <name>…] [--for <duration>] [--site <origin>] [--json]",
		Short: "Sends somebody a first link",
		Long: `
Sends somebody a message with a link that signs them in, in any browser, after a
click. They are put into the groups given. The rules of the site have to admit
them then: an invitation is no way around them.

--for says how long the link lives, 1h to 30d; without it 7d. --site says for
which site; it can be left out where the configuration has one.

Nothing is sent, and the exit code is 1, if the rules do not admit the address,
if three links to it are alive already, or if a message to it bounced. The error
says which, and what to do. --json prints an object in any case.

The command talks to the running server over its admin endpoint: localhost:2019,
or what --address says, or the admin option in the file that --config names.

Exit codes: 0 done, 1 failed, 2 called in a wrong way.`,
		CobraFunc: func(cmd *cobra.Command) {
			cmd.Example = "  doorpost invite alice@example.com --group staff\n  doorpost invite bob@example.com --for 48h --site https://app.example.com"
			cmd.Flags().StringSlice("group", nil, "Put them into this group; may be given several times")
			cmd.Flags().String("for", "", "How long the link lives: 1h to 30d (default 7d)")
			cmd.Flags().String("site", "", "For which site, by its origin: https://app.example.com")
			talks(cmd, 1, runInvite)
		},
	}
}

func runInvite(c *invocation) error {
	who, err := c.readAddress(0)
	if err != nil {
		return err
	}
	server, err := c.findServer()
	if err != nil {
		return err
	}
	order := inviteOrder{Address: who, Groups: c.strings("group"), For: c.flags.String("for"), Site: c.flags.String("site")}
	var done inviteReport
	if err := server.ask(http.MethodPost, "/doorpost/invite", order, &done); err != nil {
		return err
	}
	if c.flags.Bool("json") {
		if err := c.printJSON(done); err != nil {
			return err
		}
	}
	switch {
	case !done.Sent:
		return c.notInvited(done)
	case !c.flags.Bool("json"):
		c.say("A link to %s is on its way to %s, and works until %s.", done.Site, done.Address, stamp(done.Expires))
		c.say("What becomes of the message: %s outbox list", c.program)
	}
	return nil
}

// notInvited says why nothing is sent, and what to do.
func (c *invocation) notInvited(done inviteReport) error {
	switch {
	case done.Disabled:
		return fmt.Errorf("nothing is sent: %s is disabled; first write %s users enable %s", done.Address, c.program, done.Address)
	case done.Reason == signin.SilentNotAllowed:
		var why []string
		for _, b := range done.Blocks {
			why = append(why, b.refusal())
		}
		return fmt.Errorf("nothing is sent: %s does not admit %s: %s; invite with --group, where a group is allowed, or change the rules", done.Site, done.Address, strings.Join(slices.Compact(why), "; "))
	}
	advice := map[signin.SilentReason]string{
		signin.SilentThreeAlive: "three links to " + done.Address + " are alive; they are in the mailbox, or on their way: " + c.program + " outbox list",
		signin.SilentBlocked:    "a message to " + done.Address + " bounced; if the mailbox works by now: " + c.program + " outbox unblock " + done.Address,
	}[done.Reason]
	if advice == "" {
		advice = string(done.Reason)
	}
	if len(done.Groups) > 0 {
		advice += "; what was asked for of groups is done: " + done.Address + " is in " + strings.Join(done.Groups, ", ")
	}
	return fmt.Errorf("nothing is sent: %s", advice)
}
