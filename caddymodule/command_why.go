package caddymodule

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

func whyCommand() caddycmd.Command {
	return caddycmd.Command{
		Name:  "why",
		Usage: "<address> <url> [--json]",
		Short: "Tells whether somebody is let in at a URL, and which rule decides",
		Long: `
Tells whether somebody would be let in at a URL, and why, by the configuration
that runs and what the store knows of the person: which doorpost blocks of the
site the URL meets, and in each which entries of allow and deny cover the
address, by which group and where the person is in it from, and what an owner
granted. A request has to satisfy each block that it meets.

The URL is taken as a GET without headers that comes from this machine. It is
said where a matcher looks at more than a URL tells. Nothing is changed.

The command talks to the running server over its admin endpoint: localhost:2019,
or what --address says, or the admin option in the file that --config names.

Exit codes: 0 let in, or the URL is public; 1 not let in, or the command failed;
2 called in a wrong way. --json prints an object, in which result is admitted,
public or refused; if there is none, the command failed.`,
		CobraFunc: func(cmd *cobra.Command) {
			cmd.Example = "  doorpost why alice@example.com https://app.example.com/admin/"
			talks(cmd, 2, runWhy)
		},
	}
}

func runWhy(c *invocation) error {
	who, err := c.readAddress(0)
	if err != nil {
		return err
	}
	server, err := c.findServer()
	if err != nil {
		return err
	}
	var y whyReport
	if err := server.ask(http.MethodPost, "/doorpost/why", whyOrder{Address: who, URL: c.flags.Arg(1)}, &y); err != nil {
		return err
	}
	if c.flags.Bool("json") {
		if err := c.printJSON(y); err != nil {
			return err
		}
	} else {
		c.printWhy(y)
	}
	if y.Result == keptOut {
		return errors.New(y.verdict())
	}
	return nil
}

// printWhy tells what each block says. A refusal itself is the error that the
// command ends with.
func (c *invocation) printWhy(y whyReport) {
	c.say("%s at %s", y.Address, printable(y.URL))
	switch {
	case y.Disabled:
		c.say("Disabled: cannot sign in, whatever the rules say. To change that: %s users enable %s", c.program, y.Address)
	case !y.Known:
		c.say("Not known so far: nothing but the configuration counts.")
	}
	c.say("Groups: %s", orDash(strings.Join(y.Groups, ", ")))
	if y.TakenAs != "" && !y.OwnPage {
		c.say("A matcher looks at more than the URL; this is about a %s without headers, from this machine.", y.TakenAs)
	}
	for i, b := range y.Blocks {
		c.say("\nBlock %d of %s, for %s:", i+1, y.Site, b.requests())
		for _, line := range b.lines(y.OwnPage) {
			c.say("  %s", printable(line))
		}
	}
	c.say("")
	if y.Result != keptOut {
		c.say("%s", y.verdict())
	}
}

// verdict is what it comes to.
func (y whyReport) verdict() string {
	switch {
	case y.OwnPage:
		return "Public: a page of Doorpost's own, which anyone may open."
	case y.Result == forAll:
		return "Public: no block needs a session for this URL, so anyone may open it."
	case y.Result == letIn:
		return "Let in: " + y.Address + ", once signed in."
	case y.Disabled:
		return "not let in: " + y.Address + " is disabled"
	}
	verdict := "not let in: " + y.Address
	for i, b := range y.Blocks {
		if b.refuses() {
			verdict += fmt.Sprintf("; block %d: %s", i+1, b.refusal())
		}
	}
	if y.MayAsk {
		verdict += "; they may ask the owners to be let in"
	}
	return verdict
}

// refuses tells whether the person would not get past the block.
func (b blockReport) refuses() bool { return b.Needed && (!b.Admits || b.Problem != "") }

// requests says which requests a block is for.
func (b blockReport) requests() string {
	what := "every request"
	if b.Matcher != "" {
		what = "requests that match " + b.Matcher
	}
	if len(b.Public) > 0 {
		what += ", but for public " + strings.Join(b.Public, " ")
	}
	return what
}

// lines tell what a block says, and why.
func (b blockReport) lines(ownPage bool) (lines []string) {
	if b.Partly {
		lines = append(lines, "it stands in a route that not all requests of the site reach; whether this one does cannot be told")
	}
	switch {
	case ownPage:
		return append(lines, "not met: pages under /_doorpost are served to anyone")
	case b.Problem != "":
		return append(lines, "-> does not let in: "+b.refusal())
	case !b.Matched:
		return append(lines, "not met: it does not match")
	case !b.Needed:
		return append(lines, "met, and the path is public")
	}
	for _, cover := range b.Denied {
		lines = append(lines, "deny "+cover.words())
	}
	for _, cover := range b.Allowed {
		lines = append(lines, "allow "+cover.words())
	}
	if b.Grant != nil {
		lines = append(lines, "an owner lets them in, "+howLong(time.Now(), b.Grant.Until))
	}
	switch {
	case b.Admits && b.Recent != "":
		lines = append(lines, "-> lets in whose last proof of the address is not older than "+b.Recent)
	case b.Admits:
		lines = append(lines, "-> lets in")
	case len(b.Denied) > 0:
		lines = append(lines, "-> does not let in: deny wins")
	default:
		lines = append(lines, "-> does not let in: "+b.refusal())
	}
	if b.MayAsk {
		lines = append(lines, "   they may ask the owners to be let in")
	}
	return lines
}

// words say how an entry covers somebody.
func (c coverReport) words() string {
	if group, isGroup := strings.CutPrefix(c.Entry, "group:"); isGroup {
		return fmt.Sprintf("%s covers them: they are in %s by the %s", c.Entry, group, c.By)
	}
	return c.Entry + " covers them"
}

// maxEntries is how many entries of a rule are told.
const maxEntries = 10

// refusal says why a block does not admit somebody.
func (b blockReport) refusal() string {
	switch {
	case b.Problem != "":
		return "whether it is for such a request cannot be told, so nobody gets in: " + b.Problem
	case len(b.Denied) > 0:
		var entries []string
		for _, cover := range b.Denied {
			entries = append(entries, "deny "+cover.words())
		}
		return strings.Join(entries, ", ")
	case len(b.Allow) == 0:
		return "nobody is allowed but whom an owner lets in"
	}
	list := strings.Join(b.Allow[:min(len(b.Allow), maxEntries)], " ")
	if more := len(b.Allow) - maxEntries; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return "nothing in allow covers them: allow " + list
}
