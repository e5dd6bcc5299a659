package caddymodule

import (
	"net/http"
	"net/netip"
	"time"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/token"
)

const tokenExample = `{"name": "<service>", "sites": ["<origin>"], "paths": ["<path>"], "methods": ["GET"], "networks": ["<network>"], "groups": ["<name>"], "for": "90d"}`

func reportToken(r token.Record) adminapi.Token {
	report := adminapi.Token{
		ID: string(r.ID), Name: r.Name, Owner: string(r.Owner), Sites: r.Sites, Paths: orNone(r.Paths), Methods: orNone(r.Methods),
		Networks: each(r.Networks, netip.Prefix.String), Groups: orNone(r.Groups), Made: r.Made.UTC(), Rotated: inUTC(r.Rotated),
		Expires: inUTC(r.Expires), LastUsed: inUTC(r.Used), UsedFrom: orNone(r.UsedFrom),
	}
	if r.FormerUntil.After(time.Now()) {
		report.FormerUntil = r.FormerUntil.UTC()
	}
	return report
}

// inUTC leaves the zero time as it is.
func inUTC(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC()
}

func listTokens(c *adminCall) (adminapi.Tokens, error) {
	p, err := c.page()
	if err != nil {
		return adminapi.Tokens{}, err
	}
	after, ok := token.ParseID(p.From)
	if p.From != "" && !ok {
		return adminapi.Tokens{}, errFrom
	}
	list, next, err := c.rt.admin.ListTokens(c.ctx, after, p.Limit)
	return adminapi.Tokens{Tokens: each(list, reportToken), Next: string(next)}, err
}

// tokenID reads the id in the path of a request.
func (c *adminCall) tokenID() (token.ID, error) {
	id, ok := token.ParseID(c.r.PathValue("id"))
	if !ok {
		return "", apiError(http.StatusNotFound, "%w", token.ErrUnknown)
	}
	return id, nil
}

func showToken(c *adminCall) (adminapi.Token, error) {
	id, err := c.tokenID()
	if err != nil {
		return adminapi.Token{}, err
	}
	r, err := c.rt.admin.Token(c.ctx, id)
	return reportToken(r), err
}

// reportMade is the one answer that has the text of a token.
func reportMade(r token.Record, text string, err error) (adminapi.Token, error) {
	report := reportToken(r)
	report.Text = text
	return report, err
}

func createToken(c *adminCall, order adminapi.TokenOrder) (adminapi.Token, error) {
	t, life, err := order.Token()
	if err != nil {
		return adminapi.Token{}, err
	}
	return reportMade(c.rt.admin.MakeToken(c.ctx, t, life))
}

func rotateToken(c *adminCall, order adminapi.RotateOrder) (adminapi.Token, error) {
	id, err := c.tokenID()
	if err != nil {
		return adminapi.Token{}, err
	}
	overlap, err := order.For()
	if err != nil {
		return adminapi.Token{}, err
	}
	return reportMade(c.rt.admin.RotateToken(c.ctx, id, overlap))
}

func endToken(c *adminCall) (adminapi.Token, error) {
	id, err := c.tokenID()
	if err != nil {
		return adminapi.Token{}, err
	}
	r, err := c.rt.admin.EndToken(c.ctx, id, "")
	return reportToken(r), err
}
