package cli

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/spf13/cobra"
)

var requestsCommand = Command{
	Name:  "requests",
	Usage: "list | approve <id> [--for <duration>] | refuse <id>",
	Short: "Lists access requests, and decides about them",
	Long: `
Lists access requests: people who are not admitted by the rules ask the owners
of a site to be let in (option ask). You can decide in place of the owners.
Somebody who is approved gets a message with a link; somebody who is refused is
told nothing, and cannot ask again for a week.` + helpServer + helpExit,
	below: []Command{listRequestsCommand, approveCommand, refuseCommand},
}

var listRequestsCommand = Command{
	Name:  "list",
	Usage: "[--json]",
	Short: "Lists the access requests that are not decided, the oldest first",
	Long: `
Lists the access requests that are not decided, the oldest first: how long they
have waited, who asks, for which site, the id of the request, and what the
person wrote. --json prints an array of objects.`,
	examples: []string{"doorpost requests list"},
	run: func(c *invocation) error {
		now := time.Now()
		return printList(c, listing[adminapi.AccessRequest]{
			columns: "WAITS\tADDRESS\tSITE\tID\tWORDS",
			row: func(r adminapi.AccessRequest) string {
				return fmt.Sprintf("%s\t%s\t%s\t%s\t%s", span(now.Sub(r.Asked)), r.Address, r.Site, r.ID, orDash(shorten(r.Words)))
			},
			fetch: func(p adminapi.Page) ([]adminapi.AccessRequest, string, error) {
				var page adminapi.AccessRequests
				err := c.ask(http.MethodGet, adminapi.RequestsPath+"?"+query(p).Encode(), nil, &page)
				return page.Requests, page.Next, err
			},
			empty: "Nobody asks to be let in.",
			foot: func(int, string) string {
				return "To decide: " + c.program + " requests approve <id>, or refuse <id>"
			},
		}, "", 0)
	},
}

// query is a page as it stands in the query of a request.
func query(p adminapi.Page) url.Values {
	q := url.Values{"limit": {strconv.Itoa(p.Limit)}}
	if p.From != "" {
		q.Set("from", p.From)
	}
	return q
}

var approveCommand = Command{
	Name:  "approve",
	Usage: "<id> [--for <duration>] [--json]",
	Short: "Lets in the person who made an access request",
	Long: `
Lets in the person who made an access request, for good or for as long as --for
says, and sends them a link. --json prints an object.`,
	examples: []string{"doorpost requests approve k5mx3tq7w2hfjz4ncv6rbd7aye --for 7d"},
	least:    1, most: 1,
	flags: func(cmd *cobra.Command) {
		cmd.Flags().String("for", "", "For how long, for example 12h or 7d (default for good)")
	},
	run: func(c *invocation) error {
		return c.decide(adminapi.ApprovePath, adminapi.ApproveOrder{For: c.text("for")})
	},
}

var refuseCommand = Command{
	Name:  "refuse",
	Usage: "<id> [--json]",
	Short: "Does not let in the person who made an access request",
	Long: `
Does not let in the person who made an access request. They are told nothing,
and cannot ask again for a week. --json prints an object.`,
	examples: []string{"doorpost requests refuse k5mx3tq7w2hfjz4ncv6rbd7aye"},
	least:    1, most: 1,
	run: func(c *invocation) error { return c.decide(adminapi.RefusePath, nil) },
}

func (c *invocation) decide(path string, order any) error {
	var done adminapi.DecideReport
	if err := c.ask(http.MethodPost, adminapi.At(path, c.arguments[0]), order, &done); err != nil {
		return err
	}
	return c.print(done, func() error {
		switch r := done.Request; {
		case !done.First:
			c.say("It was decided before, and stays so: %s is %s at %s since %s.", r.Address, r.Decision, r.Site, stamp(r.Decided))
		case r.Decision == adminapi.Approved:
			c.say("%s is let in at %s, %s, and gets a message with a link.", r.Address, r.Site, howLong(time.Now(), r.Until))
		default:
			c.say("%s is not let in at %s.", r.Address, r.Site)
		}
		return nil
	})
}
