package cli

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/spf13/cobra"
)

var usersCommand = Command{
	Name: "users",
	below: []Command{
		listUsersCommand, showUserCommand, addUserCommand, leaveCommand, disableCommand, enableCommand, removeCommand,
	},
}

var listUsersCommand = Command{
	Name: "list",
	flags: func(cmd *cobra.Command) {
		cmd.Flags().String("search", "", "List only people whose address has this in it")
		pageFlags(cmd)
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
		}, again)
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
	least: 1, most: 1, aboutPerson: true,
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
