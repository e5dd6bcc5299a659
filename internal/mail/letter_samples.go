package mail

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/passkey"
)

// Sample is a letter with typical content, in a state that has a name. It is for
// tests, for screenshots, and for trying an operator's templates.
type Sample struct {
	Name   string
	Letter Letter
}

func (s Sample) template() string {
	kind, _ := KindOf(s.Letter.Kind)
	return kind.template
}

// Samples lists every letter in every state that looks different.
func Samples() []Sample {
	const token = "#v1.AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdEfGhIjKlMnOpQrStUvWxYz"
	signIn := Letter{
		Kind: outbox.SignIn, ID: "sample", To: "ada.lovelace@example.com", SiteName: "Reports", Host: "reports.example.com",
		Link: "https://reports.example.com/_doorpost/link" + token, StopLink: "https://reports.example.com/_doorpost/stop" + token,
		Code: "ABCD-2345", TypedAt: "reports.example.com", ValidFor: 10 * time.Minute, AskedAt: time.Date(2026, time.March, 4, 17, 5, 0, 0, time.UTC),
		Browser: "Firefox", System: "Windows",
	}
	welcome := signIn
	welcome.Welcome = true
	branded := welcome
	branded.SiteName, branded.Accent, branded.LogoURL = "The Neighbourhood Library of Upper and Lower Thornbury", "#ffd400", "https://cdn.example.com/logo.png"
	branded.Support = "help@example.com"
	black := signIn
	black.Accent, black.Support = "#000", "https://example.com/help"
	bare := signIn
	bare.SiteName, bare.StopLink, bare.Browser, bare.System, bare.Support = "", "", "", "", "Ring 555-0100"
	invited := branded
	invited.Kind, invited.Code, invited.StopLink, invited.AskedAt, invited.ValidFor = outbox.Invite, "", "", time.Time{}, 7*24*time.Hour
	approved := signIn
	approved.Kind, approved.Code, approved.ValidFor = outbox.Approved, "", 24*time.Hour
	approved.Until = approved.AskedAt.Add(25 * time.Hour)

	offer := signIn
	offer.Kind, offer.Code, offer.Link = outbox.Offer, "", "https://reports.example.com/_doorpost/ask"+token
	other := offer // what the kinds below have in common
	other.Link, other.StopLink, other.ValidFor = "https://reports.example.com/_doorpost/decide"+token, "", 7*24*time.Hour
	other.Browser, other.System, other.Network = "Safari", "iOS", "203.0.113.0/24"
	approve := other
	approve.Kind, approve.Person = outbox.Approve, "grace.hopper@example.com"
	approve.Words = "I am the new one in the team of Ada.\nShe told me to read https://reports.example.com/may."
	silent := approve
	silent.Words, silent.Browser, silent.System, silent.Network = "", "", "", ""
	silent.Person = "a.person.with.many.names@post.department.university.example.com"
	confirm := signIn
	confirm.Kind, confirm.Link, confirm.Change, confirm.New = outbox.Confirm, "", account.Move, "ada@example.org"
	proof := confirm
	proof.Kind, proof.To, proof.Person = outbox.Proof, "ada@example.org", signIn.To
	changed := confirm
	changed.Kind, changed.Code, changed.StopLink, changed.Support = outbox.Changed, "", "", "help@example.com"
	recovered := changed
	recovered.Kind, recovered.Change, recovered.New = outbox.Recovered, "", ""
	newBrowser := recovered
	newBrowser.Kind, newBrowser.Link, newBrowser.Support = outbox.NewBrowser, "https://reports.example.com/_doorpost/account", ""
	of := func(l Letter, change account.Kind, to string) Letter { l.Change, l.New = change, to; return l }
	return []Sample{
		{"sign-in", signIn}, {"sign-in-welcome", welcome}, {"sign-in-branded", branded}, {"sign-in-black", black}, {"sign-in-bare", bare},
		{"sign-in-invited", invited}, {"sign-in-approved", approved}, {"offer", offer}, {"approve", approve}, {"approve-silent", silent},
		{"confirm", confirm}, {"confirm-recovery", of(confirm, account.Recovery, "ada@example.org")}, {"confirm-drop", of(confirm, account.Drop, "")},
		{"confirm-leave", of(confirm, account.Leave, "")}, {"confirm-administer", of(confirm, account.Administer, "")},
		{"confirm-passkeys", of(confirm, account.Passkeys, "")}, {"confirm-token", of(confirm, account.Token, "")}, {"proof", proof}, {"proof-recovery", of(proof, account.Recovery, "ada@example.org")},
		{"changed", changed}, {"changed-recovery", of(changed, account.Recovery, "ada@example.org")}, {"changed-drop", of(changed, account.Drop, "")},
		{"changed-leave", of(changed, account.Leave, "")}, {"changed-passkey-added", of(changed, passkey.Added, "")},
		{"changed-passkey-removed", of(changed, passkey.Removed, "")}, {"changed-token-made", of(changed, account.TokenMade, "")}, {"recovered", recovered}, {"new-browser", newBrowser},
	}
}
