package steps

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

// Ask implements signin.Store.
func (s Steps) Ask(ctx context.Context, a signin.Asking) (signin.Asked, error) {
	who := a.Request.Address
	reads := append(ofAddress(who), recoveryKey(who), requestKey(a.Browser[:]),
		LimitKey(limited(clientLimit, a.Client)), LimitKey(limited(mailboxLimit, a.Mailbox)),
		LimitKey(limited(familiarLimit, a.Mailbox)), LimitKey(limited(totalLimit, a.Total)))
	return change(ctx, s, reads, func(tx Tx) (signin.Asked, error) { return ask(tx, &a) })
}

func ask(tx Tx, a *signin.Asking) (signin.Asked, error) {
	from, wait, err := countVisitor(tx, a.Client, a.Now)
	if err != nil || wait > 0 {
		return signin.Asked{Wait: wait}, err
	}
	g, err := receive(tx, a)
	if err != nil {
		return signin.Asked{}, err
	}
	silent, err := give(tx, a, g, from)
	if err != nil {
		return signin.Asked{}, err
	}
	asked := signin.Asked{Silent: silent, Send: silent == signin.NotSilent}

	next := codec.PackRequest(a.Request)
	before, found, err := load[codec.Request](tx, requestKey(a.Browser[:]))
	if err != nil {
		return signin.Asked{}, err
	}
	if found && before.Expires > codec.Millis(a.Now) && before.Tries < signin.MaxCodeTries {
		next.Tries, next.Tried = before.Tries, before.Tried
		if next.Links, err = goodLinks(tx, before.Links, a.Now); err != nil {
			return signin.Asked{}, err
		}
	}
	if asked.Send {
		next.Links = append(next.Links, g.key)
	}
	return asked, saveRequest(tx, a.Browser[:], next)
}

func saveRequest(tx Tx, browser []byte, r codec.Request) error {
	return save(tx, requestKey(browser), r, remembered(r.Expires), leadsOf(r)...)
}

// goodLinks keeps of some links those that can still be redeemed.
func goodLinks(tx Tx, keys [][]byte, now time.Time) (good [][]byte, err error) {
	for _, key := range keys {
		_, state, err := findLink(tx, key, now)
		if err != nil {
			return nil, err
		}
		if state == signin.LinkGood {
			good = append(good, key)
		}
	}
	return good, nil
}

// leadsOf are the links of a request, which its codes are looked for in.
func leadsOf(r codec.Request) (leads []Key) {
	for _, key := range r.Links {
		leads = append(leads, linkKey(key))
	}
	return leads
}

// guest is somebody who asks, and what they may get.
type guest struct {
	person  codec.Person // whose the link would be
	key     []byte       // nil for nothing
	link    codec.Link
	message outbox.Message
}

// receive decides what somebody who asks may get: a link that signs in, one to
// ask the owners, or nothing.
func receive(tx Tx, a *signin.Asking) (guest, error) {
	who, policy := a.Request.Address, a.Policy
	p, err := person(tx, who)
	if err != nil {
		return guest{}, err
	}
	stands := false // for another person
	if !p.IsKnown() {
		owner, found, err := load[address.Address](tx, recoveryKey(who))
		if err != nil {
			return guest{}, err
		}
		if found {
			who, policy = owner, "" // the rules are asked when the link is redeemed
			if p, err = person(tx, owner); err != nil {
				return guest{}, err
			}
			stands = p.IsKnown()
		}
	}
	g, standing := guest{person: p}, p.Standing.Unpack()
	barred, err := mayNotSignIn(tx, who, p)
	if err == nil && !barred && who != a.Request.Address {
		barred, err = mayNotSignIn(tx, a.Request.Address, p)
	}
	if err != nil {
		return guest{}, err
	}
	switch own := who == a.Request.Address; {
	case barred:
		return g, nil
	case stands || own && a.Admission.Admits(standing, a.Now):
		g.key, g.link, g.message = a.Link[:], codec.PackLink(a), a.Message
		g.link.Recovery = stands
	case a.OfferLink != (signin.LinkKey{}) && own && a.Admission.MayAsk(standing):
		g.key, g.link, g.message = a.OfferLink[:], codec.PackLink(a), a.Offer
		g.link.Purpose, g.link.Code = signin.ToAsk, nil
	}
	g.link.Address, g.link.Policy, g.link.Revision = who, policy, p.Revision()
	return g, nil
}

// give sends somebody what they may get and keeps its link, or says why not.
func give(tx Tx, a *signin.Asking, g guest, from visitor) (signin.SilentReason, error) {
	l := letter{
		from: from, to: a.Request.Address, reader: g.person, familiar: isFamiliar(g.person, a.Browser),
		mailbox: a.Mailbox, total: a.Total, reserve: a.Reserve, message: g.message,
	}
	if g.key == nil {
		_, err := tx.Take(l.counted(), a.Now)
		return signin.SilentNotAllowed, err
	}
	open, _, err := load[codec.Address](tx, addressKey(g.link.Address))
	if err != nil {
		return signin.NotSilent, err
	}
	live := liveLinks(open, g.link.Purpose, codec.Millis(a.Now))
	crowded := len(live) >= signin.MaxLiveLinks
	if crowded && !l.familiar {
		return signin.SilentThreeAlive, nil
	}
	silent, err := send(tx, l, a.Now)
	if err != nil || silent != signin.NotSilent {
		return silent, err
	}
	if crowded {
		if err := closeLink(tx, toGiveWay(live).Key, a.Now); err != nil {
			return signin.NotSilent, err
		}
	}
	g.link.Familiar, g.link.Slot = l.familiar, a.Mailbox.Rule.Slot(a.Now)
	if a.Mailbox.Name != g.link.Address.Fold() {
		g.link.Mailbox = a.Mailbox.Name
	}
	return signin.NotSilent, saveLink(tx, g.key, g.link, a.Now)
}

// liveLinks are those of a purpose that are alive, the oldest first, of those that
// browsers asked for: whoever knows an address can do that.
func liveLinks(a codec.Address, purpose signin.Purpose, now int64) (alive []codec.OpenLink) {
	for _, l := range a.Links {
		if l.Purpose == purpose && !l.Promised && l.Expires > now {
			alive = append(alive, l)
		}
	}
	return alive
}

// toGiveWay is which link ends for one that is asked for in a familiar browser: the
// oldest one of a stranger's, or the oldest one if all are from familiar browsers.
func toGiveWay(live []codec.OpenLink) codec.OpenLink {
	if i := slices.IndexFunc(live, func(l codec.OpenLink) bool { return !l.Familiar }); i >= 0 {
		return live[i]
	}
	return live[0]
}

// isFamiliar reports whether somebody has proven their address in a browser.
func isFamiliar(p codec.Person, browser signin.BrowserKey) bool {
	return slices.ContainsFunc(p.Browsers, func(b []byte) bool { return bytes.Equal(b, browser[:]) })
}

// Request implements signin.Store.
func (s Steps) Request(ctx context.Context, browser signin.BrowserKey, now time.Time) (r signin.Request, found bool, err error) {
	key := requestKey(browser[:])
	err = s.backend.Look(ctx, []Key{key}, func(tx Tx) error {
		stored, ok, err := load[codec.Request](tx, key)
		if err != nil || !ok || stored.Expires+signin.Remembered.Milliseconds() <= codec.Millis(now) {
			return err
		}
		r, found = stored.Unpack(), true
		return nil
	})
	return r, found, err
}
