package cli

import (
	"fmt"
	"net/http"
	"time"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/passkey"
)

var passkeysCommand = Command{
	Name: "passkeys",
	below: []Command{
		{Name: "list", least: 1, most: 1, about: aPerson, run: listPasskeys},
		{Name: "remove", least: 2, most: 2, about: aPerson, run: removePasskey},
		{Name: "reset", least: 1, most: 1, about: aPerson, run: answerAbout(adminapi.ResetPasskeysPath, (*invocation).sayReset)},
	},
}

// passkeyList has all passkeys of a person on one page.
var passkeyList = listing[adminapi.Passkey]{
	columns: "LAST USE\tMADE\tSYNCED\tID\tWORKS AT\tNAME",
	row: func(p adminapi.Passkey) string {
		now, used, synced := time.Now(), "-", "no"
		if !p.LastUsed.IsZero() {
			used = span(now.Sub(p.LastUsed))
		}
		if p.Synced {
			synced = "yes"
		}
		return fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s", used, span(now.Sub(p.Made)), synced, p.ID, p.RPID, orDash(printable(p.Name)))
	},
	foot: func(int, string) string { return "" },
}

func listPasskeys(c *invocation) error {
	list := passkeyList
	list.empty = c.who + " has no passkeys."
	list.fetch = func(adminapi.Page) ([]adminapi.Passkey, string, error) {
		var report adminapi.Passkeys
		err := c.ask(http.MethodPost, adminapi.PasskeysPath, adminapi.UserOrder{Address: c.who}, &report)
		return report.Passkeys, "", err
	}
	return printList(c, list, "", 0)
}

func removePasskey(c *invocation) error {
	id, ok := passkey.ParseID(c.arguments[1])
	if !ok {
		return misused("%q is not the id of a passkey; passkeys list shows those", c.arguments[1])
	}
	order := adminapi.PasskeyOrder{Address: c.who, ID: string(id)}
	return answer(c, http.MethodPost, adminapi.RemovePasskeyPath, order, func(gone adminapi.Passkeys) {
		c.say("The passkey of %s is removed, and the sessions that it made have ended. To end the others, too: %s sessions end %s", c.who, c.program, c.who)
		c.sayAppPasswords(gone)
	})
}

func (c *invocation) sayReset(gone adminapi.Passkeys) {
	if len(gone.Passkeys) == 0 {
		c.say("%s has no passkeys. If former ones made sessions that went on, these have ended.", gone.Address)
	} else {
		c.say("Passkeys of %s that are removed: %d. The next one is made after a sign-in by mail.", gone.Address, len(gone.Passkeys))
		c.say("The sessions that they made have ended. To end the others, too: %s sessions end %s", c.program, gone.Address)
	}
	c.sayAppPasswords(gone)
}

// sayAppPasswords says what somebody may have made meanwhile who had the passkey.
func (c *invocation) sayAppPasswords(left adminapi.Passkeys) {
	if len(left.AppPasswords) == 0 {
		return
	}
	c.say("App passwords of %s that go on to work: %d. To end them:", left.Address, len(left.AppPasswords))
	var rows []string
	for _, p := range left.AppPasswords {
		rows = append(rows, fmt.Sprintf("  %s tokens end %s\t# %s", c.program, p.ID, printable(p.Name)))
	}
	c.table(rows...)
}
