package caddymodule

import (
	"net/http"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/session"
)

func reportSessions(entries []session.Entry) []adminapi.Session {
	list := make([]adminapi.Session, 0, len(entries))
	for _, e := range entries {
		list = append(list, adminapi.Session{
			ID: e.Key.String(), Address: string(e.Address), Site: e.Scope, SignedIn: e.SignedIn.UTC(), LastUse: e.Seen.UTC(), Expires: e.Expires.UTC(),
			Browser: e.Device.Browser, System: e.Device.System, Network: e.Device.Network,
		})
	}
	return list
}

// listSessions lists the sessions of somebody, or, page by page, of everybody,
// in the order of addresses.
func listSessions(a *App, rt *runningApp, w http.ResponseWriter, r *http.Request) error {
	var order adminapi.SessionsOrder
	if err := readOrder(w, r, &order, `{"address": "<address>"} or {"from": "<next of the page before>", "limit": <n>}`); err != nil {
		return err
	}
	after, limit, err := pageOfPeople(order.Page)
	if err != nil {
		return err
	}
	if order.Address != "" {
		who, err := readAddress(order.Address)
		if err != nil {
			return err
		}
		list, err := rt.roster.SessionsOf(r.Context(), who)
		if err != nil {
			return serviceError(err)
		}
		return writeJSON(w, http.StatusOK, adminapi.Sessions{Sessions: reportSessions(list)})
	}
	list, next, err := rt.roster.AllSessions(r.Context(), after, limit)
	if err != nil {
		return serviceError(err)
	}
	return writeJSON(w, http.StatusOK, adminapi.Sessions{Sessions: reportSessions(list), Next: string(next)})
}

func endSessions(a *App, rt *runningApp, w http.ResponseWriter, r *http.Request) error {
	var order adminapi.EndOrder
	if err := readOrder(w, r, &order, `{"address": "<address>"}, {"id": "<id>"} or {"all": true}`); err != nil {
		return err
	}
	switch {
	case order.All && order == (adminapi.EndOrder{All: true}):
		rt.endAll(w, r)
		return nil
	case order.ID != "" && order == (adminapi.EndOrder{ID: order.ID}):
		return rt.endOne(w, r, order.ID)
	case order.Address != "" && order == (adminapi.EndOrder{Address: order.Address}):
		return rt.endOf(w, r, order.Address)
	}
	return apiError(http.StatusBadRequest, "say whose sessions end, by one of address, id and all")
}

func (rt *runningApp) endAll(w http.ResponseWriter, r *http.Request) {
	send := answerLines[adminapi.EndReport](w)
	ended, err := rt.roster.EndAll(audited(r), func(ended int) { send(adminapi.EndReport{Ended: ended}) })
	last := adminapi.EndReport{Ended: ended, Done: err == nil}
	if err != nil {
		last.Error = err.Error()
	}
	send(last)
}

func (rt *runningApp) endOne(w http.ResponseWriter, r *http.Request, id string) error {
	key, ok := session.ParseKey(id)
	if !ok {
		return apiError(http.StatusBadRequest, "id must be 32 hexadecimal digits, as sessions list shows them")
	}
	who, err := rt.roster.EndSessionByKey(audited(r), key)
	if err != nil {
		return serviceError(err)
	}
	return writeJSON(w, http.StatusOK, adminapi.EndReport{Address: string(who), ID: key.String(), Ended: 1, Done: true})
}

func (rt *runningApp) endOf(w http.ResponseWriter, r *http.Request, given string) error {
	who, err := readAddress(given)
	if err != nil {
		return err
	}
	list, err := rt.roster.SessionsOf(r.Context(), who) // to say how many; those that begin meanwhile end too
	if err != nil {
		return serviceError(err)
	}
	if err := rt.roster.EndSessionsOf(audited(r), who); err != nil {
		return serviceError(err)
	}
	return writeJSON(w, http.StatusOK, adminapi.EndReport{Address: string(who), Ended: len(list), Done: true})
}
