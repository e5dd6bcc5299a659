package caddymodule

import (
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/passkey"
)

func reportPasskey(p passkey.Passkey) adminapi.Passkey {
	return adminapi.Passkey{
		ID: string(p.ID), Name: p.Name, RPID: p.RPID, Made: p.Made.UTC(), LastUsed: p.Used.UTC(), Syncable: p.BackupEligible, Synced: p.BackedUp,
	}
}

func reportPasskeys(who address.Address, list []passkey.Passkey, err error) (adminapi.Passkeys, error) {
	return adminapi.Passkeys{Address: string(who), Passkeys: each(list, reportPasskey)}, err
}

func listPasskeys(c *adminCall, who address.Address, _ adminapi.UserOrder) (adminapi.Passkeys, error) {
	list, err := c.rt.admin.PasskeysOf(c.ctx, who)
	return reportPasskeys(who, list, err)
}

func removePasskey(c *adminCall, who address.Address, order adminapi.PasskeyOrder) (adminapi.Passkeys, error) {
	removed, err := c.rt.admin.RemovePasskey(c.ctx, who, passkey.ID(order.ID))
	return reportPasskeys(who, removed, err)
}

func resetPasskeys(c *adminCall, who address.Address, _ adminapi.UserOrder) (adminapi.Passkeys, error) {
	removed, err := c.rt.admin.ResetPasskeys(c.ctx, who)
	return reportPasskeys(who, removed, err)
}
