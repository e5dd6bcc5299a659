package caddymodule

import (
	"cmp"
	"fmt"
	"runtime/debug"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/doorpost-auth/doorpost/internal/cli"
	"github.com/spf13/cobra"
)

// Main is the doorpost binary: the command line of Caddy, with our commands at its top.
func Main() {
	caddy.CustomBinaryName, caddy.CustomLongDescription = "doorpost", cli.Help("doorpost").Long
	commands := Commands()
	for i, c := range commands {
		build := c.CobraFunc
		c.CobraFunc = func(cmd *cobra.Command) {
			build(cmd)
			cmd.GroupID = ourGroup.ID
			if i == len(commands)-1 {
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
	root.RunE = helpOf
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		switch given := cmd.Flags().Args(); {
		case cmd != root:
			return err
		case len(given) > 0: // which is why nobody knows the flag
			return noCommand(root, root, given[0])
		}
		return cli.End(root, caddyHost{}, cli.Misuse(err))
	})
	adjustHelp(root)
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
}

// Under these the help of the binary lists commands.
var (
	ourGroup   = &cobra.Group{ID: "doorpost", Title: "Commands of Doorpost:"}
	caddyGroup = &cobra.Group{ID: "caddy", Title: "Commands of Caddy:"}
)

// adjustHelp has the help begin with what Doorpost is, and know which commands there
// are not.
func adjustHelp(root *cobra.Command) {
	root.Example = cli.Help("doorpost").Examples()
	root.SetHelpTemplate(group.HelpTemplate() + "\nCaddy's own commands are described at https://caddyserver.com/docs/command-line\n")
	root.InitDefaultHelpCmd()
	if help, _, err := root.Find([]string{"help"}); err == nil && help != root {
		help.Args = func(cmd *cobra.Command, given []string) error {
			found, unknown, _ := root.Find(given)
			if len(unknown) > 0 && found.HasSubCommands() {
				return noCommand(cmd, found, unknown[0])
			}
			return nil
		}
	}
	group.Hidden = true // its commands are at the top
	root.AddGroup(ourGroup, caddyGroup)
	for _, command := range root.Commands() {
		command.GroupID = cmp.Or(command.GroupID, caddyGroup.ID)
	}
}

// endInOurWords has a command of Caddy's print an error of ours in place of the line of
// Caddy's log in which it stands behind the path through all modules.
func endInOurWords(run func(*cobra.Command, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, given []string) error {
		log := new(commandLog)
		log.hold()
		setEndingCommand(log)
		err := run(cmd, given)
		setEndingCommand(nil)
		if err == nil {
			log.release("")
			return nil
		}
		words, ours := ourWords(err)
		if !ours {
			log.release("")
			return err
		}
		log.release(err.Error())
		printError(cmd, words)
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
