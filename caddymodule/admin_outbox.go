package caddymodule

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/fault"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/post"
)

func reportMessage(m outbox.Message, reveal bool) adminapi.Message {
	to := m.To.Mask()
	if reveal {
		to = string(m.To)
	}
	again := m // a copy, to see whether it could be retried
	return adminapi.Message{
		ID: m.ID, Kind: m.Kind, State: m.State, Since: m.Since.UTC(), To: to, Site: m.Origin, Welcome: m.Welcome,
		Created: m.Created.UTC(), Deadline: m.Deadline.UTC(), Waiting: m.Waiting(), Due: m.Due.UTC(),
		Attempts: m.Attempts, Copies: m.Copies, Mailer: m.Mailer, ProviderID: m.ProviderID, Problem: m.Problem,
		Delivered: m.Delivered.UTC(), Retried: m.Retried.UTC(), Retryable: again.Retry(time.Now()) == nil,
	}
}

// listOutbox lists messages, the newest first.
func listOutbox(c *adminCall) (list adminapi.Messages, err error) {
	page, err := c.page()
	if err != nil {
		return list, err
	}
	reveal, err := c.asksToReveal()
	if err != nil {
		return list, err
	}
	messages, next, err := c.rt.outbox.Messages(c.ctx, page.From, page.Limit)
	if errors.Is(err, outbox.ErrUnknown) {
		return list, errFrom
	}
	report := func(m outbox.Message) adminapi.Message { return reportMessage(m, reveal) }
	return adminapi.Messages{Messages: each(messages, report), Next: next}, fault.Store("listing messages", err)
}

// asksToReveal reports whether addresses are to be shown in full.
func (c *adminCall) asksToReveal() (bool, error) {
	given := c.r.URL.Query().Get("reveal")
	if given == "" {
		return false, nil
	}
	reveal, err := strconv.ParseBool(given)
	if err != nil {
		return false, apiError(http.StatusBadRequest, "reveal must be 1 or 0")
	}
	return reveal, nil
}

func showMessage(c *adminCall) (report adminapi.Message, err error) {
	reveal, err := c.asksToReveal()
	if err != nil {
		return report, err
	}
	m, found, err := c.rt.outbox.Message(c.ctx, c.r.PathValue("id"))
	if err == nil && !found {
		err = outbox.ErrUnknown
	}
	return reportMessage(m, reveal), fault.Store("looking a message up", err)
}

func retryMessage(c *adminCall) (report adminapi.RetryReport, err error) {
	done, err := post.Retry(c.ctx, c.rt.outbox, c.rt.audit, c.r.PathValue("id"), time.Now())
	if err != nil {
		return report, fault.Store("sending a message again", err)
	}
	c.logger.Info("an operator asked for a message to be tried again",
		"message", done.Message.ID, "to", done.Message.To.Mask(), "retried", done.Again, "unblocked", done.Unblocked)
	return adminapi.RetryReport{
		Message: reportMessage(done.Message, false), Retried: done.Again, Unblocked: done.Unblocked, Problem: done.Problem,
	}, nil
}

// unblock lets an address be written to again to which a message bounced.
func unblock(c *adminCall, who address.Address, _ adminapi.UnblockOrder) (adminapi.UnblockReport, error) {
	unblocked, err := post.Unblock(c.ctx, c.rt.outbox, c.rt.audit, who)
	return adminapi.UnblockReport{Address: who.Mask(), Unblocked: unblocked}, fault.Store("unblocking an address", err)
}
