package cli

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

var statsCommand = Command{
	Name: "stats",
	run:  func(c *invocation) error { return answer(c, http.MethodGet, adminapi.StatsPath, nil, c.printStats) },
}

// printStats prints what a server has counted.
func (c *invocation) printStats(s adminapi.Stats) {
	c.say("The server started %s. Since then:", ago(time.Now(), s.Since))
	c.say("Asked for a link: %d, of which %d got a message.", s.Asked, s.Sent)
	c.say("Signed in: %d by link, %d by code, %d by passkey.", s.Redeemed["link"], s.Redeemed["code"], s.Redeemed["passkey"])
	c.say("Refused: %s.", tally(s.Refused))
	c.say("Messages: %s.", tally(s.Messages))
	c.say("Cut while under way: %d.", s.StreamsCut)
	c.say("\nSessions that it remembers: %d.", s.Sessions)
	for _, m := range s.Mailers {
		if m.Available {
			c.say("Mailer %s: works.", m.Name)
		} else {
			c.say("Mailer %s: fails: %s", m.Name, printable(m.Problem))
		}
	}
}

// tally lists counts in words, the highest first.
func tally(counts map[string]int) string {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	var parts []string
	for _, name := range names {
		if counts[name] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[name], strings.ReplaceAll(name, "_", " ")))
		}
	}
	return cmp.Or(strings.Join(parts, ", "), "none")
}
