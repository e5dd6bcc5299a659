package caddymodule

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"text/tabwriter"
	"time"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

func requestsCommand() caddycmd.Command {
	return caddycmd.Command{
		Name:  "requests",
		Usage: "list | approve <id> [--for <duration>] | refuse <id>",
		Short: "Lists who asks to be let in, and decides",
		Long: `
Lists those who ask the owners of a site to be let in (option ask), and decides
in their place. Who is approved gets a message with a link; who is refused is
told nothing, and cannot ask again for a week.

The command talks to the running server over its admin endpoint: localhost:2019,
or what --address says, or the admin option in the file that --config names.

Exit codes: 0 done, 1 failed, 2 called in a wrong way.`,
		CobraFunc: func(cmd *cobra.Command) {
			gathers(cmd, listRequestsCommand(), approveCommand(), refuseCommand())
		},
	}
}

func listRequestsCommand() *cobra.Command {
	return talks(&cobra.Command{
		Use:   "list [--json]",
		Short: "Lists who asks and was not decided about, the longest wait first",
		Long: `
Lists who asks to be let in and was not decided about, those who wait longest
first: for how long, who, where, the id of the request, and what they wrote.
--json prints an array of objects.`,
		Example: "  doorpost requests list",
	}, 0, runListRequests)
}

func runListRequests(c *invocation) error {
	server, err := c.findServer()
	if err != nil {
		return err
	}
	list := []requestReport{}
	for query := (url.Values{"limit": {strconv.Itoa(maxPeople)}}); ; {
		var page requestsPage
		if err := server.ask(http.MethodGet, "/doorpost/requests?"+query.Encode(), nil, &page); err != nil {
			return err
		}
		list = append(list, page.Requests...)
		if page.Next == "" {
			break
		}
		query.Set("from", page.Next)
	}
	switch {
	case c.flags.Bool("json"):
		return c.printJSON(list)
	case len(list) == 0:
		c.say("Nobody asks to be let in.")
		return nil
	}
	now := time.Now()
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "WAITS\tADDRESS\tSITE\tID\tWORDS")
	for _, r := range list {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", span(now.Sub(r.Asked)), r.Address, r.Site, r.ID, orDash(shorten(r.Words, maxProblem)))
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	c.say("To decide: %s requests approve <id>, or refuse <id>", c.program)
	return nil
}

func approveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "approve <id> [--for <duration>] [--json]",
		Short:   "Lets somebody in who asked",
		Long:    "\nLets somebody in who asked, for good or for as long as --for says, and sends them\na link. --json prints an object.",
		Example: "  doorpost requests approve k5mx3tq7w2hfjz4ncv6rbd7aye --for 7d",
	}
	cmd.Flags().String("for", "", "For how long: 12h, 7d; without it for good")
	return talks(cmd, 1, func(c *invocation) error {
		return c.decide("approve", approveOrder{For: c.flags.String("for")})
	})
}

func refuseCommand() *cobra.Command {
	return talks(&cobra.Command{
		Use:     "refuse <id> [--json]",
		Short:   "Does not let somebody in who asked",
		Long:    "\nDoes not let somebody in who asked. They are told nothing, and cannot ask again\nfor a week. --json prints an object.",
		Example: "  doorpost requests refuse k5mx3tq7w2hfjz4ncv6rbd7aye",
	}, 1, func(c *invocation) error { return c.decide("refuse", nil) })
}

func (c *invocation) decide(what string, order any) error {
	server, err := c.findServer()
	if err != nil {
		return err
	}
	var done decideReport
	if err := server.ask(http.MethodPost, "/doorpost/requests/"+url.PathEscape(c.flags.Arg(0))+"/"+what, order, &done); err != nil {
		return err
	}
	r := done.Request
	switch {
	case c.flags.Bool("json"):
		return c.printJSON(done)
	case !done.First:
		c.say("It was decided before, and stays so: %s is %s at %s since %s.", r.Address, r.Decision, r.Site, stamp(r.Decided))
	case r.Decision == "granted":
		c.say("%s is let in at %s, %s, and gets a message with a link.", r.Address, r.Site, howLong(time.Now(), r.Until))
	default:
		c.say("%s is not let in at %s.", r.Address, r.Site)
	}
	return nil
}
