package caddymodule

import (
	"cmp"
	"time"

	"github.com/doorpost-auth/doorpost/internal/access"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// invite sends somebody a first link.
func invite(c *adminCall, who address.Address, order adminapi.InviteOrder) (report adminapi.InviteReport, err error) {
	life, err := order.Life()
	if err != nil {
		return report, err
	}
	s, origin, err := c.siteFor(order.Site)
	if err != nil {
		return report, err
	}
	if err := c.rt.admin.CheckGroups(order.Groups); err != nil {
		return report, err
	}
	report = adminapi.InviteReport{Address: string(who), Site: origin, Groups: orNone(order.Groups)}
	until := time.Now().Add(life)
	report.Reason, err = c.rt.access.Invite(c.ctx, signin.Site{Origin: origin, Name: s.name(), Rules: s.rules()}, who, order.Groups, life)
	switch {
	case err != nil:
		return report, err
	case report.Reason == signin.NotSilent:
		report.Sent, report.Expires = true, until.UTC().Truncate(time.Second)
	case report.Reason == signin.SilentNotAllowed:
		p, err := c.rt.lookUp(c.ctx, who)
		if err != nil {
			return report, err
		}
		standing := people.Standing{Groups: append(p.Groups, order.Groups...), Grants: p.Grants}
		report.Groups, report.Disabled, report.Barred = []string{}, p.Disabled, string(p.Barred)
		report.Blocks = each(s.handlers, func(h *Handler) adminapi.Block { return h.explain(who, &standing) })
	}
	return report, nil
}

func reportRequest(a access.Request) adminapi.AccessRequest {
	return adminapi.AccessRequest{
		ID: a.ID, Address: string(a.Address), Site: a.Origin, Words: a.Words, Asked: a.Asked.UTC(),
		Browser: a.Device.Browser, System: a.Device.System, Network: a.Device.Network,
		Decision: cmp.Or(adminapi.Decision(a.State), adminapi.Open), Until: a.Until.UTC(), By: string(a.By), Decided: a.Decided.UTC(),
	}
}

func listRequests(c *adminCall) (list adminapi.AccessRequests, err error) {
	page, err := c.page()
	if err != nil {
		return list, err
	}
	open, next, err := c.rt.access.Open(c.ctx, page.From, page.Limit)
	return adminapi.AccessRequests{Requests: each(open, reportRequest), Next: next}, err
}

func approveRequest(c *adminCall, order adminapi.ApproveOrder) (report adminapi.DecideReport, err error) {
	lasts, err := order.Lasts()
	if err != nil {
		return report, err
	}
	return c.decide(access.Choice{Grant: true, For: lasts})
}

func refuseRequest(c *adminCall) (adminapi.DecideReport, error) { return c.decide(access.Choice{}) }

func (c *adminCall) decide(choice access.Choice) (adminapi.DecideReport, error) {
	request, first, err := c.rt.access.Decide(c.ctx, c.r.PathValue("id"), "", choice)
	return adminapi.DecideReport{Request: reportRequest(request), First: first}, err
}
