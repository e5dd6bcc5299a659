package view

import (
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/text"
)

// Account shows a person where they are signed in, ends it there, and changes
// their addresses.
type Account struct {
	Frame
	Email    string
	SignedIn time.Time // when this browser was signed in
	Sessions []AccountSession
	Recovery string // a second address that leads to the account; empty if there is none

	AtPortal bool       // the page is of no site that one could go back to
	Sites    []SiteLink // that the person may enter, at a portal

	Notice AccountNotice // what was just changed

	NewAddress, NewRecovery AddressField

	MayHavePasskeys bool // the person, here
	Passkeys        []Passkey
	Accepted        string // JSON that tells the browser which passkeys there are; empty: nothing
	TooManyPasskeys bool   // there are as many as there may be
	UnnamedPasskey  string // the id of one for which an empty name was sent; "" for none

	TokenSites []SiteLink // that take tokens of this person
	Tokens     []Token
	NewToken   TokenField
}

// SiteLink leads to a site.
type SiteLink struct{ Host, URL string }

// AccountNotice says what was changed about an account.
type AccountNotice string

// What can have been changed.
const (
	AccountMoved    AccountNotice = "address"
	AccountRecovery AccountNotice = "recovery"

	PasskeyAdded   AccountNotice = "passkey_added"
	PasskeyRenamed AccountNotice = "passkey_renamed"
	PasskeyRemoved AccountNotice = "passkey_removed"

	TokenEnded AccountNotice = "token_ended"

	// Gone says that there is no such passkey or app password: it was sent twice, or never was.
	Gone AccountNotice = "gone"
)

// AccountSession is one browser in which a person is signed in.
type AccountSession struct {
	ID              string // what the form sends to end it
	Browser, System string // may be empty
	Network         string // where it was last seen; may be empty
	First, Last     time.Time
	Current         bool     // the browser that shows the page
	Sites           []string // hosts that it has entered, at a portal
}

func (p Account) about() about {
	return about{template: "account", title: "account.title", failed: p.Failed(), reload: gate.AccountPath, wide: true}
}

// Failed reports whether something is wrong with what was typed.
func (p Account) Failed() bool {
	return p.NewAddress.Problem != "" || p.NewRecovery.Problem != "" || p.NewToken.Problem != "" || p.UnnamedPasskey != ""
}

// NoticeKey is the key of the words of the notice, "" without one.
func (p Account) NoticeKey() string {
	switch {
	case p.Notice == AccountRecovery && p.Recovery == "":
		return "account.notice.removed"
	case slices.Contains([]AccountNotice{AccountRecovery, AccountMoved, PasskeyAdded, PasskeyRenamed, PasskeyRemoved, TokenEnded, Gone}, p.Notice):
		return "account.notice." + string(p.Notice)
	}
	return ""
}

// TokensStay reports whether a passkey was removed, and app passwords are left that whoever
// had it may have made.
func (p Account) TokensStay() bool { return p.Notice == PasskeyRemoved && len(p.Tokens) > 0 }

// NoticeAddress is the address that the notice is about.
func (p Account) NoticeAddress() string {
	if p.Notice == AccountRecovery {
		return p.Recovery
	}
	return p.Email
}

// unfolded is how many sessions are listed without unfolding the others.
const unfolded = 5

// Shown lists the first sessions: this one, then the last used.
func (p Account) Shown() []AccountSession {
	return ordered(p.Sessions)[:min(len(p.Sessions), unfolded)]
}

// Folded lists the others.
func (p Account) Folded() []AccountSession {
	return ordered(p.Sessions)[min(len(p.Sessions), unfolded):]
}

func ordered(sessions []AccountSession) []AccountSession {
	return slices.SortedStableFunc(slices.Values(sessions), func(a, b AccountSession) int {
		switch {
		case a.Current:
			return -1
		case b.Current:
			return 1
		}
		return b.Last.Compare(a.Last)
	})
}

