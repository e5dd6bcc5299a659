package view

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/gate"
)

// LinkUsed says that a link has been used before.
type LinkUsed struct {
	Frame
	SignedIn   bool   // this browser is signed in: the person can just go on
	Invitation bool   // the link came with one
	Email      string // set if this browser asked: a new link is one click away
	To         string // where the person wants to go
}

func (p LinkUsed) about() about {
	return about{template: "link-used", title: p.Heading(), reload: gate.SignInFor(p.To)}
}

// Heading and Lead are keys of what the page says.
func (p LinkUsed) Heading() string { return ofLink("linkused.", p.Invitation, "title") }

// Lead: see Heading.
func (p LinkUsed) Lead() string {
	if p.SignedIn {
		return "linkused.signed_in"
	}
	return ofLink("linkused.", p.Invitation, "lead")
}

// ofLink is the key of what a page says of a link, which may have come with an invitation.
func ofLink(page string, invitation bool, key string) string {
	if invitation {
		return page + "invited_" + key
	}
	return page + key
}

// LinkTooOld says that a link has expired.
type LinkTooOld struct {
	Frame
	ValidFor   time.Duration // how long links work
	Invitation bool          // the link came with one
	Email      string        // set if this browser asked: a new link is one click away
	To         string        // where the person wants to go
}

func (p LinkTooOld) about() about {
	return about{template: "link-too-old", title: p.Heading(), reload: gate.SignInFor(p.To)}
}

// Heading and Lead are keys of what the page says.
func (p LinkTooOld) Heading() string { return ofLink("linktooold.", p.Invitation, "title") }

// Lead: see Heading.
func (p LinkTooOld) Lead() string { return ofLink("linktooold.", p.Invitation, "lead") }

// LinkUnknown says that a link is not one of ours, or only a part of one.
type LinkUnknown struct {
	Frame
	Email string // set if this browser asked: a new link is one click away
	To    string // where the person wants to go
}

func (p LinkUnknown) about() about {
	return about{template: "link-unknown", title: "linkunknown.title", reload: gate.SignInFor(p.To)}
}

var _ = samples([]Sample{
	{"link-used", LinkUsed{Frame: sampleFrame, Email: sampleAddress, To: sampleTo}},
	{"link-used-signed-in", LinkUsed{Frame: sampleFrame, SignedIn: true, To: sampleTo}},
	{"link-too-old", LinkTooOld{Frame: sampleFrame, ValidFor: 10 * time.Minute, Email: sampleAddress, To: sampleTo}},
	{"link-used-invited", LinkUsed{Frame: sampleFrame, Invitation: true, To: sampleTo}},
	{"link-too-old-invited", LinkTooOld{Frame: sampleFrame, ValidFor: 10 * time.Minute, Invitation: true, To: sampleTo}},
	{"link-unknown", LinkUnknown{Frame: sampleFrame, To: sampleTo}},
})
