package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/token"
	"github.com/spf13/cobra"
)

// invocation is one call of a command.
type invocation struct {
	cmd       *cobra.Command
	arguments []string
	caddy     Caddy
	program   string        // how our commands are called: doorpost, or caddy doorpost
	who       string        // the mail address that it is about, if any
	id        string        // of what it is about, if that is no person
	address   string        // of the admin API, once it was looked for
	source    string        // what says that it is there
	patience  time.Duration // how long the server may be silent

	out      *output   // for what was asked for
	progress io.Writer // for how far it is, and for questions
	in       io.Reader // for the answers to questions
}

// about reads the argument that names what a command is about.
type about func(c *invocation, given string) error

func aPerson(c *invocation, given string) error {
	who, err := address.Parse(given)
	c.who = string(who)
	if err != nil {
		return fmt.Errorf("%q is not a mail address: %w", given, err)
	}
	return nil
}

// anEntry is a message or an access request.
func anEntry(c *invocation, given string) error {
	if c.id = given; !adminapi.IsEntryID(given) {
		return fmt.Errorf("%q is not an id: that has 26 letters and digits, as the list shows it", given)
	}
	return nil
}

// aToken is named by its id, or by its whole text, which an operator may have found somewhere:
// of that nothing else leaves this process, for the server logs the path.
func aToken(c *invocation, given string) error {
	id, known := token.Parse(strings.TrimSpace(given))
	if !known {
		id, known = token.ParseID(given)
	}
	if c.id = string(id); !known {
		return errors.New("this is neither a token nor the id of one; tokens list shows those")
	}
	return nil
}

// text is the value of a flag.
func (c *invocation) text(flag string) string { return mustHave(c.cmd.Flags().GetString(flag)) }

// is reports whether a flag is set.
func (c *invocation) is(flag string) bool { return mustHave(c.cmd.Flags().GetBool(flag)) }

// number is the value of a flag.
func (c *invocation) number(flag string) int { return mustHave(c.cmd.Flags().GetInt(flag)) }

// list is the value of a flag that may be given several times.
func (c *invocation) list(flag string) []string {
	return mustHave(c.cmd.Flags().GetStringSlice(flag))
}

// given reports whether a flag was given.
func (c *invocation) given(flag string) bool { return c.cmd.Flags().Changed(flag) }

func mustHave[T any](value T, err error) T {
	if err != nil {
		panic("a flag that the command does not have: " + err.Error())
	}
	return value
}

// output is where a command prints. The first failure stays.
type output struct {
	to     io.Writer
	failed error
}

func (o *output) Write(p []byte) (n int, err error) {
	if n, err = o.to.Write(p); err != nil && o.failed == nil {
		o.failed = fmt.Errorf("printing: %w", err)
	}
	return n, err
}

// print prints a report: with --json as it is, else in words.
func (c *invocation) print(report any, words func()) {
	if !c.is("json") {
		words()
		return
	}
	encoder := json.NewEncoder(c.out)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(report) // output keeps what went wrong
}

// conclude prints a report whose news may be bad: it is what was asked for, with --json, too,
// and the command ends with the bad news.
func (c *invocation) conclude(report any, words func(), bad error) error {
	c.print(report, words)
	return bad
}

// say prints a line.
func (c *invocation) say(format string, values ...any) {
	fmt.Fprintf(c.out, format+"\n", values...)
}

// table prints rows in columns, which tabs separate.
func (c *invocation) table(rows ...string) {
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(table, row)
	}
	table.Flush()
}
