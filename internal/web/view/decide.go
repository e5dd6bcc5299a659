package view

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/text"
)

// Decide is where a message leads somebody who can let others in. Without Token
// it is as Stop: the fragment of the address, or what the person pastes, has
// what the form sends. With Token it shows who asks, and decides.
type Decide struct {
	Frame
	Unknown                  bool   // what was sent is no link of ours, or not any more
	Token                    string // what the form sends
	Email                    string // who asks
	Words                    string // why, as they typed it; may be empty
	Asked                    time.Time
	Browser, System, Network string // that they asked from; may be empty
}

func (Decide) template() string { return "decide" }

func (p Decide) title(lang *text.Language, site string) string {
	switch {
	case p.Token != "":
		return lang.Say("decide.title", "address", p.Email, "site", site)
	case p.Unknown:
		return lang.Say("frame.error_title", "title", lang.Say("decide.landing_title", "site", site))
	}
	return lang.Say("decide.landing_title", "site", site)
}

// Request is what the page decides about.
func (p Decide) Request() PeopleRequest {
	return PeopleRequest{Email: p.Email, Words: p.Words, Asked: p.Asked, Browser: p.Browser, System: p.System, Network: p.Network}
}

// Decided says what was decided.
type Decided struct {
	Frame
	Email    string // about whom
	Approved bool
	Until    time.Time // how long it holds if approved; zero: for good
	By       string    // who decided; may be empty
	Before   bool      // somebody had decided before, and that counts
}

func (Decided) template() string { return "decided" }

func (p Decided) title(lang *text.Language, site string) string {
	return lang.Say(p.Heading(), "address", p.Email, "site", site)
}

// Heading is the key of the words that say how it was decided.
func (p Decided) Heading() string {
	if p.Approved {
		return "decide.approved_title"
	}
	return "decide.refused_title"
}
