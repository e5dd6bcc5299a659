package steps

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

// Stop implements signin.Store.
func (s Steps) Stop(ctx context.Context, stop signin.Stopping) (stopped bool, err error) {
	err = s.backend.Change(ctx, []Key{messageKey(stop.Message), linkKey(stop.Link[:])}, func(tx Tx) error {
		who, err := readerOf(tx, stop)
		if stopped = err == nil && who != ""; !stopped {
			return err
		}
		if err := endRequestOf(tx, stop.Link[:], stop.Now); err != nil {
			return err
		}
		return changeMailbox(tx, who, func(m *codec.Mailbox) { m.Muted = codec.Millis(stop.Until) })
	})
	return stopped && err == nil, err
}

// readerOf is the address that a link was sent to, empty if not remembered. The
// message knows it as long as there is one: a link to a recovery address is its
// person's.
func readerOf(tx Tx, stop signin.Stopping) (address.Address, error) {
	message, found, err := load[codec.Message](tx, messageKey(stop.Message))
	if err != nil {
		return "", err
	}
	if found && message.Site == stop.Site && message.Expires > codec.Millis(stop.Now) {
		return message.To, nil
	}
	link, _, err := load[codec.Link](tx, linkKey(stop.Link[:]))
	if err != nil || link.Site != stop.Site {
		return "", err
	}
	return link.Address, nil
}

// endRequestOf ends the request that a link belongs to, if it is the last one
// of its browser, and the link in any case.
func endRequestOf(tx Tx, key []byte, now time.Time) error {
	link, found, err := load[codec.Link](tx, linkKey(key))
	if err != nil || !found {
		return err
	}
	ending := [][]byte{key}
	request, found, err := load[codec.Request](tx, requestKey(link.Browser))
	if err != nil {
		return err
	}
	if found && slices.ContainsFunc(request.Links, func(l []byte) bool { return bytes.Equal(l, key) }) {
		ending = append(ending, request.Links...)
		request.Links, request.Tries = nil, signin.MaxCodeTries
		if err := saveRequest(tx, link.Browser, request); err != nil {
			return err
		}
	}
	for _, key := range ending {
		if err := closeLink(tx, key, now); err != nil {
			return err
		}
	}
	return nil
}

// closeLink closes one link, if it is open.
func closeLink(tx Tx, key []byte, now time.Time) error {
	link, found, err := load[codec.Link](tx, linkKey(key))
	if err != nil || !found {
		return err
	}
	_, err = closeLinks(tx, link.Address, now, func(l codec.OpenLink) bool { return bytes.Equal(l.Key, key) })
	return err
}

// endLinks closes all links of an address, with the requests of those that a
// browser asked for, and returns how many were alive.
func endLinks(tx Tx, who address.Address, now time.Time) (ended int, err error) {
	a, _, err := load[codec.Address](tx, addressKey(who))
	if err != nil {
		return 0, err
	}
	for _, l := range a.Links {
		if l.Expires <= codec.Millis(now) {
			continue
		}
		ended++
		if err := endRequestOf(tx, l.Key, now); err != nil {
			return 0, err
		}
	}
	return ended, nil
}
