package cli

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

var whyCommand = Command{
	Name:  "why",
	Usage: "<address> <url> [--json]",
	Short: "Shows whether somebody is let in at a URL, and which rule decides",
	Long: `
Shows whether somebody would be let in at a URL, and why. It goes by the
configuration that the server runs and by what the store knows of the person.
For each doorpost block of the site it shows whether the URL meets the block,
which entries of allow and deny cover the address and by which group, what puts
the person into that group, and what an owner granted. A request has to satisfy
each block that it meets.

The URL is taken as a GET without headers that comes from this machine. The
answer says where a matcher looks at more than a URL. Nothing is changed.` + helpServer + `

Exit codes: 0 let in, or the URL is public; 1 not let in, or the command failed;
2 called in a wrong way. --json prints an object, in which result is admitted,
public or refused; if there is no object, the command failed.`,
	examples: []string{"doorpost why alice@example.com https://app.example.com/admin/"},
	least:    2, most: 2,
	run: func(c *invocation) error {
		who, err := c.who()
		if err != nil {
			return err
		}
		var y adminapi.WhyReport
		if err := c.ask(http.MethodPost, adminapi.WhyPath, adminapi.WhyOrder{Address: who, URL: c.arguments[1]}, &y); err != nil {
			return err
		}
		err = c.print(y, func() error {
			c.printWhy(y)
			return nil
		})
		if err == nil && y.Result == adminapi.NotAllowed {
			err = errors.New(conclusion(y))
		}
		return err
	},
}

// printWhy prints what each block says. A refusal itself is the error that the
// command ends with.
func (c *invocation) printWhy(y adminapi.WhyReport) {
	c.say("%s at %s", y.Address, printable(y.URL))
	switch {
	case y.Disabled:
		c.say("Disabled: cannot sign in, whatever the rules say. To change that: %s users enable %s", c.program, y.Address)
	case y.Barred != "":
		c.say("Kept out: %s is disabled, and has or had this mailbox. To change that: %s users enable %s", y.Barred, c.program, y.Barred)
	case !y.Known:
		c.say("Not known so far: only the configuration counts.")
	}
	c.say("Groups: %s", orDash(strings.Join(y.Groups, ", ")))
	if y.TakenAs != "" && !y.OwnPage {
		c.say("A matcher looks at more than the URL; this is about a %s without headers, from this machine.", y.TakenAs)
	}
	for i, b := range y.Blocks {
		c.say("\nBlock %d of %s, for %s:", i+1, y.Site, requestsOf(b))
		for _, line := range blockLines(b, y.OwnPage) {
			c.say("  %s", printable(line))
		}
	}
	c.say("")
	if y.Result != adminapi.NotAllowed {
		c.say("%s", conclusion(y))
	}
}

// conclusion is what it comes to.
func conclusion(y adminapi.WhyReport) string {
	switch {
	case y.OwnPage:
		return "Public: a page of Doorpost's own, which anyone may open."
	case y.Result == adminapi.Public:
		return "Public: no block needs a session for this URL, so anyone may open it."
	case y.Result == adminapi.Admitted:
		return "Let in: " + y.Address + ", once signed in."
	case y.Disabled:
		return "not let in: " + y.Address + " is disabled"
	case y.Barred != "":
		return "not let in: " + y.Address + " is kept out with " + y.Barred + ", who is disabled"
	}
	words := "not let in: " + y.Address
	for i, b := range y.Blocks {
		if b.Needed && (!b.Admits || b.Problem != "") {
			words += fmt.Sprintf("; block %d: %s", i+1, refusal(b))
		}
	}
	if y.MayAsk {
		words += "; they may ask the owners to be let in"
	}
	return words
}
