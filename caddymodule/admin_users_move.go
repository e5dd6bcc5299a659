package caddymodule

import "net/http"

// moveOrder is what POST /doorpost/users/move takes.
type moveOrder struct {
	Address string `json:"address"`
	To      string `json:"to"`
}

// moveUser gives somebody another address, and answers with who they are then.
func moveUser(a *App, w http.ResponseWriter, r *http.Request) error {
	var order moveOrder
	if err := readOrder(w, r, &order, `{"address": "<address>", "to": "<new address>"}`); err != nil {
		return err
	}
	from, err := readAddress(order.Address)
	if err != nil {
		return err
	}
	to, err := readAddress(order.To)
	if err != nil {
		return err
	}
	h, err := a.openForAdmin()
	if err != nil {
		return err
	}
	p, err := h.roster.Move(audited(r), from, to)
	if err != nil {
		return serviceError(err)
	}
	return writeJSON(w, http.StatusOK, a.reportUser(p))
}
