package cli

import (
	"net/http"
	"slices"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/spf13/cobra"
)

// askAbout sends an order about the person who is the first argument.
func (c *invocation) askAbout(path string, groups []string, report any) error {
	who, err := c.who()
	if err != nil {
		return err
	}
	return c.ask(http.MethodPost, path, adminapi.UserOrder{Address: who, Groups: groups}, report)
}

// changes is what a command does that changes somebody: it prints what is known
// of them afterwards, or says what the change means.
func changes(path string, say func(c *invocation, u adminapi.User)) func(*invocation) error {
	return func(c *invocation) error {
		var groups []string
		if c.cmd.Flags().Lookup("group") != nil {
			groups = c.list("group")
		}
		var u adminapi.User
		if err := c.askAbout(path, groups, &u); err != nil {
			return err
		}
		return c.print(u, func() error {
			say(c, u)
			return nil
		})
	}
}

var addUserCommand = Command{
	Name:  "add",
	Usage: "<address> [--group <name>…] [--json]",
	Short: "Makes somebody known, and puts them into groups",
	Long: `
Makes somebody known, and puts them into groups, which the option group of the
configuration makes. Somebody who is known already is put into the groups given.
Nothing is sent: doorpost invite does that. --json prints an object.`,
	examples: []string{"doorpost users add alice@example.com --group staff --group admins"},
	least:    1, most: 1,
	flags: func(cmd *cobra.Command) {
		cmd.Flags().StringSlice("group", nil, "Put them into this group; may be given several times")
	},
	run: changes(adminapi.AddUserPath, func(c *invocation, u adminapi.User) {
		groups := "no group"
		if len(u.Groups) > 0 {
			groups = strings.Join(u.Groups, ", ")
		}
		c.say("%s is known, and in %s.", u.Address, groups)
		c.say("Whether they may enter: %s why %s <url>. To send them a link: %s invite %s", c.program, u.Address, c.program, u.Address)
	}),
}

var leaveCommand = Command{
	Name:  "leave",
	Usage: "<address> --group <name>… [--json]",
	Short: "Takes somebody out of groups",
	Long: `
Takes somebody out of groups into which they were put by users add, by invite or
by the page of the admins. A member that the configuration names stays in the
group until the configuration is changed. --json prints an object.`,
	examples: []string{"doorpost users leave alice@example.com --group staff"},
	least:    1, most: 1,
	flags: func(cmd *cobra.Command) {
		cmd.Flags().StringSlice("group", nil, "Take them out of this group; may be given several times")
	},
	run: func(c *invocation) error {
		if !c.given("group") {
			return misused("say which group, for example --group staff")
		}
		return leaveGroups(c)
	},
}

var leaveGroups = changes(adminapi.LeaveGroupsPath, func(c *invocation, u adminapi.User) {
	for _, group := range c.list("group") {
		if slices.Contains(u.Groups, group) {
			c.say("%s stays in %s: the configuration says so, and is where that is changed.", u.Address, group)
		} else {
			c.say("%s is not in %s.", u.Address, group)
		}
	}
})

var disableCommand = Command{
	Name:  "disable",
	Usage: "<address> [--json]",
	Short: "Signs somebody out, and keeps them out",
	Long: `
Ends the sessions and open links of somebody, who cannot sign in any more,
whatever the rules say, until they are enabled again. --json prints an object.`,
	examples: []string{"doorpost users disable alice@example.com"},
	least:    1, most: 1,
	run: changes(adminapi.DisableUserPath, func(c *invocation, u adminapi.User) {
		c.say("%s is disabled: signed out everywhere, and cannot sign in.", u.Address)
		c.say("To take that back: %s users enable %s", c.program, u.Address)
	}),
}

var enableCommand = Command{
	Name:  "enable",
	Usage: "<address> [--json]",
	Short: "Lets somebody sign in again who was disabled",
	Long: `
Lets somebody sign in again who was disabled, where the rules admit them.
--json prints an object.`,
	examples: []string{"doorpost users enable alice@example.com"},
	least:    1, most: 1,
	run: changes(adminapi.EnableUserPath, func(c *invocation, u adminapi.User) {
		c.say("%s may sign in again, where the rules admit them.", u.Address)
	}),
}

var removeCommand = Command{
	Name:  "remove",
	Usage: "<address> [--json]",
	Short: "Forgets somebody",
	Long: `
Forgets somebody, with their groups, grants, sessions, open links and access
requests. They can sign in anew if the rules admit them: to keep somebody out
use users disable. --json prints an object.`,
	examples: []string{"doorpost users remove alice@example.com"},
	least:    1, most: 1,
	run: func(c *invocation) error {
		var done adminapi.RemoveReport
		if err := c.askAbout(adminapi.RemoveUserPath, nil, &done); err != nil {
			return err
		}
		return c.print(done, func() error {
			c.say("%s is removed, and signed out everywhere. They can sign in anew if the rules admit them.", done.Address)
			return nil
		})
	},
}
