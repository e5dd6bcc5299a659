package caddymodule

import (
	"fmt"
	"net/http"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

func listUsersCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list [--search <part of an address>] [--after <address>] [--all] [--json]",
		Short: "Lists those who are known, in the order of addresses",
		Long: `
Lists those who are known, in the order of addresses, a hundred at a time: for
how long, how long ago they first signed in, whether they are disabled, and their
groups. --all lists everybody, page by page. --json prints an array of objects.`,
		Example: "  doorpost users list --search @example.com\n  doorpost users list --all --json | jq -r '.[] | select(.disabled) | .address'",
	}
	cmd.Flags().String("search", "", "List those only whose address has this in it")
	pageFlags(cmd)
	return talks(cmd, 0, runListUsers)
}

// pageFlags adds the flags of commands that list page by page.
func pageFlags(cmd *cobra.Command) {
	cmd.Flags().String("after", "", "Go on after this one, the last of the page before")
	cmd.Flags().Bool("all", false, "List all")
}

func runListUsers(c *invocation) error {
	now := time.Now()
	order := usersOrder{Search: c.flags.String("search")}
	return listPages(c, listing[userReport]{
		header: "KNOWN FOR\tFIRST SIGN-IN\tSTATE\tADDRESS\tGROUPS",
		row: func(u userReport) string {
			signedIn, state := "-", "-"
			if !u.FirstSignedIn.IsZero() {
				signedIn = span(now.Sub(u.FirstSignedIn))
			}
			if u.Disabled {
				state = "disabled"
			}
			return fmt.Sprintf("%s\t%s\t%s\t%s\t%s", span(now.Sub(u.Added)), signedIn, state, u.Address, orDash(strings.Join(u.Groups, ",")))
		},
		fetch: func(server *adminClient, p pageOrder) ([]userReport, string, error) {
			var page usersPage
			order.pageOrder = p
			err := server.ask(http.MethodPost, "/doorpost/users/list", order, &page)
			return page.Users, page.Next, err
		},
		nobody: "Nobody is known.",
		again:  "users list" + searched(order.Search),
	})
}

func searched(words string) string {
	if words == "" {
		return ""
	}
	return " --search " + words
}

// listing is a list that the server gives page by page.
type listing[T any] struct {
	header string // columns, separated by tabs
	row    func(T) string
	fetch  func(server *adminClient, p pageOrder) (page []T, next string, err error)
	nobody string // what is said of an empty list
	again  string // the command for more
}

// listPages prints a page of a list and how to go on, or, with --all, one page
// after another; with --json an array.
func listPages[T any](c *invocation, l listing[T]) error {
	server, err := c.findServer()
	if err != nil {
		return err
	}
	list, all, asJSON := []T{}, c.flags.Bool("all"), c.flags.Bool("json")
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	listed := 0
	for order := (pageOrder{From: c.flags.String("after")}); ; {
		order.Limit = maxPeople
		if !all {
			order.Limit = usualPeople - listed
		}
		page, next, err := l.fetch(server, order)
		if err != nil {
			return err
		}
		if asJSON {
			list = append(list, page...)
		} else if err := l.print(table, page, listed == 0); err != nil {
			return err
		}
		listed += len(page)
		if order.From = next; next != "" && (all || listed < usualPeople) {
			continue
		}
		switch {
		case asJSON:
			return c.printJSON(list)
		case listed == 0:
			c.say("%s", l.nobody)
		case next != "":
			c.say("There are more: %s %s --after %s, or --all", c.program, l.again, next)
		}
		return nil
	}
}

// print prints a page, below the header if it is the first.
func (l listing[T]) print(table *tabwriter.Writer, page []T, first bool) error {
	if len(page) > 0 && first {
		fmt.Fprintln(table, l.header)
	}
	for _, item := range page {
		fmt.Fprintln(table, l.row(item))
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}
