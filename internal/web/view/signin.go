package view

import "github.com/doorpost-auth/doorpost/internal/text"

// SignIn asks for an email address.
type SignIn struct {
	Frame
	To         string // where the person wants to go
	Email      string // what was typed before, to correct it
	Malformed  bool   // Email is not an address
	SignedInAs string // set if this browser is signed in already
}

func (SignIn) template() string { return "sign-in" }

func (p SignIn) title(lang *text.Language, site string) string {
	title := lang.Say("signin.title", "site", site)
	if p.Malformed {
		// Read aloud first, before the page itself.
		return lang.Say("frame.error_title", "title", title)
	}
	return title
}
