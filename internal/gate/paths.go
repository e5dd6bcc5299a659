package gate

import (
	"net/url"
	"strings"
)

// PathPrefix is the path under which all our pages are.
const PathPrefix = "/_doorpost"

// The paths of our pages. Templates have them too, since operators bring their own.
const (
	SignInPath         = PathPrefix + "/sign-in"
	EnterPath          = PathPrefix + "/enter"
	CheckMailPath      = PathPrefix + "/check-mail"
	CodePath           = PathPrefix + "/code"
	LinkPath           = PathPrefix + "/link"
	StopPath           = PathPrefix + "/stop"
	RequestAccessPath  = PathPrefix + "/ask"
	DecideAccessPath   = PathPrefix + "/decide"
	SessionPath        = PathPrefix + "/session"
	RenewPath          = PathPrefix + "/renew"
	ScriptPath         = PathPrefix + "/session.js"
	KeysPath           = PathPrefix + "/keys"
	SignOutPath        = PathPrefix + "/sign-out"
	AccountPath        = PathPrefix + "/account"
	ChangeAddressPath  = AccountPath + "/address"
	ChangeRecoveryPath = AccountPath + "/recovery"
	ConfirmChangePath  = AccountPath + "/confirm"
	DeleteAccountPath  = AccountPath + "/delete"
	PasskeyPath        = PathPrefix + "/passkey"
	PasskeyOptionsPath = PasskeyPath + "/options"
	NewPasskeyPath     = PasskeyPath + "/new"
	ChangePasskeyPath  = AccountPath + "/passkey"
	ChangeTokenPath    = AccountPath + "/token"
	PeoplePath         = PathPrefix + "/people"
	MailboxPath        = PathPrefix + "/mailbox"
	AssetsPath         = PathPrefix + "/assets/"
)

// SignInFor is the path of the sign-in form for somebody who wants to go to a path.
func SignInFor(to string) string {
	if to == "" || to == "/" {
		return SignInPath
	}
	return SignInPath + "?to=" + url.QueryEscape(to)
}

// IsOwnPath reports whether a path is one of ours.
func IsOwnPath(path string) bool {
	rest, found := strings.CutPrefix(path, PathPrefix)
	return found && (rest == "" || rest[0] == '/')
}
