package acceptance

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// proposed are the lines of the audit log about proposals that were made, and those
// about proposals of which the new address got a message.
func (g *stage) proposed() (all, sent int) {
	for line := range strings.Lines(g.gate.Output()) {
		if strings.Contains(line, `"msg":"proposed"`) {
			all++
			if strings.Contains(line, `"new_silent":""`) {
				sent++
			}
		}
	}
	return all, sent
}

// Somebody with a session proposes address after address. Each of the limits bounds
// what strangers get, and each proposal that was taken is a line of the audit log.
func TestProposalsAreBoundByEveryLimit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		limits    string
		addresses int // that one person proposes
		people    int
		taken     int // proposals
		sent      int // messages to strangers
		refused   int // the status of what is not taken
	}{
		"five a day":    {"limit client 1000 1h\nlimit address 1000 1h\nlimit total 1000 1h", 60, 1, 5, 5, http.StatusTooManyRequests},
		"limit client":  {"limit client 4 1h\nlimit address 1000 1h\nlimit total 1000 1h", 60, 1, 3, 3, http.StatusTooManyRequests}, // the first was to sign in
		"limit address": {"limit client 1000 1h\nlimit address 2 1h\nlimit total 1000 1h", 1, 5, 5, 2, 0},
		"limit total":   {"limit client 1000 1h\nlimit address 1000 1h\nlimit total 15 1h", 5, 3, 15, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := start(t, setup{silent: true, limits: c.limits, site: "allow *"})
			var members []*visitor
			for i := range c.people {
				members = append(members, enter(t, g, fmt.Sprintf("mallory%d@example.com", i)))
			}
			for i, v := range members {
				for j := range c.addresses {
					answer := v.submit("/_doorpost/account/address", "email", fmt.Sprintf("victim%d@example.com", j+i*(c.addresses/2*2)))
					if answer.status != http.StatusSeeOther && answer.status != c.refused {
						t.Fatalf("proposal %d is answered %d", j, answer.status)
					}
				}
			}
			g.comesToRest()
			g.gate.stop()
			got := 0
			for i := range c.people * c.addresses {
				got += len(g.mail.received(fmt.Sprintf("victim%d@example.com", i)))
			}
			all, sent := g.proposed()
			if all != c.taken || sent != got {
				t.Errorf("%d proposals were written down, %d of them as sent, want %d; sent were %d", all, sent, c.taken, got)
			}
			if name != "limit total" && got != c.sent {
				t.Errorf("strangers got %d messages, want %d", got, c.sent)
			}
			if total := len(g.mail.all()); name == "limit total" && total > 15 {
				t.Errorf("%d messages were sent in all, want at most 15", total)
			}
		})
	}
}

func TestATooFastNetworkIsToldWhenToProposeAgain(t *testing.T) {
	t.Parallel()
	g := start(t, setup{limits: "limit client 2 1h"})
	ada := enter(t, g, "ada@example.com")
	ada.proposes("address", "email", "eve@example.com")
	answer := ada.submit("/_doorpost/account/recovery", "email", "eve@example.com").is(t, http.StatusTooManyRequests)
	if answer.header.Get("Retry-After") == "" {
		t.Error("there is no Retry-After")
	}
	ada.open(confirmPath).is(t, http.StatusOK) // what was proposed before stays
}

// Three proposals to an address are alive, and yet its owner signs in.
func TestProposalsSilenceNoSignIn(t *testing.T) {
	eachStore(t, setup{}, func(t *testing.T, d doorway) {
		for i := range 3 {
			mallory := enter(t, d, fmt.Sprintf("mallory%d@example.com", i))
			mallory.proposes("address", "email", "victim@example.com")
			awaitCode(t, d, "victim@example.com")
		}
		enter(t, d, "victim@example.com").isIn("victim@example.com")
	})
}

func TestWhoStoppedMessagesGetsNoProposals(t *testing.T) {
	eachStore(t, setup{}, func(t *testing.T, d doorway) {
		mallory := enter(t, d, "mallory@example.com")
		mallory.proposes("address", "email", "victim@example.com")
		d.visitor().submit("/_doorpost/stop", "token", d.postbox().await("victim@example.com").token).is(t, http.StatusOK)
		mallory.proposes("recovery", "email", "victim@example.com")
		mallory.proposes("address", "email", "eve@example.com")
		awaitCode(t, d, "eve@example.com") // what comes later shows that nothing came before
		if got := len(d.postbox().received("victim@example.com")); got != 1 {
			t.Errorf("who stopped messages got %d, want 1", got)
		}
	})
}
