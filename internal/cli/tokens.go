package cli

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/token"
	"github.com/spf13/cobra"
)

var tokensCommand = Command{
	Name: "tokens",
	below: []Command{
		createTokenCommand,
		{Name: "list", flags: pageFlags("id"), run: listTokens},
		{Name: "show", least: 1, most: 1, about: aToken, run: showToken},
		rotateTokenCommand,
		{Name: "end", least: 1, most: 1, about: aToken, run: endToken},
	},
}

var createTokenCommand = Command{
	Name:  "create",
	least: 1, most: 1,
	flags: func(cmd *cobra.Command) {
		cmd.Flags().StringArray("site", nil, "Where it is good, by origin: https://app.example.com; may be given several times")
		cmd.Flags().StringArray("path", nil, "Only for this path, /health, or all below one, /api/*; may be given several times")
		cmd.Flags().StringArray("method", nil, "Only for this method, as GET; may be given several times")
		cmd.Flags().StringArray("from", nil, "Only from this network, 192.0.2.0/24; may be given several times")
		cmd.Flags().StringArray("group", nil, "The app is told this group; may be given several times")
		cmd.Flags().String("for", "", "How long it lasts: up to 400d, or never (default 90d)")
	},
	run: func(c *invocation) error {
		order := adminapi.TokenOrder{
			Name: c.arguments[0], Sites: c.each("site"), Paths: c.each("path"), Methods: c.each("method"), Networks: c.each("from"),
			Groups: c.each("group"), For: c.text("for"),
		}
		for _, flag := range []string{"site", "path", "method", "from", "group", "for"} {
			if given := strings.TrimSpace(c.cmd.Flag(flag).Value.String()); c.given(flag) && (given == "" || given == "[]") {
				return misused("--%s is empty; give it a value, or leave it out", flag) // as of a variable that is not set
			}
		}
		if len(order.Sites) == 0 {
			return misused("say at which sites the token is good, as --site https://app.example.com")
		}
		return answer(c, http.MethodPost, adminapi.CreateTokenPath, order, func(made adminapi.Token) {
			c.say("%s", made.Text)
			c.tell("This is the token of %s, shown this once. Programs send it as: Authorization: Bearer <token>", made.Name)
			c.tell("It lasts until %s. To end it: %s tokens end %s", untilOrNever(made.Expires), c.program, made.ID)
		})
	},
}

var rotateTokenCommand = Command{
	Name:  "rotate",
	least: 1, most: 1, about: aToken,
	flags: func(cmd *cobra.Command) {
		cmd.Flags().String("overlap", "", "How long the text before is good, too (default 24h); 0s: not at all")
	},
	run: func(c *invocation) error {
		order := adminapi.RotateOrder{Overlap: c.text("overlap")}
		return answer(c, http.MethodPost, adminapi.At(adminapi.RotateTokenPath, c.id), order, func(made adminapi.Token) {
			c.say("%s", made.Text)
			before := "The one before is not good any more."
			if !made.FormerUntil.IsZero() {
				before = "The one before is good until " + stamp(made.FormerUntil) + "."
			}
			c.tell("This is the new token of %s, shown this once. %s", made.Name, before)
		})
	},
}

// each is a flag that may be given several times, each time as one value.
func (c *invocation) each(flag string) []string {
	return mustHave(c.cmd.Flags().GetStringArray(flag))
}

// tell writes what belongs to an answer but is not what was asked for: a script reads the
// token alone.
func (c *invocation) tell(format string, about ...any) {
	fmt.Fprintf(c.progress, format+"\n", about...)
}

func untilOrNever(t time.Time) string {
	if t.IsZero() {
		return "it is ended"
	}
	return stamp(t)
}

var tokenList = listing[adminapi.Token]{
	columns: "LAST USE\tENDS IN\tID\tNAME\tOWNER\tSITES\tONLY FOR",
	row: func(t adminapi.Token) string {
		now, used, ends := time.Now(), "-", "never"
		if !t.LastUsed.IsZero() {
			used = span(now.Sub(t.LastUsed))
		}
		if !t.Expires.IsZero() {
			ends = "over"
			if t.Expires.After(now) {
				ends = span(t.Expires.Sub(now))
			}
		}
		return strings.Join([]string{used, ends, t.ID, printable(t.Name), orDash(t.Owner), strings.Join(t.Sites, " "), orDash(onlyFor(t))}, "\t")
	},
	empty: "There are no tokens.",
}

// onlyFor are the limits of a token in a line.
func onlyFor(t adminapi.Token) string {
	var all []string
	for _, list := range [][]string{t.Methods, t.Paths, t.Networks} {
		all = append(all, list...)
	}
	return strings.Join(all, " ")
}

func listTokens(c *invocation) error {
	list := tokenList
	list.fetch = func(p adminapi.Page) ([]adminapi.Token, string, error) {
		var page adminapi.Tokens
		err := c.ask(http.MethodGet, adminapi.TokensPath+"?"+query(p).Encode(), nil, &page)
		return page.Tokens, page.Next, err
	}
	return printPage(c, list, "tokens list", func(after string) (string, error) {
		id, ok := token.ParseID(after)
		if !ok {
			return "", errors.New("this is not the id of a token")
		}
		return string(id), nil
	})
}

func showToken(c *invocation) error {
	return answer(c, http.MethodGet, adminapi.At(adminapi.TokenPath, c.id), nil, func(t adminapi.Token) {
		now := time.Now()
		line := func(name string, values ...string) {
			if said := strings.Join(values, ", "); said != "" {
				c.say("%-12s %s", name+":", printable(said))
			}
		}
		line("id", t.ID)
		line("name", t.Name)
		line("owner", t.Owner)
		line("sites", t.Sites...)
		line("paths", t.Paths...)
		line("methods", t.Methods...)
		line("networks", t.Networks...)
		line("groups", t.Groups...)
		line("made", ago(now, t.Made))
		if !t.Rotated.IsZero() {
			line("rotated", ago(now, t.Rotated))
		}
		line("lasts until", untilOrNever(t.Expires))
		if !t.FormerUntil.IsZero() {
			line("before", "the text before is good until "+stamp(t.FormerUntil))
		}
		if t.LastUsed.IsZero() {
			line("last use", "never")
			return
		}
		line("last use", stamp(t.LastUsed)+", to the hour")
		line("used from", t.UsedFrom...)
	})
}

func endToken(c *invocation) error {
	return answer(c, http.MethodPost, adminapi.At(adminapi.EndTokenPath, c.id), nil, func(t adminapi.Token) {
		c.say("The token of %s has ended, everywhere.", printable(t.Name))
	})
}
