package caddymodule

import (
	"net/http"

	"github.com/doorpost-auth/doorpost/internal/access"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

func reportRequest(a access.Request) adminapi.AccessRequest {
	decision := adminapi.Decision(a.State)
	if a.State == access.Open {
		decision = adminapi.Open
	}
	return adminapi.AccessRequest{
		ID: a.ID, Address: string(a.Address), Site: a.Site, Words: a.Words, Asked: a.Asked.UTC(),
		Browser: a.Device.Browser, System: a.Device.System, Network: a.Device.Network,
		Decision: decision, Until: a.Until.UTC(), By: string(a.By), Decided: a.Decided.UTC(),
	}
}

// listRequests lists access requests that are not decided, those who wait longest
// first.
func listRequests(a *App, rt *runningApp, w http.ResponseWriter, r *http.Request) error {
	page, err := pageOf(r)
	if err != nil {
		return err
	}
	list, next, err := rt.access.Open(r.Context(), page.From, page.Limit)
	if err != nil {
		return serviceError(err)
	}
	answer := adminapi.AccessRequests{Requests: []adminapi.AccessRequest{}, Next: next}
	for _, request := range list {
		answer.Requests = append(answer.Requests, reportRequest(request))
	}
	return writeJSON(w, http.StatusOK, answer)
}

func approveRequest(a *App, rt *runningApp, w http.ResponseWriter, r *http.Request) error {
	var order adminapi.ApproveOrder
	if err := readOrder(w, r, &order, `{"for": "<duration>"} or nothing`); err != nil {
		return err
	}
	lasts, err := readDuration(order.For)
	if err != nil {
		return err
	}
	return decide(rt, w, r, access.Choice{Grant: true, For: lasts})
}

func refuseRequest(a *App, rt *runningApp, w http.ResponseWriter, r *http.Request) error {
	return decide(rt, w, r, access.Choice{})
}

func decide(rt *runningApp, w http.ResponseWriter, r *http.Request, choice access.Choice) error {
	request, first, err := rt.access.Decide(audited(r), r.PathValue("id"), "", choice)
	if err != nil {
		return serviceError(err)
	}
	return writeJSON(w, http.StatusOK, adminapi.DecideReport{Request: reportRequest(request), First: first})
}
