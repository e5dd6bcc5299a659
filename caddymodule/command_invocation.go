package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/spf13/cobra"
)

// Exit codes of commands that talk to the server.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// invocation is one call of a command that talks to the server.
type invocation struct {
	flags    caddycmd.Flags
	out      io.Writer // for what was asked for; errors go through Caddy's logger to standard error
	progress io.Writer // for how far it is
	in       io.Reader // for the answers to questions
	program  string    // how our commands are called: doorpost, or caddy doorpost
}

// usageError is a mistake in how a command was called.
type usageError struct{ error }

// talks makes a command one that talks to the server: it adds the flags that
// find the server, and ends with one of the exit codes. It takes as many
// arguments as are given here.
func talks(cmd *cobra.Command, arguments int, run func(*invocation) error) *cobra.Command {
	return talksWith(cmd, arguments, arguments, run)
}

// talksWith is talks for a command that may be given fewer arguments, or more.
func talksWith(cmd *cobra.Command, least, most int, run func(*invocation) error) *cobra.Command {
	flags := cmd.Flags()
	flags.String("address", "", "The admin endpoint of the server, for instance localhost:2019 or unix//run/caddy.sock")
	flags.StringP("config", "c", "", "The configuration file of the server, to find its admin endpoint by")
	flags.StringP("adapter", "a", "", "The config adapter for that file, if it is no Caddyfile")
	flags.Bool("json", false, "Print JSON, for machines")
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return end(cmd, usageError{err}) })
	cmd.Args = func(cmd *cobra.Command, given []string) error {
		if least <= len(given) && len(given) <= most {
			return nil
		}
		takes := strconv.Itoa(least)
		if most > least {
			takes += " to " + strconv.Itoa(most)
		}
		return end(cmd, usageError{fmt.Errorf("%d arguments are given, it takes %s: %s %s", len(given), takes, cmd.Parent().Name(), cmd.Use)})
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return end(cmd, run(&invocation{caddycmd.Flags{FlagSet: cmd.Flags()}, cmd.OutOrStdout(), cmd.ErrOrStderr(), cmd.InOrStdin(), program(cmd)}))
	}
	return cmd
}

// gathers makes a command one that only has others below it.
func gathers(cmd *cobra.Command, others ...*cobra.Command) {
	var names []string
	for _, other := range others {
		cmd.AddCommand(other)
		names = append(names, other.Name())
	}
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return end(cmd, usageError{err}) })
	cmd.RunE = func(cmd *cobra.Command, given []string) error {
		problem := "say which command"
		if len(given) > 0 {
			problem = fmt.Sprintf("there is no command %s %s", cmd.Name(), given[0])
		}
		return end(cmd, usageError{fmt.Errorf("%s; there are: %s", problem, strings.Join(names, ", "))})
	}
}

// end ends a command as Caddy's own do: the error is logged, and the process
// ends with the code.
func end(cmd *cobra.Command, err error) error {
	code := exitDone
	if err != nil {
		code = exitFailed
	}
	if _, ok := errors.AsType[usageError](err); ok {
		code = exitUsage
	}
	return caddycmd.WrapCommandFuncForCobra(func(caddycmd.Flags) (int, error) { return code, err })(cmd, nil)
}

// binary is how an operator calls Caddy's own commands.
func binary() string { return filepath.Base(os.Args[0]) }

// program is how an operator calls ours.
func program(cmd *cobra.Command) string {
	if strings.HasPrefix(cmd.CommandPath(), cmd.Root().Name()+" doorpost ") {
		return binary() + " doorpost"
	}
	return binary()
}

// printJSON prints a value for machines.
func (c *invocation) printJSON(value any) error {
	encoder := json.NewEncoder(c.out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// readAddress checks the mail address that a command is given.
func (c *invocation) readAddress(argument int) (string, error) {
	who, err := address.Parse(c.flags.Arg(argument))
	if err != nil {
		return "", usageError{fmt.Errorf("this is no mail address: %w", err)}
	}
	return string(who), nil
}

// strings is the value of a flag that may be given several times.
func (c *invocation) strings(name string) []string {
	list, err := c.flags.GetStringSlice(name)
	if err != nil {
		panic("a flag that no command has: " + err.Error())
	}
	return list
}

// say prints a line.
func (c *invocation) say(format string, values ...any) {
	fmt.Fprintf(c.out, format+"\n", values...)
}
