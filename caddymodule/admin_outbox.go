package caddymodule

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/post"
)

func report(m outbox.Message, reveal bool) adminapi.Message {
	to := m.To.Mask()
	if reveal {
		to = string(m.To)
	}
	again := m // a copy, to see whether it could be retried
	return adminapi.Message{
		ID: m.ID, Kind: m.Kind, State: m.State, Since: m.Since.UTC(), To: to, Site: m.Site, Welcome: m.Welcome,
		Created: m.Created.UTC(), Deadline: m.Deadline.UTC(), Waiting: m.Waiting(), Due: m.Due.UTC(),
		Attempts: m.Attempts, Copies: m.Copies, Mailer: m.Mailer, ProviderID: m.ProviderID, Problem: m.Problem,
		Delivered: m.Delivered.UTC(), Retried: m.Retried.UTC(), Retryable: again.Retry(time.Now()) == nil,
	}
}

// listOutbox lists messages, the newest first.
func listOutbox(a *App, rt *runningApp, w http.ResponseWriter, r *http.Request) error {
	page, err := pageOf(r)
	if err != nil {
		return err
	}
	reveal, err := asksToReveal(r)
	if err != nil {
		return err
	}
	list, next, err := rt.outbox.Messages(r.Context(), page.From, page.Limit)
	switch {
	case errors.Is(err, outbox.ErrUnknown):
		return errFrom
	case err != nil:
		return storeError("listing messages", err)
	}
	answer := adminapi.Messages{Messages: make([]adminapi.Message, 0, len(list)), Next: next}
	for _, m := range list {
		answer.Messages = append(answer.Messages, report(m, reveal))
	}
	return writeJSON(w, http.StatusOK, answer)
}

// asksToReveal reports whether addresses are to be shown in full.
func asksToReveal(r *http.Request) (bool, error) {
	given := r.URL.Query().Get("reveal")
	if given == "" {
		return false, nil
	}
	reveal, err := strconv.ParseBool(given)
	if err != nil {
		return false, apiError(http.StatusBadRequest, "reveal must be 1 or 0")
	}
	return reveal, nil
}

func showMessage(a *App, rt *runningApp, w http.ResponseWriter, r *http.Request) error {
	reveal, err := asksToReveal(r)
	if err != nil {
		return err
	}
	m, found, err := rt.outbox.Message(r.Context(), r.PathValue("id"))
	switch {
	case err != nil:
		return storeError("looking a message up", err)
	case !found:
		return apiError(http.StatusNotFound, "%w", outbox.ErrUnknown)
	}
	return writeJSON(w, http.StatusOK, report(m, reveal))
}

func retryMessage(a *App, rt *runningApp, w http.ResponseWriter, r *http.Request) error {
	done, err := post.Retry(r.Context(), rt.outbox, r.PathValue("id"), time.Now())
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
	return writeJSON(w, http.StatusOK, adminapi.RetryReport{
		Message: report(done.Message, false), Retried: done.Again, Unblocked: done.Unblocked, Problem: done.Problem,
	})
}

// unblock lets an address be written to again to which a message bounced.
func unblock(a *App, rt *runningApp, w http.ResponseWriter, r *http.Request) error {
	var order adminapi.UnblockOrder
	if err := readOrder(w, r, &order, `{"address": "<address>"}`); err != nil {
		return err
	}
	who, err := readAddress(order.Address)
	if err != nil {
		return err
	}
	answer := adminapi.UnblockReport{Address: who.Mask()}
	if answer.Unblocked, err = rt.outbox.Unblock(r.Context(), who); err != nil {
		return storeError("unblocking an address", err)
	}
	return writeJSON(w, http.StatusOK, answer)
}
