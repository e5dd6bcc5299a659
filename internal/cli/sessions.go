package cli

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/spf13/cobra"
)

var sessionsCommand = Command{
	Name:  "sessions",
	below: []Command{listSessionsCommand, endSessionsCommand},
}

var listSessionsCommand = Command{
	Name: "list",
	most: 1, about: aPerson,
	flags: pageFlags("address"),
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
		return printPage(c, list, "sessions list", anAddress)
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

var endSessionsCommand = Command{
	Name: "end",
	most: 1, about: aPerson,
	flags: func(cmd *cobra.Command) {
		cmd.Flags().String("id", "", "End the session with this id")
		cmd.Flags().Bool("all", false, "End the sessions of everybody")
		cmd.Flags().Bool("yes", false, "Do so without asking")
	},
	run: runEnd,
}

func runEnd(c *invocation) error {
	order := adminapi.EndOrder{Address: c.who, ID: c.text("id"), All: c.is("all")}
	ways := 0
	for _, given := range []bool{order.Address != "", order.ID != "", order.All} {
		if given {
			ways++
		}
	}
	if ways != 1 {
		return misused("say whose sessions end, by one of <address>, --id <id> and --all")
	}
	if err := order.Check(); err != nil {
		return Misuse(err)
	}
	server, err := c.server()
	if err != nil {
		return err
	}
	if order.All {
		if err := c.confirm("This signs out everybody at " + server + ". Go on?"); err != nil {
			return err
		}
	}
	done, err := c.end(order)
	if err != nil {
		return err
	}
	c.print(done, func() {
		switch {
		case order.All:
			c.say("Sessions that have ended: %d. Everybody has to sign in again.", done.Ended)
		case order.ID != "":
			c.say("This session of %s has ended.", done.Address)
		default:
			c.say("Sessions of %s that have ended: %d. To keep them out: %s users disable %s", done.Address, done.Ended, c.program, done.Address)
		}
	})
	return nil
}

// end has sessions ended, and shows how far it is.
func (c *invocation) end(order adminapi.EndOrder) (done adminapi.EndReport, err error) {
	answer, err := c.open(http.MethodPost, adminapi.EndSessionsPath, order)
	if err != nil {
		return done, err
	}
	defer answer.Close()
	for lines := json.NewDecoder(answer); ; {
		var line adminapi.EndReport
		err := lines.Decode(&line)
		switch {
		case err != nil:
			return done, advisedError{
				fmt.Errorf("the answer of the server at %s broke off after %d sessions had ended: %w", c.address, done.Ended, err),
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

// confirm asks at the terminal whether to go on, unless --yes is given.
func (c *invocation) confirm(question string) error {
	if c.is("yes") {
		return nil
	}
	if file, ok := c.in.(*os.File); ok {
		if info, err := file.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
			return misused("there is no terminal to ask at whether to go on; confirm with --yes")
		}
	}
	fmt.Fprintf(c.progress, "%s Type yes: ", question)
	answer, _ := bufio.NewReader(c.in).ReadString('\n') // nothing means no
	if strings.TrimSpace(answer) != "yes" {
		return errors.New("not confirmed, so nothing was done")
	}
	return nil
}
