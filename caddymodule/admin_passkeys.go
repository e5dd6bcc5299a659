package caddymodule

import (
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/passkey"
	"github.com/doorpost-auth/doorpost/internal/token"
)

func reportPasskey(p passkey.Passkey) adminapi.Passkey {
	return adminapi.Passkey{
		ID: string(p.ID), Name: p.Name, RPID: p.RPID, Made: p.Made.UTC(), LastUsed: p.Used.UTC(), Syncable: p.BackupEligible, Synced: p.BackedUp,
	}
}

// reportPasskeys reports on passkeys of somebody that were looked up or removed, and on the
// app passwords that are no part of that. Those are looked up first: what was removed is told.
func reportPasskeys(c *adminCall, who address.Address, do func() ([]passkey.Passkey, error)) (adminapi.Passkeys, error) {
	tokens, err := c.rt.admin.TokensOf(c.ctx, who)
	if err != nil {
		return adminapi.Passkeys{}, err
	}
	tokens = slices.DeleteFunc(tokens, func(r token.Record) bool { return r.IsOver(time.Now()) })
	list, err := do()
	return adminapi.Passkeys{Address: string(who), Passkeys: each(list, reportPasskey), AppPasswords: each(tokens, reportToken)}, err
}

func listPasskeys(c *adminCall, who address.Address, _ adminapi.UserOrder) (adminapi.Passkeys, error) {
	return reportPasskeys(c, who, func() ([]passkey.Passkey, error) { return c.rt.admin.PasskeysOf(c.ctx, who) })
}

func removePasskey(c *adminCall, who address.Address, order adminapi.PasskeyOrder) (adminapi.Passkeys, error) {
	id, ok := passkey.ParseID(order.ID)
	if !ok {
		return adminapi.Passkeys{}, passkey.ErrUnknown
	}
	return reportPasskeys(c, who, func() ([]passkey.Passkey, error) {
		return c.rt.admin.RemovePasskey(c.ctx, who, id)
	})
}

func resetPasskeys(c *adminCall, who address.Address, _ adminapi.UserOrder) (adminapi.Passkeys, error) {
	return reportPasskeys(c, who, func() ([]passkey.Passkey, error) { return c.rt.admin.ResetPasskeys(c.ctx, who) })
}
