package caddymodule

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/people"
)

// usersOrder is what POST /doorpost/users/list takes.
type usersOrder struct {
	pageOrder
	Search string `json:"search,omitempty"` // part of an address
}

// usersPage is what it answers. Next is what from has to be for the next page;
// there is none after the last.
type usersPage struct {
	Users []userReport `json:"users"`
	Next  string       `json:"next,omitempty"`
}

// userReport is what is known of somebody. Times are UTC.
type userReport struct {
	Address       string          `json:"address"`
	Added         time.Time       `json:"added"`
	FirstSignedIn time.Time       `json:"first_signed_in,omitzero"`
	Disabled      bool            `json:"disabled"`
	Groups        []string        `json:"groups"`        // that they are in, by the configuration or by the store
	StoredGroups  []string        `json:"stored_groups"` // that the store has put them into; those that the configuration does not have count for nothing
	Grants        []grantReport   `json:"grants"`
	Recovery      string          `json:"recovery,omitempty"`
	Sessions      []sessionReport `json:"sessions,omitzero"` // the last used first; not there in lists
}

// grantReport is a site that an owner lets somebody into.
type grantReport struct {
	Site  string    `json:"site"`
	Until time.Time `json:"until,omitzero"` // not there: for good
}

func reportGrant(g people.Grant) grantReport { return grantReport{g.Site, g.Until.UTC()} }

func (a *App) reportUser(p people.Person) userReport {
	report := userReport{
		Address: string(p.Address), Added: p.Added.UTC(), FirstSignedIn: p.Proven.UTC(), Disabled: p.Disabled,
		Groups: orNone(a.groups.Of(p.Address, &p.Standing)), StoredGroups: orNone(p.Groups), Grants: []grantReport{}, Recovery: string(p.Recovery),
	}
	for _, g := range p.Grants {
		report.Grants = append(report.Grants, reportGrant(g))
	}
	return report
}

// orNone makes an array for machines of a list that may be nil.
func orNone[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// listUsers lists those who are known, in the order of addresses.
func listUsers(a *App, w http.ResponseWriter, r *http.Request) error {
	var order usersOrder
	if err := readOrder(w, r, &order, `{"search": "<part of an address>", "from": "<next of the page before>", "limit": <n>}`); err != nil {
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
	page, err := h.roster.List(r.Context(), people.Query{Search: strings.ToLower(strings.TrimSpace(order.Search)), After: after, Max: limit})
	if err != nil {
		return serviceError(err)
	}
	answer := usersPage{Users: []userReport{}, Next: string(page.Next)}
	for _, p := range page.People {
		answer.Users = append(answer.Users, a.reportUser(p))
	}
	return writeJSON(w, http.StatusOK, answer)
}

// userOrder names whom a request is about.
type userOrder struct {
	Address string   `json:"address"`
	Groups  []string `json:"groups,omitempty"` // of add and leave
}

// changesUser answers a request that changes somebody, with who they are then.
func changesUser(change func(ctx context.Context, h *house, who address.Address, groups []string) (people.Person, error)) func(*App, http.ResponseWriter, *http.Request) error {
	return func(a *App, w http.ResponseWriter, r *http.Request) error {
		h, who, groups, err := a.readUser(w, r)
		if err != nil {
			return err
		}
		p, err := change(audited(r), h, who, groups)
		if err != nil {
			return serviceError(err)
		}
		return writeJSON(w, http.StatusOK, a.reportUser(p))
	}
}

func (a *App) readUser(w http.ResponseWriter, r *http.Request) (h *house, who address.Address, groups []string, err error) {
	var order userOrder
	if err := readOrder(w, r, &order, `{"address": "<address>"}, with "groups": ["<name>"] where groups are changed`); err != nil {
		return nil, "", nil, err
	}
	if who, err = readAddress(order.Address); err != nil {
		return nil, "", nil, err
	}
	h, err = a.openForAdmin()
	return h, who, order.Groups, err
}

var (
	addUser = changesUser(func(ctx context.Context, h *house, who address.Address, groups []string) (people.Person, error) {
		return h.roster.Add(ctx, who, groups)
	})
	leaveGroups = changesUser(func(ctx context.Context, h *house, who address.Address, groups []string) (people.Person, error) {
		return h.roster.Drop(ctx, who, groups)
	})
	disableUser = changesUser(func(ctx context.Context, h *house, who address.Address, _ []string) (people.Person, error) {
		return h.roster.Disable(ctx, who)
	})
	enableUser = changesUser(func(ctx context.Context, h *house, who address.Address, _ []string) (people.Person, error) {
		return h.roster.Enable(ctx, who)
	})
)

// showUser tells what is known of somebody, and where they are signed in.
func showUser(a *App, w http.ResponseWriter, r *http.Request) error {
	h, who, _, err := a.readUser(w, r)
	if err != nil {
		return err
	}
	p, sessions, err := h.roster.Show(r.Context(), who)
	if err != nil {
		return serviceError(err)
	}
	answer := a.reportUser(p)
	answer.Sessions = reportSessions(sessions)
	return writeJSON(w, http.StatusOK, answer)
}

// removeReport is what POST /doorpost/users/remove answers.
type removeReport struct {
	Address string `json:"address"`
	Removed bool   `json:"removed"`
}

func removeUser(a *App, w http.ResponseWriter, r *http.Request) error {
	h, who, _, err := a.readUser(w, r)
	if err != nil {
		return err
	}
	if err := h.roster.Remove(audited(r), who); err != nil {
		return serviceError(err)
	}
	return writeJSON(w, http.StatusOK, removeReport{string(who), true})
}
