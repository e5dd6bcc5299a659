package cli

import (
	"fmt"
	"net/http"
	"regexp"
	"time"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/spf13/cobra"
)

// usualMessages is how many messages are listed.
const usualMessages = 20

var listMessagesCommand = Command{
	Name:  "list",
	Usage: "[--limit <n>] [--all] [--reveal] [--json]",
	Short: "Lists messages, the newest first",
	Long: `
Lists messages of the last 72 hours, the newest first: how long ago each was
made, what became of it, who gets it, through which mailer, how often it was
handed over to a mail service, its id, and the last problem. --json prints an
array of objects.`,
	examples: []string{"doorpost outbox list", "doorpost outbox list --all --json | jq '.[] | select(.state == \"failed\")'"},
	flags: func(cmd *cobra.Command) {
		cmd.Flags().Int("limit", usualMessages, "How many messages to list")
		cmd.Flags().Bool("all", false, "List all messages")
		revealFlag(cmd)
	},
	run: func(c *invocation) error {
		limit := c.number("limit")
		switch {
		case limit < 1:
			return misused("--limit must be a number from 1")
		case c.is("all") && c.given("limit"):
			return misused("--limit and --all are both given; keep one")
		case c.is("all"):
			limit = 0
		}
		return printList(c, c.messages(func(p adminapi.Page) (page adminapi.Messages, err error) {
			q := query(p)
			if c.is("reveal") {
				q.Set("reveal", "1")
			}
			err = c.ask(http.MethodGet, adminapi.OutboxPath+"?"+q.Encode(), nil, &page)
			return page, err
		}), "", limit)
	},
}

func (c *invocation) messages(fetch func(adminapi.Page) (adminapi.Messages, error)) listing[adminapi.Message] {
	const kept = int(outbox.Kept / time.Hour)
	now := time.Now()
	return listing[adminapi.Message]{
		columns: "AGE\tSTATE\tTO\tMAILER\tHANDED OVER\tID\tPROBLEM",
		row: func(m adminapi.Message) string {
			return fmt.Sprintf("%s\t%s\t%s\t%s\t%d\t%s\t%s",
				span(now.Sub(m.Created)), m.State, m.To, orDash(m.Mailer), m.Attempts, m.ID, orDash(shorten(cause(m.Problem))))
		},
		fetch: func(p adminapi.Page) ([]adminapi.Message, string, error) {
			page, err := fetch(p)
			return page.Messages, page.Next, err
		},
		empty: fmt.Sprintf("There was no message in the last %d hours.", kept),
		foot: func(listed int, next string) string {
			if next == "" {
				return fmt.Sprintf("This is all of the last %d hours. One in full: %s outbox show <id>", kept, c.program)
			}
			return fmt.Sprintf("These are the newest %d; for more: %s outbox list --limit %d, or --all. One in full: %s outbox show <id>", listed, c.program, 5*listed, c.program)
		},
	}
}

// frames is what mail.SendError puts around a cause.
var frames = regexp.MustCompile(`sending mail through \S+ \([a-z ]+\): `)

// cause is a problem without the words that each problem has.
func cause(problem string) string { return frames.ReplaceAllString(problem, "") }
