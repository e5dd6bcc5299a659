package view

import "github.com/doorpost-auth/doorpost/internal/text"

// SignOut asks whether to sign out.
type SignOut struct {
	Frame
	Email string // who is signed in
	To    string // where to go afterwards, and where to go without signing out
}

func (SignOut) template() string { return "sign-out" }

func (SignOut) title(lang *text.Language, site string) string {
	return lang.Say("signout.title", "site", site)
}

// SignedOut says that the person is signed out.
type SignedOut struct{ Frame }

func (SignedOut) template() string { return "signed-out" }

func (SignedOut) title(lang *text.Language, _ string) string { return lang.Say("signedout.title") }
