package view

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/gate"
)

// LinkUsed says that a link has been used before.
type LinkUsed struct {
	Frame
	SignedIn bool   // this browser is signed in: the person can just go on
	Email    string // set if this browser asked: a new link is one click away
	To       string // where the person wants to go
}

func (p LinkUsed) about() about {
	return about{template: "link-used", title: "linkused.title", reload: gate.SignInFor(p.To)}
}

// LinkTooOld says that a link has expired.
type LinkTooOld struct {
	Frame
	ValidFor time.Duration // how long links work
	Email    string        // set if this browser asked: a new link is one click away
	To       string        // where the person wants to go
}

func (p LinkTooOld) about() about {
	return about{template: "link-too-old", title: "linktooold.title", reload: gate.SignInFor(p.To)}
}

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
	{"link-unknown", LinkUnknown{Frame: sampleFrame, To: sampleTo}},
})
