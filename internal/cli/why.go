package cli

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

var whyCommand = Command{
	Name:  "why",
	least: 2, most: 2, about: aPerson,
	run: func(c *invocation) error {
		var y adminapi.WhyReport
		if err := c.ask(http.MethodPost, adminapi.WhyPath, adminapi.WhyOrder{Address: c.who, URL: c.arguments[1]}, &y); err != nil {
			return err
		}
		var refused error
		if y.Result == adminapi.NotAllowed {
			refused = errors.New(conclusion(y))
		}
		return c.conclude(y, func() { c.printWhy(y) }, refused)
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
			words += fmt.Sprintf("; block %d: %s", i+1, b.Refusal())
		}
	}
	if y.MayAsk {
		words += "; they may ask the owners to be let in"
	}
	return words
}

// requestsOf says which requests a block is for.
func requestsOf(b adminapi.Block) string {
	what := "every request"
	if b.Matcher != "" {
		what = "requests that match " + b.Matcher
	}
	if len(b.Public) > 0 {
		what += ", but for public " + strings.Join(b.Public, " ")
	}
	return what
}

// blockLines say what a block makes of somebody, and why.
func blockLines(b adminapi.Block, ownPage bool) (lines []string) {
	if b.Partly {
		lines = append(lines, "it stands in a route that not all requests of the site reach; whether this one does is not known")
	}
	switch {
	case ownPage:
		return append(lines, "not met: pages under /_doorpost are served to anyone")
	case b.Problem != "":
		return append(lines, "-> does not let in: "+b.Refusal())
	case !b.Matched:
		return append(lines, "not met: it does not match")
	case !b.Needed:
		return append(lines, "met, and the path is public")
	}
	if b.TwoReadings {
		lines = append(lines, "met: the path can be read in two ways, and its matcher looks at the path")
	}
	for _, cover := range b.Denied {
		lines = append(lines, "deny "+cover.Words())
	}
	for _, cover := range b.Allowed {
		lines = append(lines, "allow "+cover.Words())
	}
	if b.Grant != nil {
		lines = append(lines, "an owner lets them in, "+howLong(time.Now(), b.Grant.Until))
	}
	switch {
	case b.Admits && b.Require != "" && b.Recent != "":
		lines = append(lines, "-> lets them in by a "+b.Require+" that they used not longer ago than "+b.Recent)
	case b.Admits && b.Require != "":
		lines = append(lines, "-> lets them in once they have signed in by a "+b.Require)
	case b.Admits && b.Recent != "":
		lines = append(lines, "-> lets them in if the last proof of their address is not older than "+b.Recent)
	case b.Admits:
		lines = append(lines, "-> lets in")
	case len(b.Denied) > 0:
		lines = append(lines, "-> does not let in: deny wins")
	default:
		lines = append(lines, "-> does not let in: "+b.Refusal())
	}
	if b.MayAsk {
		lines = append(lines, "   they may ask the owners to be let in")
	}
	return lines
}
