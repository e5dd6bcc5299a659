package view

import "github.com/doorpost-auth/doorpost/internal/text"

// SignIn asks for an email address.
type SignIn struct {
	Frame
	To         string // where the person wants to go
	Email      string // what was typed before, to correct it
	Malformed  bool   // Email is not an address
	SignedInAs string // set if this browser is signed in already

	// Again asks SignedInAs to prove their address again, because the last proof is
	// too old for what they want to see.
	Again bool
}

func (SignIn) template() string { return "sign-in" }

func (p SignIn) title(lang *text.Language, site string) string {
	title := lang.Say(p.Heading(), "site", site)
	if p.Malformed {
		// Screen readers read the title first.
		return lang.Say("frame.error_title", "title", title)
	}
	return title
}

// Heading is the key of the words that say what the page asks for.
func (p SignIn) Heading() string {
	if p.Again {
		return "signin.again_title"
	}
	return "signin.title"
}
