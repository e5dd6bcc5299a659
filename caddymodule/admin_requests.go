package caddymodule

import (
	"net/http"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/entry"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

func reportRequest(a entry.Application) adminapi.AccessRequest {
	decision := adminapi.Decision(a.Decision)
	if a.Decision == entry.Open {
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
	list, next, err := rt.entry.Open(r.Context(), page.From, page.Limit)
	if err != nil {
		return serviceError(err)
	}
	answer := adminapi.AccessRequests{Requests: []adminapi.AccessRequest{}, Next: next}
	for _, application := range list {
		answer.Requests = append(answer.Requests, reportRequest(application))
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
	return decide(rt, w, r, entry.Choice{Approve: true, For: lasts})
}

func refuseRequest(a *App, rt *runningApp, w http.ResponseWriter, r *http.Request) error {
	return decide(rt, w, r, entry.Choice{})
}

func decide(rt *runningApp, w http.ResponseWriter, r *http.Request, choice entry.Choice) error {
	application, first, err := rt.entry.Decide(audited(r), signin.Site{}, r.PathValue("id"), choice) // only a token is bound to a site
	if err != nil {
		return serviceError(err)
	}
	return writeJSON(w, http.StatusOK, adminapi.DecideReport{Request: reportRequest(application), First: first})
}