// HasOthers reports whether there is a session besides the one of this browser.
func (p Account) HasOthers() bool {
	return slices.ContainsFunc(p.Sessions, func(s AccountSession) bool { return !s.Current })
}

// Device is the browser by name.
func (s AccountSession) Device(lang *text.Language) string {
	return device(lang, s.Browser, s.System, "account.unknown_device")
}

var _ = samples([]Sample{
	{"account", Account{Frame: sampleFrame, Email: sampleAddress, SignedIn: sampleTime, Sessions: sampleSessions}},
	{"account-many", Account{Frame: sampleFrame, Email: sampleAddress, SignedIn: sampleTime, Sessions: slices.Concat(sampleSessions, slices.Repeat(sampleSessions[2:], 5))}},
	{"account-alone", Account{Frame: sampleFrame, Email: sampleAddress, SignedIn: sampleTime, Sessions: sampleSessions[1:2]}},
	{"account-recovery", Account{Frame: sampleFrame, Email: sampleAddress, SignedIn: sampleTime, Sessions: sampleSessions[1:2],
		Recovery: sampleOther, Notice: AccountRecovery}},
	{"account-removed", Account{Frame: sampleFrame, Email: sampleAddress, SignedIn: sampleTime, Sessions: sampleSessions[1:2], Notice: AccountRecovery}},
	{"account-at-portal", Account{Frame: sampleFrame, Email: sampleAddress, SignedIn: sampleTime, Sessions: sampleSessionsAtPortal, AtPortal: true, Sites: sampleSites}},
	{"account-tokens", Account{Frame: sampleFrame, Email: sampleAddress, SignedIn: sampleTime, Sessions: sampleSessions[1:2], Notice: TokenEnded,
		Tokens: sampleTokens, TokenSites: sampleSites}},
	{"account-passkey-removed", Account{Frame: sampleFrame, Email: sampleAddress, SignedIn: sampleTime, Sessions: sampleSessions[1:2], MayHavePasskeys: true,
		Notice: PasskeyRemoved, Tokens: sampleTokens}},
	{"account-token-problem", Account{Frame: sampleFrame, Email: sampleAddress, SignedIn: sampleTime, Sessions: sampleSessions[1:2],
		TokenSites: sampleSites[:1], NewToken: TokenField{Problem: TokenUnnamed}}},
	{"account-passkeys", Account{Frame: sampleFrame, Email: sampleAddress, SignedIn: sampleTime, Sessions: sampleSessions[1:2], MayHavePasskeys: true,
		Passkeys: samplePasskeys, Notice: PasskeyAdded}},
	{"account-passkeys-too-many", Account{Frame: sampleFrame, Email: sampleAddress, SignedIn: sampleTime, Sessions: sampleSessions[1:2], MayHavePasskeys: true,
		Passkeys: samplePasskeys, TooManyPasskeys: true}},
	{"account-passkeys-unnamed", Account{Frame: sampleFrame, Email: sampleAddress, SignedIn: sampleTime, Sessions: sampleSessions[1:2], MayHavePasskeys: true,
		Passkeys: samplePasskeys, UnnamedPasskey: "p1"}},
	{"account-moved", Account{Frame: sampleFrame, Email: sampleLongAddress, SignedIn: sampleTime, Sessions: sampleSessions[1:2], Notice: AccountMoved}},
	{"account-malformed", Account{Frame: sampleFrame, Email: sampleAddress, SignedIn: sampleTime, Sessions: sampleSessions[1:2],
		NewAddress: AddressField{Typed: "ada@example", Problem: AddressNoDot}}},
	{"account-too-many", Account{Frame: sampleFrame, Email: sampleAddress, SignedIn: sampleTime, Sessions: sampleSessions[1:2],
		NewRecovery: AddressField{Typed: sampleOther, Problem: AddressTooMany}}},
})
