package caddymodule

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

func usersCommand() caddycmd.Command {
	return caddycmd.Command{
		Name:  "users",
		Usage: "list | show | add | leave | disable | enable | move | remove <address>",
		Short: "Lists who is known, and changes groups and access",
		Long: `
Lists those whom the store knows, and changes what it knows of them. Known is
who has signed in once, or was added, invited, or let in by an owner. Who may
enter is up to the rules of the configuration; doorpost why tells.

The command talks to the running server over its admin endpoint: localhost:2019,
or what --address says, or the admin option in the file that --config names.

What is changed counts at once: a session that goes on has the new groups with
its next request, on every instance within a second.

Exit codes: 0 done, 1 failed, 2 called in a wrong way.`,
		CobraFunc: func(cmd *cobra.Command) {
			gathers(cmd, listUsersCommand(), showUserCommand(), addUserCommand(), leaveCommand(), disableCommand(), enableCommand(), moveCommand(), removeCommand())
		},
	}
}

func showUserCommand() *cobra.Command {
	return talks(&cobra.Command{
		Use:   "show <address> [--json]",
		Short: "Tells what is known of somebody, and where they are signed in",
		Long: `
Tells what is known of somebody: since when, their groups and where those come
from, what owners granted, the recovery address, and each session with its
device. --json prints an object.`,
		Example: "  doorpost users show alice@example.com",
	}, 1, runShowUser)
}

func runShowUser(c *invocation) error {
	var u userReport
	if err := c.order("/doorpost/users/show", nil, &u); err != nil {
		return err
	}
	if c.flags.Bool("json") {
		return c.printJSON(u)
	}
	return c.printUser(u)
}

// order sends what a command about one person, its first argument, asks for.
func (c *invocation) order(path string, groups []string, answer any) error {
	who, err := c.readAddress(0)
	if err != nil {
		return err
	}
	server, err := c.findServer()
	if err != nil {
		return err
	}
	return server.ask(http.MethodPost, path, userOrder{Address: who, Groups: groups}, answer)
}

// changes makes a command that changes somebody: it prints who they are then,
// or says what is so now.
func changes(cmd *cobra.Command, path string, say func(c *invocation, u userReport)) *cobra.Command {
	return talks(cmd, 1, func(c *invocation) error {
		var groups []string
		if c.flags.Lookup("group") != nil {
			groups = c.strings("group")
		}
		var u userReport
		if err := c.order(path, groups, &u); err != nil {
			return err
		}
		if c.flags.Bool("json") {
			return c.printJSON(u)
		}
		say(c, u)
		return nil
	})
}

func addUserCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "add <address> [--group <name>…] [--json]",
		Short: "Makes somebody known, and puts them into groups",
		Long: `
Makes somebody known, and puts them into groups of the configuration, which are
made there by the option group. Whoever is known already is put into the groups
given. Nothing is sent: doorpost invite does that. --json prints an object.`,
		Example: "  doorpost users add alice@example.com --group staff --group admins",
	}
	cmd.Flags().StringSlice("group", nil, "Put them into this group; may be given several times")
	return changes(cmd, "/doorpost/users/add", func(c *invocation, u userReport) {
		c.say("%s is known%s.", u.Address, inGroups(u.Groups))
		c.say("Whether they may enter: %s why %s <url>. To send them a link: %s invite %s", c.program, u.Address, c.program, u.Address)
	})
}

func inGroups(groups []string) string {
	if len(groups) == 0 {
		return ", and in no group"
	}
	return ", and in " + strings.Join(groups, ", ")
}

func leaveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "leave <address> --group <name>… [--json]",
		Short: "Takes somebody out of groups",
		Long: `
Takes somebody out of groups that the store put them into, by users add, invite
or the page of the admins. Who is in a group by the configuration is taken out
of it there. --json prints an object.`,
		Example: "  doorpost users leave alice@example.com --group staff",
	}
	cmd.Flags().StringSlice("group", nil, "Take them out of this group; may be given several times")
	return requires(changes(cmd, "/doorpost/users/leave", func(c *invocation, u userReport) {
		for _, group := range c.strings("group") {
			if slices.Contains(u.Groups, group) {
				c.say("%s stays in %s: the configuration says so, and is where that is changed.", u.Address, group)
			} else {
				c.say("%s is not in %s.", u.Address, group)
			}
		}
	}), "group", "say which group, for instance --group staff")
}

// requires makes a flag of a command required.
func requires(cmd *cobra.Command, flag, otherwise string) *cobra.Command {
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		if cmd.Flags().Changed(flag) {
			return nil
		}
		return end(cmd, usageError{errors.New(otherwise)})
	}
	return cmd
}

func disableCommand() *cobra.Command {
	return changes(&cobra.Command{
		Use:   "disable <address> [--json]",
		Short: "Shows somebody out, and keeps them out",
		Long: `
Ends the sessions and open links of somebody, and lets them sign in no more,
whatever the rules say, until they are enabled again. --json prints an object.`,
		Example: "  doorpost users disable alice@example.com",
	}, "/doorpost/users/disable", func(c *invocation, u userReport) {
		c.say("%s is disabled: signed out everywhere, and cannot sign in.", u.Address)
		c.say("To take that back: %s users enable %s", c.program, u.Address)
	})
}

func enableCommand() *cobra.Command {
	return changes(&cobra.Command{
		Use:     "enable <address> [--json]",
		Short:   "Lets somebody sign in again who was disabled",
		Long:    "\nLets somebody sign in again who was disabled, as far as the rules admit them.\n--json prints an object.",
		Example: "  doorpost users enable alice@example.com",
	}, "/doorpost/users/enable", func(c *invocation, u userReport) {
		c.say("%s may sign in again, as far as the rules admit them.", u.Address)
	})
}

func removeCommand() *cobra.Command {
	return talks(&cobra.Command{
		Use:   "remove <address> [--json]",
		Short: "Forgets somebody",
		Long: `
Forgets somebody, with their groups, grants, sessions, open links and requests
to be let in. Whom the rules admit can sign in anew: to keep somebody out use
users disable. --json prints an object.`,
		Example: "  doorpost users remove alice@example.com",
	}, 1, func(c *invocation) error {
		var done removeReport
		if err := c.order("/doorpost/users/remove", nil, &done); err != nil {
			return err
		}
		if c.flags.Bool("json") {
			return c.printJSON(done)
		}
		c.say("%s is removed, and signed out everywhere. Whom the rules admit can sign in anew.", done.Address)
		return nil
	})
}

// printUser tells what is known of somebody.
func (c *invocation) printUser(u userReport) error {
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

// groupsInWords tells the groups of somebody, and where they come from.
func groupsInWords(u userReport) string {
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
			all = append(all, fmt.Sprintf("%s (added, and counts for nothing: the configuration has no such group)", group))
		}
	}
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, ", ")
}

// howLong tells for how long something lasts.
func howLong(now, until time.Time) string {
	switch {
	case until.IsZero():
		return "for good"
	case until.Before(now):
		return "until " + stamp(until) + ", which is over"
	}
	return fmt.Sprintf("for another %s (until %s)", span(until.Sub(now)), stamp(until))
}
