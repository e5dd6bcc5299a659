package caddymodule

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/spf13/cobra"
)

const (
	usualList  = 20 // messages
	maxProblem = 80 // characters of a problem
)

func listCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list [--limit <n>] [--all] [--reveal] [--json]",
		Short: "Lists messages, the newest first",
		Long: `
Lists messages of the last 72 hours, the newest first: how long ago each was
made, what became of it, to whom, through which mailer, how often it was handed
over to a mail service, its id, and the last problem. --json prints an array of
objects.`,
		Example: "  doorpost outbox list\n  doorpost outbox list --all --json | jq '.[] | select(.state == \"failed\")'",
	}
	cmd.Flags().Int("limit", usualList, "How many messages to list")
	cmd.Flags().Bool("all", false, "List all messages")
	cmd.Flags().Bool("reveal", false, "Show addresses in full")
	return talks(cmd, 0, runList)
}

func runList(c *invocation) error {
	limit := c.flags.Int("limit")
	switch {
	case limit < 1:
		return usageError{errors.New("--limit takes a number from 1")}
	case c.flags.Bool("all") && c.flags.Changed("limit"):
		return usageError{errors.New("--limit and --all are both given; keep one")}
	case c.flags.Bool("all"):
		limit = math.MaxInt
	}
	server, err := c.findServer()
	if err != nil {
		return err
	}
	list, more, err := server.messages(limit, c.flags.Bool("reveal"))
	switch {
	case err != nil:
		return err
	case c.flags.Bool("json"):
		return c.printJSON(list)
	}
	return c.printTable(list, more)
}

// messages fetches at most n messages, page by page, and tells whether there
// are more. The list is never nil: machines get an array.
func (c *adminClient) messages(n int, reveal bool) (list []messageReport, more bool, err error) {
	list = []messageReport{}
	query := url.Values{}
	if reveal {
		query.Set("reveal", "1")
	}
	for {
		var page outboxPage
		query.Set("limit", strconv.Itoa(min(n-len(list), maxPage)))
		if err := c.ask(http.MethodGet, "/doorpost/outbox?"+query.Encode(), nil, &page); err != nil {
			return nil, false, err
		}
		list = append(list, page.Messages...)
		if page.Next == "" || len(list) >= n {
			return list, page.Next != "", nil
		}
		query.Set("from", page.Next)
	}
}

// printTable prints messages, and how to see more.
func (c *invocation) printTable(list []messageReport, more bool) error {
	if len(list) == 0 {
		c.say("There was no message in the last %d hours.", outbox.Kept/time.Hour)
		return nil
	}
	now := time.Now()
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "AGE\tSTATE\tTO\tMAILER\tHANDED OVER\tID\tPROBLEM")
	for _, m := range list {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\t%s\t%s\n",
			span(now.Sub(m.Created)), m.State, m.To, orDash(m.Mailer), m.Attempts, m.ID, orDash(shorten(cause(m.Problem), maxProblem)))
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	if more {
		c.say("These are the newest %d; for more: %s outbox list --limit %d, or --all. One in full: %s outbox show <id>", len(list), c.program, 5*len(list), c.program)
	} else {
		c.say("This is all of the last %d hours. One in full: %s outbox show <id>", outbox.Kept/time.Hour, c.program)
	}
	return nil
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// frames is what mail.SendError puts around a cause.
var frames = regexp.MustCompile(`sending mail through \S+ \([a-z ]+\): `)

// cause is a problem without the words that each problem has.
func cause(problem string) string { return frames.ReplaceAllString(problem, "") }

// shorten keeps a text on one line and at most n characters long.
func shorten(s string, n int) string {
	letters := []rune(printable(s))
	if len(letters) > n {
		letters = append(letters[:n-1], '…')
	}
	return string(letters)
}
