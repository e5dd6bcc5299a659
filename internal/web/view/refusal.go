package view

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/text"
)

// NotAdmitted says that a person who is signed in has no access to the site.
type NotAdmitted struct {
	Frame
	Email  string // who is signed in
	To     string // where the person wants to go
	MayAsk bool   // the site has owners who can let them in

	Words   string // with MayAsk: the reason that the person typed before
	TooLong bool   // Words are
}

func (NotAdmitted) template() string { return "not-admitted" }

func (p NotAdmitted) title(lang *text.Language, site string) string {
	return lang.Say("notadmitted.title", "address", p.Email, "site", site)
}

// Throttled says that there were too many attempts from a network.
type Throttled struct {
	Frame
	RetryAfter time.Duration
}

func (Throttled) template() string { return "throttled" }

func (Throttled) title(lang *text.Language, _ string) string { return lang.Say("throttled.title") }

// Wait is how long the person has to wait, in words.
func (p Throttled) Wait(lang *text.Language) string { return Duration(lang, p.RetryAfter) }

// Unavailable says that nobody can sign in for now.
type Unavailable struct {
	Frame
	To string // where the person wants to go
}

func (Unavailable) template() string { return "unavailable" }

func (Unavailable) title(lang *text.Language, _ string) string { return lang.Say("unavailable.title") }

// FormNotSent says that a form did not reach the site, because the person was
// not signed in.
type FormNotSent struct {
	Frame
	Back string // the page with the form
}

func (FormNotSent) template() string { return "form-not-sent" }

func (FormNotSent) title(lang *text.Language, _ string) string { return lang.Say("formnotsent.title") }
