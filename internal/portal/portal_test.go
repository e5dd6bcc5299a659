package portal

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/doorpost-auth/doorpost/internal/session"
)

// counted is a store that lets everybody enter, and counts.
type counted struct {
	entries []Entry
	spent   []Nonce
}

func (c *counted) Enter(_ context.Context, e Entry) (Result, error) {
	c.entries = append(c.entries, e)
	return Result{Outcome: Entered, Address: "alice@example.com"}, nil
}

func (c *counted) Spend(_ context.Context, _ time.Time, ticket Nonce) error {
	c.spent = append(c.spent, ticket)
	return nil
}

func newTestService(t *testing.T) (*Service, *counted) {
	t.Helper()
	ring, err := keys.NewRing(keys.Generate())
	if err != nil {
		t.Fatal(err)
	}
	store := new(counted)
	return NewService(ring, Service{Store: store, Audit: audit.NewLog(ring, slog.New(slog.DiscardHandler), new(audit.Hourly))}), store
}

const app, wiki = "https://app.example.com", "https://wiki.other.example"

func TestATicketIsGoodForOneMinuteAtOneSiteInOneBrowser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, store := newTestService(t)
		parent, hop := session.NewID().Key(), NewHop()
		ticket, err := s.Ticket(parent, app, hop.Hash())
		if err != nil {
			t.Fatal(err)
		}
		try := func(site string, hop *Hop, ticket string) Outcome {
			_, outcome, err := s.Enter(t.Context(), site, site, hop, ticket)
			if err != nil {
				t.Fatal(err)
			}
			return outcome
		}
		stranger, _ := newTestService(t) // with another secret
		forged, err := stranger.Ticket(parent, app, hop.Hash())
		if err != nil {
			t.Fatal(err)
		}
		for name, got := range map[string]Outcome{
			"at another site": try(wiki, &hop, ticket), "cut off": try(app, &hop, ticket[:len(ticket)-4]), "of another secret": try(app, &hop, forged),
			"empty": try(app, &hop, ""), "too long": try(app, &hop, strings.Repeat(ticket, 100)),
		} {
			if got != NoTicket {
				t.Errorf("%s it has the outcome %d", name, got)
			}
		}
		if len(store.entries)+len(store.spent) != 0 {
			t.Errorf("garbage reached the store: %+v", store)
		}
		other := NewHop()
		for name, hop := range map[string]*Hop{"in another browser": &other, "without a hop": nil, "with an empty hop": {}} {
			if got := try(app, hop, ticket); got != NoTicket {
				t.Errorf("%s it has the outcome %d", name, got)
			}
		}
		if len(store.entries) != 0 || len(store.spent) != 3 || store.spent[0] != store.spent[2] {
			t.Errorf("with the hops of others it was not used up: %+v", store)
		}
		time.Sleep(TicketLife)
		if got := try(app, &hop, ticket); got != Entered {
			t.Errorf("after a minute it has the outcome %d", got)
		}
		time.Sleep(time.Second)
		if got := try(app, &hop, ticket); got != NoTicket {
			t.Errorf("after more than a minute it has the outcome %d", got)
		}
		if len(store.entries) != 1 || store.entries[0].Parent != parent || store.entries[0].Scope != app {
			t.Errorf("the store was asked for %+v", store.entries)
		}
	})
}

func TestTheHashOfAHopHasOneForm(t *testing.T) {
	made := NewHop().Hash()
	hash := made.String()
	if read, ok := ParseHopHash(hash); !ok || read != made {
		t.Errorf("%q is none", hash)
	}
	for _, bad := range []string{"", hash + "=", hash + "A", hash[1:], strings.Repeat("!", len(hash)), hash[:len(hash)-1] + "\n", "../" + hash[3:]} {
		if _, ok := ParseHopHash(bad); ok {
			t.Errorf("%q is one", bad)
		}
	}
}
