package caddymodule

import (
	"net/http"
	"time"

	"github.com/doorpost-auth/doorpost/internal/session"
)

// sessionsOrder is what POST /doorpost/sessions/list takes.
type sessionsOrder struct {
	pageOrder
	Address string `json:"address,omitempty"` // whose; empty: everybody's
}

// sessionsPage is what it answers. There may be fewer than were asked for, or
// none, before the last page, and more by the sessions of one person.
type sessionsPage struct {
	Sessions []sessionReport `json:"sessions"`
	Next     string          `json:"next,omitempty"`
}

// sessionReport is a session. Times are UTC.
type sessionReport struct {
	ID       string    `json:"id"` // signs nobody in
	Address  string    `json:"address"`
	Site     string    `json:"site"` // the origin, or the cookie domain, that it is good for
	SignedIn time.Time `json:"signed_in"`
	LastUse  time.Time `json:"last_use"`
	Expires  time.Time `json:"expires"`
	Browser  string    `json:"browser,omitempty"`
	System   string    `json:"system,omitempty"`
	Network  string    `json:"network,omitempty"`
}

func reportSessions(entries []session.Entry) []sessionReport {
	list := make([]sessionReport, 0, len(entries))
	for _, e := range entries {
		list = append(list, sessionReport{
			ID: e.Key.String(), Address: string(e.Address), Site: e.Scope, SignedIn: e.SignedIn.UTC(), LastUse: e.Seen.UTC(), Expires: e.Expires.UTC(),
			Browser: e.Device.Browser, System: e.Device.System, Network: e.Device.Network,
		})
	}
	return list
}

// listSessions lists the sessions of somebody, or, page by page, of everybody,
// in the order of addresses.
func listSessions(a *App, w http.ResponseWriter, r *http.Request) error {
	var order sessionsOrder
	if err := readOrder(w, r, &order, `{"address": "<address>"} or {"from": "<next of the page before>", "limit": <n>}`); err != nil {
		return err
	}
	after, limit, err := order.read()
	if err != nil {
		return err
	}
	h, err := a.openForAdmin()
	if err != nil {
		return err
	}
	if order.Address != "" {
		who, err := readAddress(order.Address)
		if err != nil {
			return err
		}
		list, err := h.roster.SessionsOf(r.Context(), who)
		if err != nil {
			return serviceError(err)
		}
		return writeJSON(w, http.StatusOK, sessionsPage{Sessions: reportSessions(list)})
	}
	list, next, err := h.roster.AllSessions(r.Context(), after, limit)
	if err != nil {
		return serviceError(err)
	}
	return writeJSON(w, http.StatusOK, sessionsPage{reportSessions(list), string(next)})
}

// endOrder is what POST /doorpost/sessions/end takes: one of the three.
type endOrder struct {
	Address string `json:"address,omitempty"`
	ID      string `json:"id,omitempty"`
	All     bool   `json:"all,omitempty"` // of everybody
}

// endReport is what it answers. For all there is a line of it for each thousand
// sessions that have ended, and a last one that says done, or what went wrong.
type endReport struct {
	Address string `json:"address,omitempty"`
	ID      string `json:"id,omitempty"`
	Ended   int    `json:"ended"` // sessions, so far
	Done    bool   `json:"done"`
	Error   string `json:"error,omitempty"`
}

func endSessions(a *App, w http.ResponseWriter, r *http.Request) error {
	var order endOrder
	if err := readOrder(w, r, &order, `{"address": "<address>"}, {"id": "<id>"} or {"all": true}`); err != nil {
		return err
	}
	h, err := a.openForAdmin()
	switch {
	case err != nil:
		return err
	case order.All && order == (endOrder{All: true}):
		h.endAll(w, r)
		return nil
	case order.ID != "" && order == (endOrder{ID: order.ID}):
		return h.endOne(w, r, order.ID)
	case order.Address != "" && order == (endOrder{Address: order.Address}):
		return h.endOf(w, r, order.Address)
	}
	return apiError(http.StatusBadRequest, "say whose sessions end, by one of address, id and all")
}

func (h *house) endAll(w http.ResponseWriter, r *http.Request) {
	tell := answerLines[endReport](w)
	ended, err := h.roster.EndAll(audited(r), func(ended int) { tell(endReport{Ended: ended}) })
	last := endReport{Ended: ended, Done: err == nil}
	if err != nil {
		last.Error = err.Error()
	}
	tell(last)
}

func (h *house) endOne(w http.ResponseWriter, r *http.Request, id string) error {
	key, ok := session.ParseKey(id)
	if !ok {
		return apiError(http.StatusBadRequest, "id is not one as sessions list shows them: 32 hexadecimal digits")
	}
	who, err := h.roster.EndSessionByKey(audited(r), key)
	if err != nil {
		return serviceError(err)
	}
	return writeJSON(w, http.StatusOK, endReport{Address: string(who), ID: key.String(), Ended: 1, Done: true})
}

func (h *house) endOf(w http.ResponseWriter, r *http.Request, given string) error {
	who, err := readAddress(given)
	if err != nil {
		return err
	}
	list, err := h.roster.SessionsOf(r.Context(), who) // to say how many; those that begin meanwhile end too
	if err != nil {
		return serviceError(err)
	}
	if err := h.roster.EndSessionsOf(audited(r), who); err != nil {
		return serviceError(err)
	}
	return writeJSON(w, http.StatusOK, endReport{Address: string(who), Ended: len(list), Done: true})
}
