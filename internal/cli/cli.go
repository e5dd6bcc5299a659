// Package cli is the command line: commands that talk to a running server over
// its admin API, and doctor, which does without one where it has to.
//
// # Rules for all commands
//
// What was asked for goes to standard output, in words, or with --json as one
// array or object; bad news, too. A command that failed prints nothing there.
// Progress and questions go to standard error, and so do errors, each on a line
// that begins with ERROR.
//
// An error is lower case and without a full stop. It says what is wrong and, after
// a semicolon, what to do about it. A sentence in the output has a capital letter
// and a full stop. A command that the reader can copy stands at the end, after a
// colon, and begins with the name by which the program was called.
//
// What a mail service, a browser or a stranger wrote goes through printable, so
// that it cannot steer the terminal.
//
// The exit code is 0 if the command did its work, 1 if it failed, 2 if it was
// called in a wrong way, as with the file of a server that nobody can ask. A
// command whose answer can be bad news (doctor, why, invite, health) ends with 1 then.
package cli

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/spf13/cobra"
)

// Caddy is what commands need of the program that they are part of.
type Caddy interface {
	// Load reads a configuration file, and adapts it to JSON unless it is JSON. An
	// empty name stands for the Caddyfile in this folder, or else for that of the
	// service. file is the name of what was read, empty if there was nothing to read.
	Load(name, adapter string) (config []byte, file string, err error)

	// AdminAddress is where the admin API is: the address given, or what the
	// configuration says; if that is nil, what the file says, or without a name the
	// one that Load finds; or the usual one. source is what says so. The error is AdminOff
	// if there is none.
	AdminAddress(given string, config []byte, file, adapter string) (address, source string, err error)

	// Request sends a request to the admin API; body may be nil. The end of ctx ends
	// the reading of the answer, too, and its cause is the error then. Else the error is a Refusal if the status of the
	// answer is 400 or more, and Unreachable if nobody answers.
	Request(ctx context.Context, address, method, path string, body io.Reader) (*http.Response, error)

	// Try loads a configuration as a server would, but opens nothing, and returns
	// what can be told of it by itself. It is for a process that ends soon.
	Try(config []byte) ([]adminapi.Finding, error)

	// CopyStore copies what one store holds into another one, which holds nothing, or a
	// part of that copy. Each is named as in a Caddyfile, after the word store, or by a
	// configuration file.
	CopyStore(ctx context.Context, from, to, adapter string, tell CopyProgress) (adminapi.CopyReport, error)

	// Exit ends a command with a code and, unless it is nil, an error, which it prints.
	Exit(cmd *cobra.Command, code int, err error) error
}

// CopyProgress is told what was done to how many records so far: "copied" or "compared".
type CopyProgress func(done string, records int)

// Command is a command, or a group of them.
type Command struct {
	Name string

	// From help.txt:
	Usage       string // what follows the name
	Short, Long string
	examples    []string

	least, most int           // arguments
	about       about         // what the first argument names, where there is one
	serverless  bool          // it asks no server
	patience    time.Duration // how long it waits for the server by itself; usualPatience if zero
	flags       func(*cobra.Command)
	run         func(*invocation) error
	below       []Command // of a group, which does not run itself
}

// Commands are all commands of this package.
func Commands() (list []Command) {
	for _, c := range []Command{usersCommand, passkeysCommand, sessionsCommand, tokensCommand, inviteCommand, requestsCommand, whyCommand, outboxCommand, storeCommand, healthCommand, statsCommand, doctorCommand} {
		list = append(list, c.withHelp(""))
	}
	return list
}

// helpText is what operators read of each command: name and usage in the heading,
// what it does in one line, then in full, and examples at the end.
//
//go:embed help.txt
var helpText string

// ends stand for paragraphs at the end of several texts.
var ends = strings.NewReplacer("{server}", `The command talks to the running server over its admin API, at localhost:2019.
Where it is another address, give it with --address, or name the configuration
file with --config: the option admin in it says where. Without either, the
Caddyfile in this folder says so, if there is one; then CADDY_ADMIN in the
environment; then /etc/doorpost/Caddyfile, the file of the service.`, "{exit codes}", `Exit codes: 0 done, 1 failed, 2 called in a wrong way.`)

// Help is a command that another package runs, with what is said of it.
func Help(name string) Command { return Command{Name: name}.withHelp("") }

// withHelp adds to a command, and to those below it, what is said of them.
func (c Command) withHelp(group string) Command {
	name := strings.TrimSpace(group + " " + c.Name)
	_, text, _ := strings.Cut("\n"+helpText, "\n# "+name+": ")
	text, _, _ = strings.Cut(text, "\n# ")
	c.Usage, text, _ = strings.Cut(text, "\n")
	c.Short, text, _ = strings.Cut(text, "\n")
	text, examples, given := strings.Cut(text, "\n$ ")
	c.Long = "\n" + ends.Replace(strings.TrimSpace(text))
	if given {
		c.examples = strings.Split(strings.TrimSpace(examples), "\n$ ")
	}
	below := c.below
	c.below = nil
	for _, b := range below {
		c.below = append(c.below, b.withHelp(name))
	}
	return c
}

