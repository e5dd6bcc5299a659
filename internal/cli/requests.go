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
	Name: "requests",
	below: []Command{
		{
			Name: "list",
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
		},
		{
			Name:  "approve",
			least: 1, most: 1, about: anEntry,
			flags: func(cmd *cobra.Command) {
				cmd.Flags().String("for", "", "For how long, for example 12h or 7d (default for good)")
			},
			run: func(c *invocation) error {
				return c.decide(adminapi.ApprovePath, adminapi.ApproveOrder{For: c.text("for")})
			},
		},
		{
			Name:  "refuse",
			least: 1, most: 1, about: anEntry,
			run: func(c *invocation) error { return c.decide(adminapi.RefusePath, nil) },
		},
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

func (c *invocation) decide(path string, order any) error {
	return answer(c, http.MethodPost, adminapi.At(path, c.id), order, func(done adminapi.DecideReport) {
		switch r := done.Request; {
		case !done.First:
			c.say("It was decided before, and stays so: %s is %s at %s since %s.", r.Address, r.Decision, r.Site, stamp(r.Decided))
		case r.Decision == adminapi.Granted:
			c.say("%s is let in at %s, %s, and gets a message with a link.", r.Address, r.Site, howLong(time.Now(), r.Until))
		default:
			c.say("%s is not let in at %s.", r.Address, r.Site)
		}
	})
}
