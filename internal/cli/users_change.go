package cli

import (
	"slices"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/spf13/cobra"
)

var addUserCommand = Command{
	Name:  "add",
	least: 1, most: 1, aboutPerson: true,
	flags: func(cmd *cobra.Command) {
		cmd.Flags().StringSlice("group", nil, "Put them into this group; may be given several times")
	},
	run: answerAbout(adminapi.AddUserPath, func(c *invocation, u adminapi.User) {
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
	least: 1, most: 1, aboutPerson: true,
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

var leaveGroups = answerAbout(adminapi.LeaveGroupsPath, func(c *invocation, u adminapi.User) {
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
	least: 1, most: 1, aboutPerson: true,
	run: answerAbout(adminapi.DisableUserPath, func(c *invocation, u adminapi.User) {
		c.say("%s is disabled: signed out everywhere, and cannot sign in.", u.Address)
		c.say("To take that back: %s users enable %s", c.program, u.Address)
	}),
}

var enableCommand = Command{
	Name:  "enable",
	least: 1, most: 1, aboutPerson: true,
	run: answerAbout(adminapi.EnableUserPath, func(c *invocation, u adminapi.User) {
		c.say("%s may sign in again, where the rules admit them.", u.Address)
	}),
}

var removeCommand = Command{
	Name:  "remove",
	least: 1, most: 1, aboutPerson: true,
	run: answerAbout(adminapi.RemoveUserPath, func(c *invocation, done adminapi.RemoveReport) {
		c.say("%s is removed, and signed out everywhere. They can sign in anew if the rules admit them.", done.Address)
	}),
}
