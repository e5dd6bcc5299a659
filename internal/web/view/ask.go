package view

import "github.com/doorpost-auth/doorpost/internal/text"

// Ask is where a message leads somebody whom the site does not let in: it asks
// whoever can. As with Stop, the fragment of the address has what the form
// sends; where no script reads it, the person pastes the link.
type Ask struct {
	Frame
	Unknown bool   // what was sent is no link of ours, or not any more
	Token   string // that was sent with words that were too long; else empty
	Words   string // what was typed before
	TooLong bool   // Words are
}

func (Ask) template() string { return "ask" }

func (p Ask) title(lang *text.Language, site string) string {
	title := lang.Say("ask.title", "site", site)
	if p.Unknown || p.TooLong {
		return lang.Say("frame.error_title", "title", title)
	}
	return title
}

// Asked says that whoever can let the person in was asked.
type Asked struct {
	Frame
	Email string // who asks
	Full  bool   // nobody was asked: too many people are waiting for an answer
}

func (Asked) template() string { return "asked" }

func (p Asked) title(lang *text.Language, _ string) string {
	if p.Full {
		return lang.Say("ask.full_title")
	}
	return lang.Say("ask.done_title")
}
