package cli

import (
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/spf13/cobra"
)

// listing is a list that the server gives page by page.
type listing[T any] struct {
	columns string // of the table, separated by tabs
	row     func(T) string
	fetch   func(adminapi.Page) (items []T, next string, err error)
	empty   string                               // what is said of an empty list
	foot    func(listed int, next string) string // what is said below it; next is empty at its end
}

// printList prints the items of a list that come after one, at most so many, or
// all if most is 0.
func printList[T any](c *invocation, l listing[T], after string, most int) error {
	all, listed := []T{}, 0 // never nil: programs get an array
	for page := (adminapi.Page{From: after}); ; {
		page.Limit = adminapi.MaxPage
		if most > 0 {
			page.Limit = min(page.Limit, most-listed)
		}
		items, next, err := l.fetch(page)
		if err != nil {
			return err
		}
		if c.is("json") {
			all = append(all, items...)
		} else {
			l.print(c, items, listed == 0)
		}
		listed += len(items)
		if page.From = next; next != "" && (most == 0 || listed < most) {
			continue
		}
		c.print(all, func() {
			if listed == 0 {
				c.say("%s", l.empty)
			} else if foot := l.foot(listed, next); foot != "" {
				c.say("%s", foot)
			}
		})
		return nil
	}
}

// print prints a page, below the names of the columns if it is the first.
func (l listing[T]) print(c *invocation, items []T, first bool) {
	var rows []string
	if first && len(items) > 0 {
		rows = append(rows, l.columns)
	}
	for _, item := range items {
		rows = append(rows, l.row(item))
	}
	c.table(rows...)
}

// pageFlags adds the flags of commands that list page by page, in the order of what is named.
func pageFlags(what string) func(*cobra.Command) {
	return func(cmd *cobra.Command) {
		cmd.Flags().String("after", "", "Begin after this "+what+", the last of an earlier page")
		cmd.Flags().Bool("all", false, "List all")
	}
}

// anAddress reads the flag --after of a list in the order of addresses.
func anAddress(after string) (string, error) {
	who, err := address.Parse(after)
	return string(who), err
}

// printPage prints a list by the flags of pageFlags, of which read reads --after. again is the
// command for more of it.
func printPage[T any](c *invocation, l listing[T], again string, read func(after string) (string, error)) error {
	after := c.text("after")
	if after != "" {
		var err error
		if after, err = read(after); err != nil {
			return misused("--after: %w", err)
		}
	}
	most := adminapi.UsualPage
	if c.is("all") {
		most = 0
	}
	l.foot = func(_ int, next string) string {
		if next == "" {
			return ""
		}
		return "There are more: " + c.program + " " + again + " --after " + next + ", or --all"
	}
	return printList(c, l, after, most)
}
