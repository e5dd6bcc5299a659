package caddymodule

import (
	"net/http"
	"strconv"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/doorpost-auth/doorpost/internal/access"
)

// requestsPage is what GET /doorpost/requests answers.
type requestsPage struct {
	Requests []requestReport `json:"requests"`
	Next     string          `json:"next,omitempty"`
}

// requestReport is somebody who asks to be let in. Times are UTC.
type requestReport struct {
	ID       string    `json:"id"`
	Address  string    `json:"address"`
	Site     string    `json:"site"`
	Words    string    `json:"words,omitempty"` // why, as they were typed
	Asked    time.Time `json:"asked"`
	Browser  string    `json:"browser,omitempty"`
	System   string    `json:"system,omitempty"`
	Network  string    `json:"network,omitempty"`
	Decision string    `json:"decision"`         // open, approved, refused
	Until    time.Time `json:"until,omitzero"`   // of an approval; not there: for good
	By       string    `json:"by,omitempty"`     // the owner or admin who decided
	Decided  time.Time `json:"decided,omitzero"` // when
}

func reportRequest(a access.Request) requestReport {
	decision := string(a.State)
	if a.State == access.Open {
		decision = "open"
	}
	return requestReport{
		ID: a.ID, Address: string(a.Address), Site: a.Site, Words: a.Words, Asked: a.Asked.UTC(),
		Browser: a.Device.Browser, System: a.Device.System, Network: a.Device.Network,
		Decision: decision, Until: a.Until.UTC(), By: string(a.By), Decided: a.Decided.UTC(),
	}
}

// listRequests lists who asks to be let in and was not decided about, those who
// wait longest first.
func listRequests(a *App, w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	limit := usualPeople
	if given := query.Get("limit"); given != "" {
		var err error
		if limit, err = strconv.Atoi(given); err != nil || limit < 1 || limit > maxPeople {
			return apiError(http.StatusBadRequest, "limit is a number from 1 to %d", maxPeople)
		}
	}
	h, err := a.openForAdmin()
	if err != nil {
		return err
	}
	list, next, err := h.access.Open(r.Context(), query.Get("from"), limit)
	if err != nil {
		return serviceError(err)
	}
	answer := requestsPage{Requests: []requestReport{}, Next: next}
	for _, request := range list {
		answer.Requests = append(answer.Requests, reportRequest(request))
	}
	return writeJSON(w, http.StatusOK, answer)
}

// approveOrder is what POST /doorpost/requests/<id>/approve takes.
type approveOrder struct {
	For string `json:"for,omitempty"` // a duration; empty: for good
}

// decideReport is what approve and refuse answer.
type decideReport struct {
	Request requestReport `json:"request"`
	First   bool          `json:"first"` // false: it was decided before, and stays so
}

func approveRequest(a *App, w http.ResponseWriter, r *http.Request) error {
	var order approveOrder
	if err := readOrder(w, r, &order, `{"for": "<duration>"} or nothing`); err != nil {
		return err
	}
	choice := access.Choice{Grant: true}
	if order.For != "" {
		var err error
		if choice.For, err = caddy.ParseDuration(order.For); err != nil || choice.For <= 0 {
			return apiError(http.StatusBadRequest, "for is no duration such as 90m, 12h or 7d")
		}
	}
	return a.decide(w, r, choice)
}

func refuseRequest(a *App, w http.ResponseWriter, r *http.Request) error {
	return a.decide(w, r, access.Choice{})
}

func (a *App) decide(w http.ResponseWriter, r *http.Request, choice access.Choice) error {
	h, err := a.openForAdmin()
	if err != nil {
		return err
	}
	request, first, err := h.access.Decide(audited(r), r.PathValue("id"), "", choice)
	if err != nil {
		return serviceError(err)
	}
	return writeJSON(w, http.StatusOK, decideReport{reportRequest(request), first})
}
