package steps

import (
	"context"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

// Stop implements signin.Store.
func (s Steps) Stop(ctx context.Context, stop signin.Stopping) (stopped bool, err error) {
	return result(ctx, s.change("stop"), []Key{messageKey(stop.Message), linkKey(stop.Link)}, func(t *tx) bool {
		who := readerOf(t, stop)
		if who == "" {
			return false
		}
		endRequestOf(t, stop.Link, stop.Now)
		changeMailbox(t, who, func(m *codec.Mailbox) { m.Muted = codec.Millis(stop.Until) })
		return true
	})
}

// readerOf is the address that a link was sent to, empty if not remembered. The
// message knows it as long as there is one: a link to a recovery address is its
// person's.
func readerOf(t *tx, stop signin.Stopping) address.Address {
	message, found := load[codec.Message](t, messageKey(stop.Message))
	if found && message.Origin == stop.Origin && message.Expires > codec.Millis(stop.Now) {
		return message.To
	}
	if link, _ := load[codec.Link](t, linkKey(stop.Link)); link.Origin == stop.Origin {
		return link.Address
	}
	return ""
}

// endRequestOf ends the request that a link belongs to, if it is the last one
// of its browser, and the link in any case.
func endRequestOf(t *tx, key signin.LinkKey, now time.Time) {
	link, found := load[codec.Link](t, linkKey(key))
	if !found {
		return
	}
	ending := []signin.LinkKey{key}
	request, found := load[codec.Request](t, requestKey(link.Browser))
	if found && slices.Contains(request.Links, key) {
		ending = append(ending, request.Links...)
		request.Links, request.Tries = nil, signin.MaxCodeTries
		saveRequest(t, link.Browser, request)
	}
	for _, key := range ending {
		closeLink(t, key, now)
	}
}

// closeLink closes one link, if it is open.
func closeLink(t *tx, key signin.LinkKey, now time.Time) {
	if link, found := load[codec.Link](t, linkKey(key)); found {
		closeLinks(t, link.Address, now, func(l codec.OpenLink) bool { return l.Key == key })
	}
}

// endLinks closes all links of an address, with the requests of those that a
// browser asked for, and returns how many were alive.
func endLinks(t *tx, who address.Address, now time.Time) (ended int) {
	a, _ := load[codec.Address](t, addressKey(who))
	for _, l := range a.Links {
		if l.Expires > codec.Millis(now) {
			ended++
			endRequestOf(t, l.Key, now)
		}
	}
	return ended
}
