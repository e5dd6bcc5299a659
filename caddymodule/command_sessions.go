package caddymodule

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

func sessionsCommand() caddycmd.Command {
	return caddycmd.Command{
		Name:  "sessions",
		Usage: "list [<address>] | end <address> | end --id <id> | end --all",
		Short: "Lists who is signed in, and shows out",
		Long: `
Lists sessions, and ends them: on every instance within a second, WebSockets and
downloads that go on included.

The command talks to the running server over its admin endpoint: localhost:2019,
or what --address says, or the admin option in the file that --config names.

Exit codes: 0 done, 1 failed, 2 called in a wrong way.`,
		CobraFunc: func(cmd *cobra.Command) {
			gathers(cmd, listSessionsCommand(), endCommand())
		},
	}
}

const sessionColumns = "LAST USE\tSIGNED IN\tENDS IN\tID\tADDRESS\tSITE\tDEVICE"

func (s sessionReport) row(now time.Time) string {
	device := strings.Join(strings.Fields(s.Browser+" "+s.System+" "+s.Network), " ")
	return fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s\t%s",
		span(now.Sub(s.LastUse)), span(now.Sub(s.SignedIn)), span(s.Expires.Sub(now)), s.ID, s.Address, s.Site, orDash(printable(device)))
}

func listSessionsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list [<address>] [--after <address>] [--all] [--json]",
		Short: "Lists sessions of somebody, or of everybody",
		Long: `
Lists the sessions of somebody, the last used first; or those of everybody, in
the order of addresses, about a hundred at a time: when each was last used, for
how long they have been signed in, when the session ends without further use,
its id, site and device. --all lists all, page by page. --json prints an array
of objects. An id signs nobody in.`,
		Example: "  doorpost sessions list alice@example.com\n  doorpost sessions list --all --json | jq length",
	}
	pageFlags(cmd)
	return talksWith(cmd, 0, 1, runListSessions)
}

func runListSessions(c *invocation) error {
	if c.flags.NArg() == 1 {
		return runListSessionsOf(c)
	}
	now := time.Now()
	return listPages(c, listing[sessionReport]{
		header: sessionColumns,
		row:    func(s sessionReport) string { return s.row(now) },
		fetch: func(server *adminClient, p pageOrder) ([]sessionReport, string, error) {
			var page sessionsPage
			err := server.ask(http.MethodPost, "/doorpost/sessions/list", sessionsOrder{pageOrder: p}, &page)
			return page.Sessions, page.Next, err
		},
		nobody: "Nobody is signed in.",
		again:  "sessions list",
	})
}

func runListSessionsOf(c *invocation) error {
	who, err := c.readAddress(0)
	if err != nil {
		return err
	}
	if c.flags.Bool("all") || c.flags.Changed("after") {
		return usageError{errors.New("--all and --after are for the sessions of everybody; leave them out, or the address")}
	}
	server, err := c.findServer()
	if err != nil {
		return err
	}
	var page sessionsPage
	if err := server.ask(http.MethodPost, "/doorpost/sessions/list", sessionsOrder{Address: who}, &page); err != nil {
		return err
	}
	switch {
	case c.flags.Bool("json"):
		return c.printJSON(page.Sessions)
	case len(page.Sessions) == 0:
		c.say("%s is signed in nowhere.", who)
		return nil
	}
	return c.printSessions(page.Sessions)
}

// printSessions prints a table of sessions.
func (c *invocation) printSessions(list []sessionReport) error {
	now := time.Now()
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, sessionColumns)
	for _, s := range list {
		fmt.Fprintln(table, s.row(now))
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}

func endCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "end (<address> | --id <id> | --all [--yes]) [--json]",
		Short: "Ends sessions of somebody, one, or those of everybody",
		Long: `
Ends all sessions of somebody; or the one with an id as sessions list shows
them; or, with --all, those of everybody, which has to be confirmed. Whom the
rules admit can sign in anew: to keep somebody out use users disable.

With --all standard error tells how far it is. Who signs in meanwhile may stay.
If it is interrupted, those that have ended stay so; run it again for the rest.

--json prints an object.`,
		Example: "  doorpost sessions end alice@example.com\n  doorpost sessions end --id 4f3c2a8be6d1907f5a9c03d2c4b1e876\n  doorpost sessions end --all --yes",
	}
	cmd.Flags().String("id", "", "End the session with this id")
	cmd.Flags().Bool("all", false, "End the sessions of everybody")
	cmd.Flags().Bool("yes", false, "Do so without asking")
	return talksWith(cmd, 0, 1, runEnd)
}

func runEnd(c *invocation) error {
	order, err := c.readEnd()
	if err != nil {
		return err
	}
	server, err := c.findServer()
	if err != nil {
		return err
	}
	if order.All {
		if err := c.confirm("This signs out everybody at " + server.address + ". Go on?"); err != nil {
			return err
		}
	}
	done, err := c.end(server, order)
	switch {
	case err != nil:
		return err
	case c.flags.Bool("json"):
		return c.printJSON(done)
	case order.All:
		c.say("Sessions that have ended: %d. Everybody has to sign in again.", done.Ended)
	case order.ID != "":
		c.say("This session of %s has ended.", done.Address)
	default:
		c.say("Sessions of %s that have ended: %d. To keep them out: %s users disable %s", done.Address, done.Ended, c.program, done.Address)
	}
	return nil
}

// readEnd reads which sessions are to end.
func (c *invocation) readEnd() (order endOrder, err error) {
	order = endOrder{ID: c.flags.String("id"), All: c.flags.Bool("all")}
	ways := c.flags.NArg()
	for _, given := range []bool{order.ID != "", order.All} {
		if given {
			ways++
		}
	}
	if ways != 1 {
		return order, usageError{errors.New("say whose sessions end, by one of <address>, --id <id> and --all")}
	}
	if c.flags.NArg() == 1 {
		order.Address, err = c.readAddress(0)
	}
	return order, err
}

// end has sessions ended, and tells how far it is.
func (c *invocation) end(server *adminClient, order endOrder) (done endReport, err error) {
	answer, err := server.open(http.MethodPost, "/doorpost/sessions/end", order)
	if err != nil {
		return done, err
	}
	defer answer.Close()
	for lines := json.NewDecoder(answer); ; {
		var line endReport
		err := lines.Decode(&line)
		switch {
		case err != nil:
			return done, advisedError{
				fmt.Errorf("the answer of the server at %s broke off after %d sessions had ended: %w", server.address, done.Ended, err),
				"see its log, and run this again for the rest",
			}
		case line.Error != "":
			return done, advisedError{fmt.Errorf("%s, after %d sessions had ended", line.Error, line.Ended), "run this again for the rest"}
		case line.Done:
			return line, nil
		}
		done = line
		fmt.Fprintf(c.progress, "sessions that have ended so far: %d\n", line.Ended)
	}
}

// confirm asks whoever sits at the terminal whether to go on, unless --yes says
// so.
func (c *invocation) confirm(question string) error {
	if c.flags.Bool("yes") {
		return nil
	}
	if file, ok := c.in.(*os.File); ok {
		if info, err := file.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
			return usageError{errors.New("nobody is there to be asked whether to go on; say so with --yes")}
		}
	}
	fmt.Fprintf(c.progress, "%s Type yes: ", question)
	answer, _ := bufio.NewReader(c.in).ReadString('\n') // nothing means no
	if strings.TrimSpace(answer) != "yes" {
		return errors.New("not confirmed, so nothing is done")
	}
	return nil
}
