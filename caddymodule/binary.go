package caddymodule

import (
	"fmt"
	"strings"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/doorpost-auth/doorpost/internal/cli"
	"github.com/spf13/cobra"
)

// Main is the doorpost binary: the command line of Caddy, with our commands at its top.
func Main() {
	caddy.CustomBinaryName = "doorpost"
	commands := Commands()
	for i, c := range commands {
		if i == len(commands)-1 {
			c.CobraFunc = func(cmd *cobra.Command) {
				commands[i].CobraFunc(cmd)
				adjust(group.Root())
			}
		}
		caddycmd.RegisterCommand(c)
	}
	caddycmd.Main()
}

// group is the command doorpost. Caddy hands out its root command by no other way than
// as the parent of a command that was added before.
var group *cobra.Command

// adjust changes what Caddy's command line does where it is ours.
func adjust(root *cobra.Command) {
	root.Args = cobra.ArbitraryArgs // or an unknown command is an error of cobra's, with exit code 1
	root.SuggestionsMinimumDistance = 2
	root.RunE = func(cmd *cobra.Command, given []string) error {
		if len(given) == 0 {
			return cmd.Help()
		}
		problem := fmt.Errorf("there is no command %q; %s help lists them", given[0], cmd.Name())
		if near := cmd.SuggestionsFor(given[0]); len(near) > 0 {
			problem = fmt.Errorf("there is no command %q; did you mean %s? %s help lists all", given[0], strings.Join(near, " or "), cmd.Name())
		}
		return cli.End(cmd, caddyHost{}, cli.Misuse(problem))
	}
}
