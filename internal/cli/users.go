package cli

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/spf13/cobra"
)

var usersCommand = Command{
	Name:  "users",
	below: append([]Command{listUsersCommand, showUserCommand}, userChanges...),
}

var listUsersCommand = Command{
	Name: "list",
	flags: func(cmd *cobra.Command) {
		cmd.Flags().String("search", "", "List only people whose address has this in it")
		pageFlags("address")(cmd)
	},
	run: func(c *invocation) error {
		now := time.Now()
		order := adminapi.UsersOrder{Search: c.text("search")}
		again := "users list"
		if order.Search != "" {
			again += " --search " + order.Search
		}
		return printPage(c, listing[adminapi.User]{
			columns: "KNOWN FOR\tFIRST SIGN-IN\tSTATE\tADDRESS\tGROUPS",
			row:     func(u adminapi.User) string { return userRow(now, u) },
			fetch: func(p adminapi.Page) ([]adminapi.User, string, error) {
				var page adminapi.Users
				order.Page = p
				err := c.ask(http.MethodPost, adminapi.UsersPath, order, &page)
				return page.Users, page.Next, err
			},
			empty: "Nobody is known.",
		}, again, anAddress)
	},
}

func userRow(now time.Time, u adminapi.User) string {
	signedIn, state := "-", "-"
	if !u.FirstSignedIn.IsZero() {
		signedIn = span(now.Sub(u.FirstSignedIn))
	}
	if u.Disabled {
		state = "disabled"
	}
	return fmt.Sprintf("%s\t%s\t%s\t%s\t%s", span(now.Sub(u.Added)), signedIn, state, u.Address, orDash(strings.Join(u.Groups, ",")))
}

var showUserCommand = Command{
	Name:  "show",
	least: 1, most: 1, about: aPerson,
	run: answerAbout(adminapi.ShowUserPath, (*invocation).printUser),
}

// printUser prints what is known of somebody.
func (c *invocation) printUser(u adminapi.User) {
	now := time.Now()
	c.say("%s", u.Address)
	if u.Disabled {
		c.say("Disabled: cannot sign in. To change that: %s users enable %s", c.program, u.Address)
	}
	c.say("")
	c.say("Known since: %s", ago(now, u.Added))
	if u.FirstSignedIn.IsZero() {
		c.say("First signed in: never so far")
	} else {
		c.say("First signed in: %s", ago(now, u.FirstSignedIn))
	}
	c.say("Groups: %s", groupsInWords(u))
	for _, g := range u.Grants {
		c.say("Let in by an owner: at %s, %s", g.Site, howLong(now, g.Until))
	}
	if u.Recovery != "" {
		c.say("Recovery address: %s", u.Recovery)
	}
	if len(u.Sessions) == 0 {
		c.say("Sessions: none")
		return
	}
	c.say("Sessions: %d; to end them: %s sessions end %s, or sessions end --id <id>\n", len(u.Sessions), c.program, u.Address)
	sessionList.print(c, u.Sessions, true)
}

// groupsInWords says which groups somebody is in, and where they come from.
func groupsInWords(u adminapi.User) string {
	var all []string
	for _, group := range u.Groups {
		by := "configuration"
		if slices.Contains(u.StoredGroups, group) {
			by = "added"
		}
		all = append(all, fmt.Sprintf("%s (%s)", group, by))
	}
	for _, group := range u.StoredGroups {
		if !slices.Contains(u.Groups, group) {
			all = append(all, fmt.Sprintf("%s (added, but without effect: the configuration has no such group)", group))
		}
	}
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, ", ")
}

var userChanges = []Command{
	{
		Name:  "add",
		least: 1, most: 1, about: aPerson,
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
	},
	{
		Name:  "leave",
		least: 1, most: 1, about: aPerson,
		flags: func(cmd *cobra.Command) {
			cmd.Flags().StringSlice("group", nil, "Take them out of this group; may be given several times")
		},
		run: func(c *invocation) error {
			if len(c.list("group")) == 0 {
				return misused("say which group, for example --group staff")
			}
			return leaveGroups(c)
		},
	},
	{
		Name:  "disable",
		least: 1, most: 1, about: aPerson,
		run: answerAbout(adminapi.DisableUserPath, func(c *invocation, u adminapi.User) {
			c.say("%s is disabled: signed out everywhere, and cannot sign in.", u.Address)
			c.say("To take that back: %s users enable %s", c.program, u.Address)
		}),
	},
	{
		Name:  "enable",
		least: 1, most: 1, about: aPerson,
		run: answerAbout(adminapi.EnableUserPath, func(c *invocation, u adminapi.User) {
			c.say("%s may sign in again, where the rules admit them.", u.Address)
		}),
	},
	{
		Name:  "move",
		least: 2, most: 2, about: aPerson,
		run: moveUser,
	},
	{
		Name:  "remove",
		least: 1, most: 1, about: aPerson,
		run: answerAbout(adminapi.RemoveUserPath, func(c *invocation, done adminapi.RemoveReport) {
			c.say("%s is removed, and signed out everywhere. They can sign in anew if the rules admit them.", done.Address)
		}),
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

func moveUser(c *invocation) error {
	to, err := address.Parse(c.arguments[1])
	if err != nil {
		return misused("%q is not an address: %w", c.arguments[1], err)
	}
	order := adminapi.MoveOrder{Address: c.who, To: string(to)}
	return answer(c, http.MethodPost, adminapi.MoveUserPath, order, func(u adminapi.User) {
		c.say("%s is %s now, and signed out everywhere.", c.who, u.Address)
		c.say("Whether they may enter: %s why %s <url>. To send them a link: %s invite %s", c.program, u.Address, c.program, u.Address)
	})
}
