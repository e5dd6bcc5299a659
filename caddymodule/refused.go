package caddymodule

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/people"
)

// noteRefusal tells the logs of a person who is signed in and refused by the rules: the access log of each request, the audit log once in an hour.
func (h *Handler) noteRefusal(visit *gate.Visit, r *http.Request) {
	h.setPlaceholders(visit, r)
	s, err := visit.Session(r)
	rt := h.app.opened
	if err != nil || s == nil || !rt.audit.IsFirstRefusal(s.Address, h.site.name()) {
		return
	}
	origin, _ := visit.Origin()
	rt.audit.Record(audit.WithRequest(r.Context(), clientIP(r)), audit.Refused, s.Address,
		"site", origin.String(), "reason", "not admitted", "rule", h.refusal(s.Address, s.Standing()))
}

// refusal says which rule keeps somebody out, as why does, without whole addresses.
func (h *Handler) refusal(who address.Address, standing *people.Standing) string {
	b := h.explain(who, standing)
	b.Allow = each(b.Allow, maskEntry)
	b.Denied = each(b.Denied, func(c adminapi.Cover) adminapi.Cover {
		c.Entry = maskEntry(c.Entry)
		return c
	})
	return fmt.Sprintf("block %d: %s", slices.Index(h.site.handlers, h)+1, b.Refusal())
}

// maskEntry is an entry of a rule as logs may have it.
func maskEntry(entry string) string {
	who, err := address.Parse(entry)
	if err != nil || strings.HasPrefix(entry, "*@") { // a domain, which would pass for an address
		return entry
	}
	return who.Mask()
}
