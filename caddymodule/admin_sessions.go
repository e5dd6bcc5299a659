package caddymodule

import (
	"net/http"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/session"
)

func reportSession(e session.Entry) adminapi.Session {
	return adminapi.Session{
		ID: e.Key.String(), Address: string(e.Address), Site: e.Scope, Sites: e.Sites, SignedIn: e.SignedIn.UTC(), LastUse: e.Seen.UTC(), Expires: e.Expires.UTC(),
		Browser: e.Device.Browser, System: e.Device.System, Network: e.Device.Network,
	}
}

func listSessions(c *adminCall, order adminapi.SessionsOrder) (page adminapi.Sessions, err error) {
	after, limit, err := pageOfPeople(order.Page)
	if err != nil {
		return page, err
	}
	var list []session.Entry
	if order.Address == "" {
		var next address.Address
		list, next, err = c.rt.admin.AllSessions(c.ctx, after, limit)
		page.Next = string(next)
	} else {
		_, list, err = c.sessionsOf(order.Address)
	}
	page.Sessions = each(list, reportSession)
	return page, err
}

func (c *adminCall) sessionsOf(given string) (who address.Address, list []session.Entry, err error) {
	if who, err = readAddress(given); err != nil {
		return "", nil, err
	}
	list, err = c.rt.admin.SessionsOf(c.ctx, who)
	return who, list, err
}

func endSessions(c *adminCall) error {
	var order adminapi.EndOrder
	if err := c.readOrder(&order, `{"address": "<address>"}, {"id": "<id>"} or {"all": true}`); err != nil {
		return err
	}
	report, err := adminapi.EndReport{}, apiError(http.StatusBadRequest, "say whose sessions end, by one of address, id and all")
	switch {
	case order == (adminapi.EndOrder{All: true}):
		c.endAll()
		return nil
	case order.ID != "" && order == (adminapi.EndOrder{ID: order.ID}):
		report, err = c.endOne(order)
	case order.Address != "" && order == (adminapi.EndOrder{Address: order.Address}):
		report, err = c.endOf(order.Address)
	}
	if err != nil {
		return err
	}
	return writeJSON(c.w, http.StatusOK, report)
}

func (c *adminCall) endAll() {
	send := c.lines()
	ended, err := c.rt.admin.EndAll(c.ctx, func(ended int) { send(adminapi.EndReport{Ended: ended}) })
	last := adminapi.EndReport{Ended: ended, Done: err == nil}
	if err != nil {
		last.Error = err.Error()
	}
	send(last)
}

func (c *adminCall) endOne(order adminapi.EndOrder) (report adminapi.EndReport, err error) {
	key, err := order.Key()
	if err != nil {
		return report, err
	}
	who, err := c.rt.admin.EndSessionByKey(c.ctx, key)
	return adminapi.EndReport{Address: string(who), ID: key.String(), Ended: 1, Done: true}, err
}

func (c *adminCall) endOf(given string) (report adminapi.EndReport, err error) {
	who, list, err := c.sessionsOf(given) // to say how many; those that begin meanwhile end too
	if err != nil {
		return report, err
	}
	return adminapi.EndReport{Address: string(who), Ended: len(list), Done: true}, c.rt.admin.EndSessionsOf(c.ctx, who)
}
