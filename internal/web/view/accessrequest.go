package view

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/text"
)

// AccessRequest is the request of a person to be let in, as owners and admins see it.
type AccessRequest struct {
	ID                       string // what the form of an admin sends
	Email                    string // who asks
	Words                    string // why, as they typed it; may be empty
	Origin                   string // of the site that they asked at; may be empty
	Asked                    time.Time
	Browser, System, Network string // that they asked from; may be empty
}

// Device is the browser by name, "" if it is not known.
func (r AccessRequest) Device(lang *text.Language) string {
	if r.Browser == "" && r.System == "" {
		return ""
	}
	return device(lang, r.Browser, r.System, "account.unknown_device")
}

// RequestAccess is where a message leads somebody who has no access to the site: the
// form asks its owners. As with Stop, the fragment of the address has what the form
// sends; without scripts the person pastes the link.
type RequestAccess struct {
	Frame
	Unknown bool   // what was sent is not a link of ours, or is too old
	Token   string // that was sent with words that were too long; else empty
	Words   string // what was typed before
	TooLong bool   // Words are
}

func (RequestAccess) template() string { return "ask" }

func (p RequestAccess) title(lang *text.Language, site string) string {
	title := lang.Say("ask.title", "site", site)
	if p.Unknown || p.TooLong {
		return lang.Say("frame.error_title", "title", title)
	}
	return title
}

// AccessRequested says that the owners were asked.
type AccessRequested struct {
	Frame
	Email string // who asks
}

func (AccessRequested) template() string { return "asked" }

func (AccessRequested) title(lang *text.Language, _ string) string {
	return lang.Say("ask.done_title")
}

// DecideAccess is where a message leads an owner. Without Token it is as Stop: the
// fragment of the address, or what the person pastes, has what the form sends. With
// Token it shows the request, and the form decides.
type DecideAccess struct {
	Frame
	Unknown bool   // what was sent is not a link of ours, or is too old
	Token   string // what the form sends
	Request AccessRequest
}

func (DecideAccess) template() string { return "decide" }

func (p DecideAccess) title(lang *text.Language, site string) string {
	switch {
	case p.Token != "":
		return lang.Say("decide.title", "address", p.Request.Email, "site", site)
	case p.Unknown:
		return lang.Say("frame.error_title", "title", lang.Say("decide.landing_title", "site", site))
	}
	return lang.Say("decide.landing_title", "site", site)
}

// AccessDecided says what was decided.
type AccessDecided struct {
	Frame
	Email    string // who asked
	Approved bool
	Until    time.Time // when the access ends if approved; zero: never
	By       string    // who decided; may be empty
	Before   bool      // somebody had decided before, and that counts
}

func (AccessDecided) template() string { return "decided" }

func (p AccessDecided) title(lang *text.Language, site string) string {
	return lang.Say(p.Heading(), "address", p.Email, "site", site)
}

// Heading is the key of the words that say what was decided.
func (p AccessDecided) Heading() string {
	if p.Approved {
		return "decide.approved_title"
	}
	return "decide.refused_title"
}
