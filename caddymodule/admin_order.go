package caddymodule

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/audit"
)

// maxOrder bounds the body of a request, in bytes.
const maxOrder = 16 << 10

// readOrder reads the JSON object that a request brings. An empty body is an
// empty object; fields that are not known are refused, so that a misspelt one is
// noticed. example says what the object looks like.
func (c *adminCall) readOrder(order any, example string) error {
	decoder := json.NewDecoder(http.MaxBytesReader(c.w, c.r.Body, maxOrder))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(order); err != nil && !errors.Is(err, io.EOF) {
		return apiError(http.StatusBadRequest, "the body must be JSON like %s: %w", example, err)
	}
	return nil
}

// readAddress checks an address that a request names.
func readAddress(given string) (address.Address, error) {
	who, err := address.Parse(given)
	if err != nil {
		return "", apiError(http.StatusBadRequest, "address is not a mail address: %w", err)
	}
	return who, nil
}

// page reads which part of a list the query of a request asks for.
func (c *adminCall) page() (p adminapi.Page, err error) {
	query := c.r.URL.Query()
	p.From = query.Get("from")
	if given := query.Get("limit"); given != "" {
		limit, _ := strconv.Atoi(given)
		p.Limit = cmp.Or(limit, -1) // which is out of bounds
	}
	return bounded(p)
}

// bounded checks how many items of a list are asked for.
func bounded(p adminapi.Page) (adminapi.Page, error) {
	if p.Limit = cmp.Or(p.Limit, adminapi.UsualPage); p.Limit < 1 || p.Limit > adminapi.MaxPage {
		return p, apiError(http.StatusBadRequest, "limit must be a number from 1 to %d", adminapi.MaxPage)
	}
	return p, nil
}

// pageOfPeople is bounded for a list in the order of addresses.
func pageOfPeople(given adminapi.Page) (after address.Address, limit int, err error) {
	p, err := bounded(given)
	if err != nil || p.From == "" {
		return "", p.Limit, err
	}
	if after, err = address.Parse(p.From); err != nil {
		return "", 0, errFrom
	}
	return after, p.Limit, nil
}

var errFrom = apiError(http.StatusBadRequest, "from must be what an earlier answer gave as next, and not too old; begin without it")

// audited makes what a request brings about an event of the audit log that says
// where it came from.
func audited(r *http.Request) context.Context {
	ctx := audit.WithActor(r.Context(), "admin API")
	if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil { // there is no peer at a Unix socket
		ctx = audit.WithRequest(ctx, peer.Addr())
	}
	return ctx
}

// each makes a list of reports, an array for machines even if it is empty.
func each[T, Report any](list []T, report func(T) Report) []Report {
	reports := make([]Report, 0, len(list))
	for _, item := range list {
		reports = append(reports, report(item))
	}
	return reports
}

// orNone makes an array for machines of a list that may be nil.
func orNone(list []string) []string { return append([]string{}, list...) }

// lines answers with a line of JSON for each value that is sent, at once
// (application/x-ndjson). Caddy reads from the connection for ten seconds, and
// cancels the request then; what has lines may take longer.
func (c *adminCall) lines() (send func(value any)) {
	c.w.Header().Set("Content-Type", "application/x-ndjson")
	answer, connection := json.NewEncoder(c.w), http.NewResponseController(c.w)
	_ = connection.SetReadDeadline(time.Time{}) // it is possible on every connection of Caddy's endpoint
	return func(value any) {
		if answer.Encode(value) == nil { // otherwise the client went away, and the request is cancelled
			_ = connection.Flush()
		}
	}
}
