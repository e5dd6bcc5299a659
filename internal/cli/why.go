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
	least: 2, most: 2, aboutPerson: true,
	run: func(c *invocation) error {
		var y adminapi.WhyReport
		if err := c.ask(http.MethodPost, adminapi.WhyPath, adminapi.WhyOrder{Address: c.who, URL: c.arguments[1]}, &y); err != nil {
			return err
		}
		c.print(y, func() { c.printWhy(y) })
		if y.Result == adminapi.NotAllowed {
			return errors.New(conclusion(y))
		}
		return nil
	},
}

// printWhy prints what each block says. A refusal itself is the error that the
// command ends with.
func (c *invocation) printWhy(y adminapi.WhyReport) {
	c.say("%s at %s", y.Address, printable(y.URL))
	switch {
	case y.Disabled:
		c.say("Disabled: cannot sign in, whatever the rules say. To change that: %s users enable %s", c.program, y.Address)
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
