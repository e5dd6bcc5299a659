package acceptance

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/testkit"
)

// fate is what the admin endpoint tells of a message.
type fate struct {
	ID, State, To, Problem string
	Waiting                bool // to be sent by the gate
	Attempts               int
	Delivered              time.Time
}

// fates are what the gate knows of messages, the newest first.
func (g *stage) fates() (all []fate) {
	g.t.Helper()
	for from := ""; ; {
		response, err := http.Get("http://" + g.admin + "/doorpost/outbox?limit=500&reveal=1&from=" + from)
		if err != nil {
			g.t.Fatal(err)
		}
		var page struct {
			Messages []fate
			Next     string
		}
		err = json.NewDecoder(response.Body).Decode(&page)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK {
			g.t.Fatalf("listing the outbox: answered %d (%v)", response.StatusCode, err)
		}
		all = append(all, page.Messages...)
		if from = page.Next; from == "" {
			return all
		}
	}
}

// lastTo is the newest message to an address.
func (g *stage) lastTo(address string) fate {
	g.t.Helper()
	for _, m := range g.fates() {
		if m.To == address {
			return m
		}
	}
	return fate{}
}

// becomes waits until the newest message to an address is in a state.
func (g *stage) becomes(address, state string) fate {
	g.t.Helper()
	var m fate
	if !testkit.HoldsWithin(deliveryPatience, func() bool {
		m = g.lastTo(address)
		return m.State == state
	}) {
		g.t.Fatalf("the message to %s is not %s within %v: %+v", address, state, deliveryPatience, m)
	}
	return m
}

// comesToRest waits until no message is to be sent any more. None is sent after
// that unless somebody asks.
func (g *stage) comesToRest() {
	g.t.Helper()
	var waiting []fate
	if !testkit.HoldsWithin(deliveryPatience, func() bool {
		waiting = nil
		for _, m := range g.fates() {
			if m.Waiting {
				waiting = append(waiting, m)
			}
		}
		return len(waiting) == 0
	}) {
		g.t.Errorf("%d messages wait still, such as %+v", len(waiting), waiting[0])
	}
}

// haveArrived waits until nothing is to be sent any more and fails the test
// unless each promised message came, once or twice, and the outbox knows it.
func (p *promises) haveArrived(t testing.TB, s *mailService, g *stage) {
	t.Helper()
	g.comesToRest()
	if missing := s.missing(p.addresses()); len(missing) > 0 {
		t.Errorf("%d of %d promised messages did not come: %v", len(missing), p.count(), missing)
	}
	states := make(map[string]fate)
	for _, m := range g.fates() {
		states[m.To] = m
	}
	for _, to := range p.addresses() {
		if m := states[to]; m.State != "sent" {
			t.Errorf("the message to %s came %d times, and the outbox has %+v", to, len(s.at(to)), m)
		}
	}
	t.Logf("%d messages, %d extra copies", p.count(), s.checkCopies(t))
}
