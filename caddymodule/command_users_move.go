package caddymodule

import (
	"net/http"

	"github.com/spf13/cobra"
)

func moveCommand() *cobra.Command {
	return talks(&cobra.Command{
		Use:   "move <old address> <new address> [--json]",
		Short: "Gives somebody another address, for whom the mailbox of the old one is lost",
		Long: `
Gives somebody another address, for whom the mailbox of the old one is lost.
Their groups of the store, grants, requests and recovery address go along, all
their sessions and open links end, and they sign in with the new address from
then on. Nobody is asked for a proof and nothing is sent: be sure who asks you.
What the configuration says about the old address does not go along. --json
prints an object.`,
		Example: "  doorpost users move alice@example.com alice@example.org",
	}, 2, runMoveUser)
}

func runMoveUser(c *invocation) error {
	from, err := c.readAddress(0)
	if err != nil {
		return err
	}
	to, err := c.readAddress(1)
	if err != nil {
		return err
	}
	server, err := c.findServer()
	if err != nil {
		return err
	}
	var u userReport
	if err := server.ask(http.MethodPost, "/doorpost/users/move", moveOrder{Address: from, To: to}, &u); err != nil {
		return err
	}
	if c.flags.Bool("json") {
		return c.printJSON(u)
	}
	c.say("%s is %s now, and signed out everywhere.", from, u.Address)
	c.say("Whether they may enter: %s why %s <url>. To send them a link: %s invite %s", c.program, u.Address, c.program, u.Address)
	return nil
}
