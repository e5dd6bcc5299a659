package view

import "github.com/doorpost-auth/doorpost/internal/text"

// DeleteMe asks whether a person wants to leave for good.
type DeleteMe struct {
	Frame
	Email string // who is signed in
}

func (DeleteMe) template() string { return "delete-me" }

func (DeleteMe) title(lang *text.Language, site string) string {
	return lang.Say("deleteme.title", "site", site)
}

// DeletedMe says that nothing is known of the person any more.
type DeletedMe struct{ Frame }

func (DeletedMe) template() string { return "deleted-me" }

func (DeletedMe) title(lang *text.Language, site string) string {
	return lang.Say("deleteme.done_title", "site", site)
}