// Examples are how the command is called, each on a line, as cobra wants them.
func (c Command) Examples() string {
	if c.examples == nil {
		return ""
	}
	return "  " + strings.Join(c.examples, "\n  ")
}

// Misuse is a mistake in how a command was called.
func Misuse(err error) error { return usageError{err} }

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// usageError is a mistake in how a command was called.
type usageError struct{ error }

func misused(format string, values ...any) error { return usageError{fmt.Errorf(format, values...)} }

// advisedError is a problem with what to do about it.
type advisedError struct {
	problem error
	advice  string
}

func (e advisedError) Error() string { return e.problem.Error() + "; " + e.advice }

func (e advisedError) Unwrap() error { return e.problem }

// End ends a command, with the exit code that an error stands for.
func End(cmd *cobra.Command, caddy Caddy, err error) error {
	code := exitDone
	if err != nil {
		code = exitFailed
	}
	if _, misuse := errors.AsType[usageError](err); misuse {
		code = exitUsage
	}
	return caddy.Exit(cmd, code, err)
}

// Build adds to a cobra command, which has the name and the help texts already,
// what it takes and what it does.
func (c Command) Build(cmd *cobra.Command, caddy Caddy) {
	end := func(cmd *cobra.Command, err error) error { return End(cmd, caddy, err) }
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return end(cmd, usageError{err}) })
	if c.run == nil {
		c.buildGroup(cmd, caddy, end)
		return
	}
	cmd.Example = c.Examples()
	flags := cmd.Flags()
	if !c.serverless {
		flags.String("address", "", "The admin API of the server, for example localhost:2019 or unix//run/caddy.sock")
		flags.StringP("config", "c", "", "The configuration file of the server, which says where its admin API is")
		flags.Duration("timeout", cmp.Or(c.patience, usualPatience), "How long to wait for the server to answer, or to go on with a long answer")
	}
	flags.StringP("adapter", "a", "", "The config adapter for a configuration file that is not a Caddyfile")
	flags.Bool("json", false, "Print JSON, for programs")
	if c.flags != nil {
		c.flags(cmd)
	}
	cmd.Args = func(cmd *cobra.Command, given []string) error {
		if c.least <= len(given) && len(given) <= c.most {
			return nil
		}
		return end(cmd, misused("%d arguments are given, it takes %s: %s %s", len(given), c.takes(), cmd.Parent().Name(), cmd.Use))
	}
	cmd.RunE = func(cmd *cobra.Command, arguments []string) error {
		i := &invocation{
			cmd: cmd, arguments: arguments, caddy: caddy, program: program(cmd),
			out: &output{to: cmd.OutOrStdout()}, progress: cmd.ErrOrStderr(), in: cmd.InOrStdin(),
		}
		return end(cmd, c.execute(i))
	}
}

// execute runs the command. What it could not print is an error, too.
func (c Command) execute(i *invocation) error {
	if c.about != nil && len(i.arguments) > 0 {
		if err := c.about(i, i.arguments[0]); err != nil {
			return usageError{err}
		}
	}
	if !c.serverless {
		if i.patience = mustHave(i.cmd.Flags().GetDuration("timeout")); i.patience <= 0 {
			return misused("--timeout must be longer than 0s, for example 10s")
		}
	}
	return cmp.Or(c.run(i), i.out.failed)
}

func (c Command) takes() string {
	if c.most > c.least {
		return strconv.Itoa(c.least) + " to " + strconv.Itoa(c.most)
	}
	return strconv.Itoa(c.least)
}

func (c Command) buildGroup(cmd *cobra.Command, caddy Caddy, end func(*cobra.Command, error) error) {
	var names []string
	for _, b := range c.below {
		sub := &cobra.Command{Use: b.Name + " " + b.Usage, Short: b.Short, Long: b.Long}
		b.Build(sub, caddy)
		cmd.AddCommand(sub)
		names = append(names, b.Name)
	}
	cmd.RunE = func(cmd *cobra.Command, given []string) error {
		problem := "say which command"
		if len(given) > 0 {
			problem = fmt.Sprintf("there is no command %s %s", cmd.Name(), given[0])
		}
		return end(cmd, misused("%s; there are: %s", problem, strings.Join(names, ", ")))
	}
}

// binary is how an operator calls Caddy's own commands.
func binary() string { return filepath.Base(os.Args[0]) }

// program is how an operator calls ours: doorpost, or caddy doorpost.
func program(cmd *cobra.Command) string {
	if strings.HasPrefix(cmd.CommandPath(), cmd.Root().Name()+" doorpost ") {
		return binary() + " doorpost"
	}
	return binary()
}
