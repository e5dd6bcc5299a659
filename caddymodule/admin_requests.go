package caddymodule

import (
	"cmp"

	"github.com/doorpost-auth/doorpost/internal/access"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

func reportRequest(a access.Request) adminapi.AccessRequest {
	return adminapi.AccessRequest{
		ID: a.ID, Address: string(a.Address), Site: a.Site, Words: a.Words, Asked: a.Asked.UTC(),
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
	lasts, err := readDuration(order.For, 0)
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
