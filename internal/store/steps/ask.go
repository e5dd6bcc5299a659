package steps

import (
	"context"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

// Requests are what browsers asked for, by a signin.BrowserKey.
var Requests = newTable("requests")

func requestKey(browser signin.BrowserKey) Key { return hashed(Requests, browser[:]) }

// Ask implements signin.Store.
func (s Steps) Ask(ctx context.Context, a signin.Asking) (signin.Asked, error) {
	who := a.Request.Address
	reads := append(ofAddress(who), recoveryKey(who), requestKey(a.Browser),
		LimitKey(limited(clientLimit, a.Client)), LimitKey(limited(totalLimit, a.Total)))
	for _, kind := range []string{string(outbox.SignIn), familiarLimit, string(outbox.Offer)} {
		reads = append(reads, LimitKey(limited(kind, a.Mailbox)))
	}
	return result(ctx, s.change("ask"), reads, func(t *tx) signin.Asked { return ask(t, &a) })
}

func ask(t *tx, a *signin.Asking) signin.Asked {
	from, wait := countVisitor(t, a.Client, a.Now)
	if wait > 0 {
		return signin.Asked{Wait: wait}
	}
	g := receive(t, a)
	silent := give(t, a, g, from)
	asked := signin.Asked{Silent: silent, Send: silent == signin.NotSilent}

	next := codec.PackRequest(a.Request)
	before, found := load[codec.Request](t, requestKey(a.Browser))
	if found && before.Expires > codec.Millis(a.Now) && before.Tries < signin.MaxCodeTries {
		next.Tries, next.Tried = before.Tries, before.Tried
		next.Links = goodLinks(t, before.Links, a.Now)
	}
	if asked.Send {
		next.Links = append(next.Links, g.key)
	}
	saveRequest(t, a.Browser, next)
	return asked
}

// saveRequest keeps a request, which leads to the links that its codes are looked
// for in.
func saveRequest(t *tx, browser signin.BrowserKey, r codec.Request) {
	var leads []Key
	for _, key := range r.Links {
		leads = append(leads, linkKey(key))
	}
	save(t, requestKey(browser), r, remembered(r.Expires), leads...)
}

// goodLinks keeps of some links those that can still be redeemed.
func goodLinks(t *tx, keys []signin.LinkKey, now time.Time) (good []signin.LinkKey) {
	for _, key := range keys {
		if _, state := findLink(t, key, now); state == signin.LinkGood {
			good = append(good, key)
		}
	}
	return good
}

// guest is somebody who asks, and what they may get.
type guest struct {
	person  codec.Person   // whose the link would be
	key     signin.LinkKey // zero for nothing
	link    codec.Link
	message outbox.Message
}

// receive decides what somebody who asks may get: a link that signs in, one to
// ask the owners, or nothing.
func receive(t *tx, a *signin.Asking) guest {
	who, policy := a.Request.Address, a.Policy
	p, stands := person(t, who), false // for another person
	if !p.IsKnown() {
		if owner, found := load[address.Address](t, recoveryKey(who)); found {
			who, policy = owner, "" // the rules are asked when the link is redeemed
			p = person(t, owner)
			stands = p.IsKnown()
		}
	}
	g, standing := guest{person: p}, p.Standing.Unpack()
	switch own := who == a.Request.Address; {
	case mayNotSignIn(t, who, p) || !own && mayNotSignIn(t, a.Request.Address, p):
		return g
	case stands || own && a.Admission.Admits(standing, a.Now):
		g.key, g.link, g.message = a.Link, codec.PackLink(a), a.Message
		g.link.Recovery = stands
	case a.OfferLink != (signin.LinkKey{}) && own && a.Admission.MayAsk(standing):
		g.key, g.link, g.message = a.OfferLink, codec.PackLink(a), a.Offer
		g.link.Purpose, g.link.Code = signin.ToAsk, signin.CodeKey{}
	}
	g.link.Address, g.link.Policy, g.link.Revision = who, policy, p.Revision()
	return g
}

// give sends somebody what they may get and keeps its link, or says why not.
func give(t *tx, a *signin.Asking, g guest, from visitor) signin.SilentReason {
	if g.key == (signin.LinkKey{}) {
		return signin.SilentNotAllowed
	}
	l := letter{
		from: from, to: a.Request.Address, reader: g.person, familiar: isFamiliar(g.person, a.Browser),
		mailbox: a.Mailbox, total: a.Total, reserve: a.Reserve, message: g.message,
	}
	open, _ := load[codec.Address](t, addressKey(g.link.Address))
	live := liveLinks(open, g.link.Purpose, codec.Millis(a.Now))
	crowded := len(live) >= signin.MaxLiveLinks
	if crowded && !l.familiar {
		return signin.SilentThreeAlive
	}
	if silent := send(t, l, a.Now); silent != signin.NotSilent {
		return silent
	}
	if crowded {
		closeLink(t, toGiveWay(live).Key, a.Now)
	}
	g.link.Familiar, g.link.Slot = l.familiar, a.Mailbox.Rule.Slot(a.Now)
	if a.Mailbox.Name != g.link.Address.Fold() {
		g.link.Mailbox = a.Mailbox.Name
	}
	saveLink(t, g.key, g.link, a.Now)
	return signin.NotSilent
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
	return slices.Contains(p.Browsers, browser)
}

// Request implements signin.Store.
func (s Steps) Request(ctx context.Context, browser signin.BrowserKey, now time.Time) (signin.Request, bool, error) {
	key := requestKey(browser)
	return results(ctx, s.look("request"), []Key{key}, func(t *tx) (signin.Request, bool) {
		stored, found := load[codec.Request](t, key)
		if !found || stored.Expires+signin.Remembered.Milliseconds() <= codec.Millis(now) {
			return signin.Request{}, false
		}
		return stored.Unpack(), true
	})
}
