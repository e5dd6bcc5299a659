package caddymodule

import (
	"strings"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/people"
)

func reportGrant(g people.Grant) adminapi.Grant {
	return adminapi.Grant{Site: g.Origin, Until: g.Until.UTC()}
}

func (a *App) reportUser(p people.Person) adminapi.User {
	return adminapi.User{
		Address: string(p.Address), Added: p.Added.UTC(), FirstSignedIn: p.Proven.UTC(), Disabled: p.Disabled,
		Groups: orNone(a.groups.Of(p.Address, &p.Standing)), StoredGroups: orNone(p.Groups), Grants: each(p.Grants, reportGrant), Recovery: string(p.Recovery),
	}
}

func listUsers(c *adminCall, order adminapi.UsersOrder) (list adminapi.Users, err error) {
	after, limit, err := pageOfPeople(order.Page)
	if err != nil {
		return list, err
	}
	page, err := c.rt.admin.List(c.ctx, people.Query{Search: strings.ToLower(strings.TrimSpace(order.Search)), After: after, Max: limit})
	return adminapi.Users{Users: each(page.People, c.reportUser), Next: string(page.Next)}, err
}

// showUser reports what is known of somebody, and where they are signed in.
func showUser(c *adminCall, who address.Address, _ adminapi.UserOrder) (adminapi.User, error) {
	p, sessions, err := c.rt.admin.Show(c.ctx, who)
	report := c.reportUser(p)
	report.Sessions = each(sessions, reportSession)
	return report, err
}

// changed reports what is known of somebody after a change.
func (c *adminCall) changed(p people.Person, err error) (adminapi.User, error) {
	return c.reportUser(p), err
}

func addUser(c *adminCall, who address.Address, order adminapi.UserOrder) (adminapi.User, error) {
	return c.changed(c.rt.admin.Add(c.ctx, who, order.Groups))
}

func leaveGroups(c *adminCall, who address.Address, order adminapi.UserOrder) (adminapi.User, error) {
	return c.changed(c.rt.admin.Drop(c.ctx, who, order.Groups))
}

func disableUser(c *adminCall, who address.Address, _ adminapi.UserOrder) (adminapi.User, error) {
	return c.changed(c.rt.admin.Disable(c.ctx, who))
}

func enableUser(c *adminCall, who address.Address, _ adminapi.UserOrder) (adminapi.User, error) {
	return c.changed(c.rt.admin.Enable(c.ctx, who))
}

func moveUser(c *adminCall, who address.Address, order adminapi.MoveOrder) (adminapi.User, error) {
	to, err := readAddress(order.To)
	if err != nil {
		return adminapi.User{}, err
	}
	return c.changed(c.rt.admin.Move(c.ctx, who, to))
}

func removeUser(c *adminCall, who address.Address, _ adminapi.UserOrder) (adminapi.RemoveReport, error) {
	return adminapi.RemoveReport{Address: string(who), Removed: true}, c.rt.admin.Remove(c.ctx, who)
}
