package caddymodule

import (
	"fmt"
	"runtime/debug"
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
	for _, name := range []string{"run", "start", "reload", "validate", "adapt"} {
		if command, _, err := root.Find([]string{name}); err == nil && command != root {
			command.RunE = endInOurWords(command.RunE)
		}
	}
	root.Version = versions()
	if version, _, err := root.Find([]string{"version"}); err == nil && version != root {
		version.Short, version.Long = "Prints the versions of Doorpost and of its Caddy", ""
		version.RunE = func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), root.Version)
			return err
		}
	}
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

// endInOurWords has a command of Caddy's print an error of ours by itself, below the
// line of Caddy's log in which it stands behind the path through all modules.
func endInOurWords(run func(*cobra.Command, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, given []string) error {
		err := run(cmd, given)
		if err != nil {
			if words, ours := ourWords(err); ours {
				printError(cmd, words)
			}
		}
		return err
	}
}

// versions are ours and Caddy's, each on a line.
func versions() string {
	ours := "unknown"
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, module := range append(build.Deps, &build.Main) {
			if module.Path == "github.com/doorpost-auth/doorpost" {
				ours = module.Version
			}
		}
	}
	_, caddys := caddy.Version()
	return "doorpost " + ours + "\ncaddy " + caddys
}
