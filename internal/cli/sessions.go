package cli

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

var sessionsCommand = Command{
	Name:  "sessions",
	below: []Command{listSessionsCommand, endSessionsCommand},
}

var listSessionsCommand = Command{
	Name: "list",
	most: 1, aboutPerson: true,
	flags: pageFlags,
	run: func(c *invocation) error {
		list, order := sessionList, adminapi.SessionsOrder{Address: c.who}
		if c.who != "" {
			if c.is("all") || c.given("after") {
				return misused("--all and --after are for the sessions of everybody; leave them out, or the address")
			}
			list.empty = c.who + " is not signed in anywhere."
		}
		list.fetch = func(p adminapi.Page) ([]adminapi.Session, string, error) {
			var page adminapi.Sessions
			order.Page = p
			err := c.ask(http.MethodPost, adminapi.SessionsPath, order, &page)
			return page.Sessions, page.Next, err
		}
		return printPage(c, list, "sessions list")
	},
}

var sessionList = listing[adminapi.Session]{
	columns: "LAST USE\tSIGNED IN\tENDS IN\tID\tADDRESS\tSITE\tDEVICE",
	row: func(s adminapi.Session) string {
		now, device := time.Now(), strings.Join(strings.Fields(s.Browser+" "+s.System+" "+s.Network), " ")
		return fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s\t%s",
			span(now.Sub(s.LastUse)), span(now.Sub(s.SignedIn)), span(s.Expires.Sub(now)), s.ID, s.Address, s.Site, orDash(printable(device)))
	},
	empty: "Nobody is signed in.",
}
