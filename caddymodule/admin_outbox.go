package caddymodule

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/post"
)

// How many messages GET /doorpost/outbox lists.
const (
	usualPage = 50
	maxPage   = 500
)

// outboxPage is what GET /doorpost/outbox answers. Next is what from has to be
// for the next page; there is none after the last.
type outboxPage struct {
	Messages []messageReport `json:"messages"`
	Next     string          `json:"next,omitempty"`
}

// messageReport is what is told of a message: all but what it says. Times are
// UTC.
type messageReport struct {
	ID         string       `json:"id"`
	Kind       outbox.Kind  `json:"kind"`
	State      outbox.State `json:"state"`
	Since      time.Time    `json:"since"` // of the state
	To         string       `json:"to"`    // masked, unless it was asked for
	Site       string       `json:"site"`
	Welcome    bool         `json:"welcome"` // the first to somebody who has never signed in
	Created    time.Time    `json:"created"`
	Deadline   time.Time    `json:"deadline"` // not sent any more after it
	Waiting    bool         `json:"waiting"`  // still to be sent by us
	Due        time.Time    `json:"due,omitzero"`
	Attempts   int          `json:"attempts"`
	Copies     int          `json:"possible_copies"` // attempts that may have been accepted without an answer
	Mailer     string       `json:"mailer,omitempty"`
	ProviderID string       `json:"provider_id,omitempty"`
	Problem    string       `json:"problem,omitempty"`
	Delivered  time.Time    `json:"delivered,omitzero"`
	Retried    time.Time    `json:"retried,omitzero"`
	Retryable  bool         `json:"retryable"`
}

func report(m outbox.Message, reveal bool) messageReport {
	to := m.To.Mask()
	if reveal {
		to = string(m.To)
	}
	again := m // a copy, to see whether it could be retried
	return messageReport{
		ID: m.ID, Kind: m.Kind, State: m.State, Since: m.Since.UTC(), To: to, Site: m.Site, Welcome: m.Welcome,
		Created: m.Created.UTC(), Deadline: m.Deadline.UTC(), Waiting: m.Waiting(), Due: m.Due.UTC(),
		Attempts: m.Attempts, Copies: m.Copies, Mailer: m.Mailer, ProviderID: m.ProviderID, Problem: m.Problem,
		Delivered: m.Delivered.UTC(), Retried: m.Retried.UTC(), Retryable: again.Retry(time.Now()) == nil,
	}
}

// listOutbox lists messages, the newest first.
func listOutbox(a *App, w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	limit := usualPage
	if given := query.Get("limit"); given != "" {
		var err error
		if limit, err = strconv.Atoi(given); err != nil || limit < 1 || limit > maxPage {
			return apiError(http.StatusBadRequest, "limit is a number from 1 to %d", maxPage)
		}
	}
	reveal, err := asksToReveal(r)
	if err != nil {
		return err
	}
	h, err := a.openForAdmin()
	if err != nil {
		return err
	}
	list, next, err := h.outbox.Messages(r.Context(), query.Get("from"), limit)
	switch {
	case errors.Is(err, outbox.ErrUnknown):
		return apiError(http.StatusBadRequest, "from is not what an earlier answer gave as next, or is too old; begin without it")
	case err != nil:
		return storeError("listing messages", err)
	}
	answer := outboxPage{Messages: make([]messageReport, 0, len(list)), Next: next}
	for _, m := range list {
		answer.Messages = append(answer.Messages, report(m, reveal))
	}
	return writeJSON(w, http.StatusOK, answer)
}

// asksToReveal tells whether addresses are to be shown in full.
func asksToReveal(r *http.Request) (bool, error) {
	given := r.URL.Query().Get("reveal")
	if given == "" {
		return false, nil
	}
	reveal, err := strconv.ParseBool(given)
	if err != nil {
		return false, apiError(http.StatusBadRequest, "reveal is 1 or 0")
	}
	return reveal, nil
}

func showMessage(a *App, w http.ResponseWriter, r *http.Request) error {
	reveal, err := asksToReveal(r)
	if err != nil {
		return err
	}
	h, err := a.openForAdmin()
	if err != nil {
		return err
	}
	m, found, err := h.outbox.Message(r.Context(), r.PathValue("id"))
	switch {
	case err != nil:
		return storeError("looking a message up", err)
	case !found:
		return apiError(http.StatusNotFound, "%w", outbox.ErrUnknown)
	}
	return writeJSON(w, http.StatusOK, report(m, reveal))
}

// retryReport is what POST /doorpost/outbox/<id>/retry answers. At least one of
// Retried and Unblocked is true.
type retryReport struct {
	Message   messageReport `json:"message"`
	Retried   bool          `json:"retried"`           // it is on its way again
	Unblocked bool          `json:"unblocked"`         // its address was blocked, and is not any more
	Problem   string        `json:"problem,omitempty"` // why it is not on its way
}

func retryMessage(a *App, w http.ResponseWriter, r *http.Request) error {
	h, err := a.openForAdmin()
	if err != nil {
		return err
	}
	done, err := post.Retry(r.Context(), h.outbox, r.PathValue("id"), time.Now())
	switch {
	case errors.Is(err, outbox.ErrUnknown):
		return apiError(http.StatusNotFound, "%w", err)
	case errors.Is(err, outbox.ErrNoRetry):
		return apiError(http.StatusConflict, "%w", err)
	case err != nil:
		return storeError("sending a message again", err)
	}
	a.logger.Info("an operator asked for a message to be tried again",
		"message", done.Message.ID, "to", done.Message.To.Mask(), "retried", done.Again, "unblocked", done.Unblocked)
	return writeJSON(w, http.StatusOK, retryReport{report(done.Message, false), done.Again, done.Unblocked, done.Problem})
}

// unblockOrder is what POST /doorpost/outbox/unblock takes.
type unblockOrder struct {
	Address string `json:"address"`
}

// unblockReport is what it answers.
type unblockReport struct {
	Address   string `json:"address"`   // masked
	Unblocked bool   `json:"unblocked"` // false if it was not blocked
}

// unblock lets an address be written to again to which a message bounced.
func unblock(a *App, w http.ResponseWriter, r *http.Request) error {
	var order unblockOrder
	if err := readOrder(w, r, &order, `{"address": "<address>"}`); err != nil {
		return err
	}
	who, err := readAddress(order.Address)
	if err != nil {
		return err
	}
	h, err := a.openForAdmin()
	if err != nil {
		return err
	}
	answer := unblockReport{Address: who.Mask()}
	if answer.Unblocked, err = h.outbox.Unblock(r.Context(), who); err != nil {
		return storeError("unblocking an address", err)
	}
	return writeJSON(w, http.StatusOK, answer)
}
