package view

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/gate"
)

// MakePasskey offers to make a passkey. In a browser without passkeys the page says so.
type MakePasskey struct {
	Frame
	To      string // where the person goes on
	Options string // PublicKeyCredentialCreationOptionsJSON; empty: none are given to this browser

	Accepted string // as of Account

	// Offer says that the person has just signed in and did not ask for the page.
	Offer bool
}

func (p MakePasskey) about() about { return about{template: "make-passkey", title: p.Heading()} }

// Heading, Lead and Cancel are keys of what the page says.
func (p MakePasskey) Heading() string { return p.words("title") }

// Lead: see Heading.
func (p MakePasskey) Lead() string { return p.words("lead") }

// Cancel: see Heading.
func (p MakePasskey) Cancel() string { return p.words("cancel") }

func (p MakePasskey) words(of string) string {
	if p.Offer {
		return "passkey.offer." + of
	}
	return "passkey.make." + of
}

// Back is where somebody goes on who makes none: what they wanted may ask for one.
func (p MakePasskey) Back() string {
	if p.Offer {
		return p.To
	}
	return gate.AccountPath
}

// PasskeyElsewhere says that it takes a passkey which is good at another site only.
type PasskeyElsewhere struct {
	Frame
	There string // the host
	URL   string // where it signs in there; empty: what the person wants cannot be done there
}

func (PasskeyElsewhere) about() about {
	return about{template: "passkey-elsewhere", title: "signin.again_title", reload: gate.AccountPath}
}

// PasskeyNeeded asks somebody who is signed in to use their passkey, or to make one.
type PasskeyNeeded struct {
	Frame
	To       string // where the person wants to go
	Has      bool   // they have a passkey here
	Options  string // with Has: PublicKeyCredentialRequestOptionsJSON
	Accepted string // as of Account
}

func (p PasskeyNeeded) about() about {
	return about{template: "passkey-needed", title: "signin.again_title", reload: gate.SignInFor(p.To)}
}

// Passkey is one of a person's passkeys.
type Passkey struct {
	ID         string // what forms send to change it
	Name       string
	Made, Used time.Time // zero Used: not yet
	Synced     bool      // it is in a password manager, and on several devices maybe
	Host       string    // that it is good for, if that is not this site; "" if it is
}

var samplePasskeys = []Passkey{
	{ID: "p1", Name: "Firefox on Windows", Made: sampleTime.AddDate(0, -3, 0), Used: sampleTime, Synced: true},
	{ID: "p2", Name: "My grandmother's old telephone in the kitchen", Made: sampleTime, Host: "wiki.mail.department.university.example.com"},
}

var _ = samples([]Sample{
	{"make-passkey-offer", MakePasskey{Frame: sampleFrame, To: sampleTo, Options: "{}", Offer: true}},
	{"make-passkey", MakePasskey{Frame: sampleFrame, To: gate.AccountPath, Options: "{}"}},
	{"make-passkey-not-here", MakePasskey{Frame: sampleFrame, To: gate.AccountPath}},
	{"passkey-elsewhere", PasskeyElsewhere{Frame: sampleFrame, There: "wiki.mail.department.university.example.com", URL: "https://wiki.mail.department.university.example.com/"}},
	{"passkey-elsewhere-nowhere", PasskeyElsewhere{Frame: sampleFrame, There: "wiki.example.com"}},
	{"passkey-needed", PasskeyNeeded{Frame: sampleFrame, To: sampleTo, Has: true, Options: "{}"}},
	{"passkey-needed-first", PasskeyNeeded{Frame: sampleFrame, To: sampleTo}},
})
