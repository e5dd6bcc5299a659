package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"time"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/entry"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/roster"
)

// Whoever is meant stands in the body of a request, not in its path or query:
// Caddy logs those.

// maxOrder bounds the body of a request.
const maxOrder = 16 << 10

// readOrder reads the JSON object that a request brings. An empty body is an
// empty object; fields that are not known are refused, so that none is
// misspelt. example says what it looks like.
func readOrder(w http.ResponseWriter, r *http.Request, order any, example string) error {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxOrder))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(order); err != nil && !errors.Is(err, io.EOF) {
		return apiError(http.StatusBadRequest, "the body is not %s: %w", example, err)
	}
	return nil
}

// readAddress checks an address that a request names.
func readAddress(given string) (address.Address, error) {
	who, err := address.Parse(given)
	if err != nil {
		return "", apiError(http.StatusBadRequest, "address: this is no mail address: %w", err)
	}
	return who, nil
}

// How many people or sessions are listed in one answer.
const (
	usualPeople = 100
	maxPeople   = 500
)

// pageOrder is which part of a list is asked for. Lists are in the order of
// addresses.
type pageOrder struct {
	From  string `json:"from,omitempty"`  // what an earlier answer gave as next; empty: from the start
	Limit int    `json:"limit,omitempty"` // 1 to 500
}

func (p pageOrder) read() (after address.Address, limit int, err error) {
	limit = p.Limit
	if limit == 0 {
		limit = usualPeople
	}
	if limit < 1 || limit > maxPeople {
		return "", 0, apiError(http.StatusBadRequest, "limit is a number from 1 to %d", maxPeople)
	}
	if p.From == "" {
		return "", limit, nil
	}
	if after, err = address.Parse(p.From); err != nil {
		return "", 0, apiError(http.StatusBadRequest, "from is not what an earlier answer gave as next; begin without it")
	}
	return after, limit, nil
}

// actor is who is written down as having changed something.
const actor = "admin API"

// audited makes what a request brings about an event of the audit log that says
// where it came from.
func audited(r *http.Request) context.Context {
	ctx := audit.WithActor(r.Context(), actor)
	if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil { // none at a Unix socket
		ctx = audit.WithRequest(ctx, peer.Addr())
	}
	return ctx
}

// serviceError is an error of one of our services as the client is told it.
func serviceError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, people.ErrUnknown):
		return apiError(http.StatusNotFound, "%w: those are known who have signed in once, or were added or invited; users list has them", people.ErrUnknown)
	case errors.Is(err, roster.ErrNoSession), errors.Is(err, entry.ErrUnknown):
		return apiError(http.StatusNotFound, "%w", err)
	case errors.Is(err, account.ErrTaken):
		return apiError(http.StatusConflict, "%w; users show tells whose it is", err)
	case errors.Is(err, roster.ErrNoGroup), errors.Is(err, entry.ErrLife):
		return apiError(http.StatusBadRequest, "%w", err)
	}
	return apiError(http.StatusServiceUnavailable, "%w", err) // it says that the store does not answer
}

// answerLines answers with a line of JSON for each value that it is told, at
// once (application/x-ndjson). Caddy reads from the connection for ten seconds,
// and cancels the request then; what has lines may take longer.
func answerLines[T any](w http.ResponseWriter) (tell func(T)) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	answer, connection := json.NewEncoder(w), http.NewResponseController(w)
	_ = connection.SetReadDeadline(time.Time{}) // it is possible on every connection of Caddy's endpoint
	return func(value T) {
		if answer.Encode(value) == nil { // otherwise whoever asked went away, and the request is cancelled
			_ = connection.Flush()
		}
	}
}
