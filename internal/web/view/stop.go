package view

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/text"
)

// Stop is where a message leads somebody who did not ask for it. As with
// Landing, the fragment of the address has what the form sends; where no
// script reads it, the person pastes the link.
type Stop struct {
	Frame
	Mute    time.Duration // how long it will hold; 0 if it concerns this message only
	Unknown bool          // what was sent is no link of ours, or not any more
}

func (Stop) template() string { return "stop" }

func (p Stop) title(lang *text.Language, _ string) string {
	title := lang.Say("stop.title")
	if p.Unknown {
		return lang.Say("frame.error_title", "title", title)
	}
	return title
}

// For is how long it will hold, in words.
func (p Stop) For(lang *text.Language) string { return Duration(lang, p.Mute) }

// Stopped says that nobody else brings about such a message for now.
type Stopped struct {
	Frame
	Mute time.Duration // how long that holds; 0 if it concerns this message only
}

func (Stopped) template() string { return "stopped" }

func (Stopped) title(lang *text.Language, _ string) string { return lang.Say("stop.done_title") }

// For is how long that holds, in words.
func (p Stopped) For(lang *text.Language) string { return Duration(lang, p.Mute) }
