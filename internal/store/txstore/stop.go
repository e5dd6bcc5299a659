package txstore

import (
	"bytes"
	"context"
	"slices"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/record"
)

// Stop implements signin.Store.
func (s *Store) Stop(ctx context.Context, stop signin.Stopping) (stopped bool, err error) {
	err = s.update(ctx, func(tx Tx) error {
		var who address.Address
		who, err = readerOf(tx, stop)
		if stopped = err == nil && who != ""; !stopped {
			return err
		}
		if err := endRequestOf(tx, stop.Link); err != nil {
			return err
		}
		return tx.Put(muted, []byte(who), encodeTime(stop.Until))
	})
	return stopped && err == nil, err
}

// readerOf is whom a link was sent to, empty if that is not remembered. The
// message knows it, as long as there is one: a link to a recovery address is its
// person's.
func readerOf(tx Tx, stop signin.Stopping) (address.Address, error) {
	message, found, err := loadMessage(tx, stop.Message, nil)
	if err != nil {
		return "", err
	}
	if found && message.Site == stop.Site && message.Expires > record.Millis(stop.Now) {
		return message.To, nil
	}
	link, _, err := load[record.Link](tx, links, stop.Link[:])
	if err != nil || link.Site != stop.Site {
		return "", err
	}
	return link.Address, nil
}

// endRequestOf ends the request that a link belongs to, if it is the last one
// of its browser, and the link in any case.
func endRequestOf(tx Tx, link signin.LinkKey) error {
	stored, found, err := loadLink(tx, link[:])
	if err != nil || !found {
		return err
	}
	request, found, err := load[record.Request](tx, requests, stored.Browser)
	if err != nil {
		return err
	}
	if found && slices.ContainsFunc(request.Links, func(l []byte) bool { return bytes.Equal(l, link[:]) }) {
		if err := endRequest(tx, stored.Browser, request); err != nil {
			return err
		}
	}
	return markUsed(tx, link[:])
}
