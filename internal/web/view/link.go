package view

import "github.com/doorpost-auth/doorpost/internal/text"

// LinkUsed says that a link has been used before.
type LinkUsed struct {
	Frame
	SignedIn bool   // this browser is signed in: the person can just go on
	Email    string // set if this browser asked: a new link is one click away
	To       string // where the person wants to go
}

func (LinkUsed) template() string { return "link-used" }

func (LinkUsed) title(lang *text.Language, _ string) string { return lang.Say("linkused.title") }

// LinkTooOld says that a link has expired.
type LinkTooOld struct {
	Frame
	ValidFor string // how long links work, in words; see Duration
	Email    string // set if this browser asked: a new link is one click away
	To       string // where the person wants to go
}

func (LinkTooOld) template() string { return "link-too-old" }

func (LinkTooOld) title(lang *text.Language, _ string) string { return lang.Say("linktooold.title") }

// LinkUnknown says that a link is not one of ours, or only a part of one.
type LinkUnknown struct {
	Frame
	Email string // set if this browser asked: a new link is one click away
	To    string // where the person wants to go
}

func (LinkUnknown) template() string { return "link-unknown" }

func (LinkUnknown) title(lang *text.Language, _ string) string { return lang.Say("linkunknown.title") }
