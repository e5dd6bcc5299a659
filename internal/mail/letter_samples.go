package mail

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/text"
)

// Sample is a letter with typical content, in a state that has a name: for
// tests, for looking at it, and for trying what an operator brings.
type Sample struct {
	Name  string
	Write func(*Composer, *text.Language) (Message, error)

	kind  string
	links []string // that have to be in both parts
	code  string   // that has to be in both parts; may be empty
}

// Samples lists every letter in every state that looks different.
func Samples() []Sample {
	ordinary := SignInLetter{
		Site: "Reports", Host: "reports.example.com", To: "ada.lovelace@example.com", ID: "sample",
		Link: "https://reports.example.com/_doorpost/link#v1.AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdEfGhIjKlMnOpQrStUvWxYz", Code: "ABCD-2345",
		StopLink: "https://reports.example.com/_doorpost/stop#v1.AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdEfGhIjKlMnOpQrStUvWxYz",
		ValidFor: 10 * time.Minute, AskedAt: time.Date(2026, time.March, 4, 17, 5, 0, 0, time.UTC),
		Browser: "Firefox", System: "Windows",
	}
	welcome := ordinary
	welcome.Welcome = true
	branded := welcome
	branded.Site, branded.Accent, branded.LogoURL = "The Neighbourhood Library of Upper and Lower Thornbury", "#ffd400", "https://cdn.example.com/logo.png"
	branded.Support = "help@example.com"
	dark := ordinary
	dark.Accent, dark.Support = "#000", "https://example.com/help"
	bare := ordinary
	bare.Site, bare.StopLink, bare.Browser, bare.System, bare.Support = "", "", "", "", "Ring 555-0100"
	invited := branded
	invited.Invited, invited.Code, invited.StopLink, invited.AskedAt, invited.ValidFor = true, "", "", time.Time{}, 7*24*time.Hour
	approved := ordinary
	approved.Approved, approved.Code, approved.ValidFor = true, "", 24*time.Hour
	approved.Until = approved.AskedAt.Add(25 * time.Hour)
	return append([]Sample{
		signInSample("sign-in", ordinary), signInSample("sign-in-welcome", welcome), signInSample("sign-in-branded", branded),
		signInSample("sign-in-black", dark), signInSample("sign-in-bare", bare),
		signInSample("sign-in-invited", invited), signInSample("sign-in-approved", approved),
	}, noticeSamples(ordinary)...)
}

func signInSample(name string, l SignInLetter) Sample {
	return Sample{
		Name: name, kind: signInKind, links: []string{l.Link}, code: l.Code,
		Write: func(c *Composer, lang *text.Language) (Message, error) { return c.SignIn(l, lang) },
	}
}

// noticeSamples are those of all letters but the one to sign in, with what they
// share with that.
func noticeSamples(like SignInLetter) []Sample {
	const link = "https://reports.example.com/_doorpost/decide#v1.AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdEfGhIjKlMnOpQrStUvWxYz"
	offer := OfferLetter{
		Notice: like.notice(), Link: link, StopLink: like.StopLink, ValidFor: like.ValidFor,
		AskedAt: like.AskedAt, Browser: like.Browser, System: like.System,
	}
	approve := ApproveLetter{
		Notice: like.notice(), Link: link, Asker: "grace.hopper@example.com", AskedAt: like.AskedAt,
		Words: "I am the new one in the team of Ada.\nShe told me to read https://reports.example.com/may.", Browser: "Safari", System: "iOS",
		Network: "203.0.113.0/24", ValidFor: 7 * 24 * time.Hour,
	}
	silent := approve
	silent.Words, silent.Browser, silent.System, silent.Network = "", "", "", ""
	silent.Asker = "a.person.with.many.names@post.department.university.example.com"
	proof := ProofLetter{Notice: like.notice(), Link: link, Person: "ada@example.org", ValidFor: time.Hour}
	recovery := proof
	recovery.Recovery = true
	moved := MovedLetter{Notice: like.notice(), Link: link, New: "ada@example.org", ValidFor: 72 * time.Hour}
	recoverable := moved
	recoverable.Recovery = true
	sample := func(name, kind string, write func(*Composer, *text.Language) (Message, error)) Sample {
		return Sample{Name: name, kind: kind, links: []string{link}, Write: write}
	}
	return []Sample{
		sample("offer", offerKind, func(c *Composer, lang *text.Language) (Message, error) { return c.Offer(offer, lang) }),
		sample("approve", approveKind, func(c *Composer, lang *text.Language) (Message, error) { return c.Approve(approve, lang) }),
		sample("approve-silent", approveKind, func(c *Composer, lang *text.Language) (Message, error) { return c.Approve(silent, lang) }),
		sample("proof", proofKind, func(c *Composer, lang *text.Language) (Message, error) { return c.Proof(proof, lang) }),
		sample("proof-recovery", proofKind, func(c *Composer, lang *text.Language) (Message, error) { return c.Proof(recovery, lang) }),
		sample("moved", movedKind, func(c *Composer, lang *text.Language) (Message, error) { return c.Moved(moved, lang) }),
		sample("moved-recovery", movedKind, func(c *Composer, lang *text.Language) (Message, error) { return c.Moved(recoverable, lang) }),
	}
}
