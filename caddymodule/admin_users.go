package caddymodule

import (
	"context"
	"net/http"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/people"
)

func reportGrant(g people.Grant) adminapi.Grant {
	return adminapi.Grant{Site: g.Site, Until: g.Until.UTC()}
}

func (a *App) reportUser(p people.Person) adminapi.User {
	report := adminapi.User{
		Address: string(p.Address), Added: p.Added.UTC(), FirstSignedIn: p.Proven.UTC(), Disabled: p.Disabled,
		Groups: orNone(a.groups.Of(p.Address, &p.Standing)), StoredGroups: orNone(p.Groups), Grants: []adminapi.Grant{}, Recovery: string(p.Recovery),
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
func listUsers(a *App, rt *runningApp, w http.ResponseWriter, r *http.Request) error {
	var order adminapi.UsersOrder
	if err := readOrder(w, r, &order, `{"search": "<part of an address>", "from": "<next of the page before>", "limit": <n>}`); err != nil {
		return err
	}
	after, limit, err := pageOfPeople(order.Page)
	if err != nil {
		return err
	}
	page, err := rt.roster.List(r.Context(), people.Query{Search: strings.ToLower(strings.TrimSpace(order.Search)), After: after, Max: limit})
	if err != nil {
		return serviceError(err)
	}
	answer := adminapi.Users{Users: []adminapi.User{}, Next: string(page.Next)}
	for _, p := range page.People {
		answer.Users = append(answer.Users, a.reportUser(p))
	}
	return writeJSON(w, http.StatusOK, answer)
}

// readUser reads which person a request is about.
func readUser(w http.ResponseWriter, r *http.Request) (who address.Address, groups []string, err error) {
	var order adminapi.UserOrder
	if err := readOrder(w, r, &order, `{"address": "<address>"}, with "groups": ["<name>"] where groups are changed`); err != nil {
		return "", nil, err
	}
	who, err = readAddress(order.Address)
	return who, order.Groups, err
}

// changed answers a request that changes somebody, with what is known of them
// afterwards.
func changed(change func(ctx context.Context, rt *runningApp, who address.Address, groups []string) (people.Person, error)) adminHandler {
	return opened(func(a *App, rt *runningApp, w http.ResponseWriter, r *http.Request) error {
		who, groups, err := readUser(w, r)
		if err != nil {
			return err
		}
		p, err := change(audited(r), rt, who, groups)
		if err != nil {
			return serviceError(err)
		}
		return writeJSON(w, http.StatusOK, a.reportUser(p))
	})
}

var (
	addUser = changed(func(ctx context.Context, rt *runningApp, who address.Address, groups []string) (people.Person, error) {
		return rt.roster.Add(ctx, who, groups)
	})
	leaveGroups = changed(func(ctx context.Context, rt *runningApp, who address.Address, groups []string) (people.Person, error) {
		return rt.roster.Drop(ctx, who, groups)
	})
	disableUser = changed(func(ctx context.Context, rt *runningApp, who address.Address, _ []string) (people.Person, error) {
		return rt.roster.Disable(ctx, who)
	})
	enableUser = changed(func(ctx context.Context, rt *runningApp, who address.Address, _ []string) (people.Person, error) {
		return rt.roster.Enable(ctx, who)
	})
)

// showUser answers what is known of somebody, and where they are signed in.
func showUser(a *App, rt *runningApp, w http.ResponseWriter, r *http.Request) error {
	who, _, err := readUser(w, r)
	if err != nil {
		return err
	}
	p, sessions, err := rt.roster.Show(r.Context(), who)
	if err != nil {
		return serviceError(err)
	}
	answer := a.reportUser(p)
	answer.Sessions = reportSessions(sessions)
	return writeJSON(w, http.StatusOK, answer)
}

func removeUser(a *App, rt *runningApp, w http.ResponseWriter, r *http.Request) error {
	who, _, err := readUser(w, r)
	if err != nil {
		return err
	}
	if err := rt.roster.Remove(audited(r), who); err != nil {
		return serviceError(err)
	}
	return writeJSON(w, http.StatusOK, adminapi.RemoveReport{Address: string(who), Removed: true})
}
