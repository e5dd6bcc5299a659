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
	Name:  "users",
	Usage: "list | show | add | leave | disable | enable | remove <address>",
	Short: "Lists the people who are known, and changes their groups and access",
	Long: `
Lists the people that the store knows, and changes what it knows of them.
Somebody is known after their first sign-in, or after they were added, invited,
or let in by an owner. Who may enter is up to the rules of the configuration;
doorpost why shows what they say.

A change counts at once: a session that goes on has the new groups with its next
request, on every instance within a second.` + helpServer + helpExit,
	below: []Command{
		listUsersCommand, showUserCommand, addUserCommand, leaveCommand, disableCommand, enableCommand, removeCommand,
	},
}

var listUsersCommand = Command{
	Name:  "list",
	Usage: "[--search <part of an address>] [--after <address>] [--all] [--json]",
	Short: "Lists the people who are known, in the order of addresses",
	Long: `
Lists the people who are known, in the order of addresses, a hundred at a time:
for how long, how long ago they first signed in, whether they are disabled, and
their groups. --all lists everybody, page by page. --json prints an array of
objects.`,
	examples: []string{"doorpost users list --search @example.com", "doorpost users list --all --json | jq -r '.[] | select(.disabled) | .address'"},
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
	Usage: "<address> [--json]",
	Short: "Shows what is known of somebody, and where they are signed in",
	Long: `
Shows what is known of somebody: since when, their groups and where those come
from, what owners granted, the recovery address, and each session with its
device. --json prints an object.`,
	examples: []string{"doorpost users show alice@example.com"},
	least:    1, most: 1,
	run: func(c *invocation) error {
		var u adminapi.User
		if err := c.askAbout(adminapi.ShowUserPath, nil, &u); err != nil {
			return err
		}
		return c.print(u, func() error { return c.printUser(u) })
	},
}

// printUser prints what is known of somebody.
func (c *invocation) printUser(u adminapi.User) error {
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
		return nil
	}
	c.say("Sessions: %d; to end them: %s sessions end %s, or sessions end --id <id>\n", len(u.Sessions), c.program, u.Address)
	return c.printSessions(u.Sessions)
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
