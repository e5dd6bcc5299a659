package steps

import (
	"context"
	"time"

	"github.com/doorpost-auth/doorpost/internal/portal"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

// tickets are those that were used, and challenges for passkeys too, by their nonce, for as
// long as they would be good.
var tickets = newTable("tickets")

// usedTicket says which use counted.
type usedTicket struct {
	Expires int64    `cbor:"1,keyasint"`
	Attempt [16]byte `cbor:"2,keyasint"`
}

// Enter implements portal.Store.
func (s Steps) Enter(ctx context.Context, e portal.Entry) (portal.Result, error) {
	reads := []Key{hashed(tickets, e.Ticket[:]), sessionKey(e.Parent)}
	return result(ctx, s.change("enter"), reads, func(t *tx) portal.Result { return enter(t, e) })
}

// Spend implements portal.Store.
func (s Steps) Spend(ctx context.Context, now time.Time, ticket portal.Nonce) error {
	key := hashed(tickets, ticket[:])
	return run(ctx, s.change("spend_ticket"), []Key{key}, func(t *tx) {
		if _, found := load[usedTicket](t, key); !found {
			saveUse(t, key, rememberedTicket(now), portal.Nonce{}) // no attempt has this one
		}
	})
}

// rememberedTicket is until when a ticket is kept that is used now.
func rememberedTicket(now time.Time) time.Time {
	return now.Add(2 * portal.TicketLife) // clocks of instances differ a little
}

func saveUse(t *tx, ticket Key, until time.Time, attempt [16]byte) {
	save(t, ticket, usedTicket{Expires: codec.Millis(until), Attempt: attempt}, until)
}

func enter(t *tx, e portal.Entry) portal.Result {
	key := hashed(tickets, e.Ticket[:])
	used, found := load[usedTicket](t, key)
	parent, alive := liveSession(t, e.Parent, e.Now)
	switch {
	case found && used.Attempt != e.Attempt:
		return portal.Result{Outcome: portal.Used}
	case !alive || parent.Parent != (session.Key{}):
		return portal.Result{Outcome: portal.Over}
	case found: // the same attempt, whose answer was lost
		return portal.Result{Outcome: portal.Entered, Address: parent.Address}
	}
	saveUse(t, key, rememberedTicket(e.Now), e.Attempt)
	changeAddress(t, parent.Address, e.Now, func(a *codec.Address) {
		open := a.OpenSession(e.Parent)
		for _, dropped := range open.AddSite(codec.SiteSession{Key: e.Made, Scope: e.Scope, Used: codec.Millis(e.Now)}) {
			t.ended(dropped)
			t.delete(sessionKey(dropped))
		}
		a.PutSession(open)
	})
	parent.Seen = max(parent.Seen, codec.Millis(e.Now)) // to enter is to use it
	saveSession(t, e.Parent, parent)
	return portal.Result{Outcome: portal.Entered, Address: parent.Address}
}
