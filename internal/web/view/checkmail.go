package view

import "github.com/doorpost-auth/doorpost/internal/text"

// CheckMail says that a message is on its way, and takes its code.
type CheckMail struct {
	Frame
	Typed       string // the address as it was typed; may be empty
	To          string // where the person wants to go
	TriesLeft   int    // how many codes can still be tried; shown if WrongCode
	WrongCode   bool   // the code that was just typed is wrong
	Ended       bool   // too many wrong codes: only a new message helps
	Mailbox     Provider
	ResendAfter int    // seconds until it makes sense to ask again
	Before      string // signed_in of this browser's session, as /session returns it; empty without
}

// Provider is a web mailbox.
type Provider struct {
	Name string // like "Gmail"; empty if unknown
	URL  string // its inbox
}

func (CheckMail) template() string { return "check-mail" }

func (p CheckMail) title(lang *text.Language, _ string) string {
	title := lang.Say("checkmail.title")
	if p.WrongCode || p.Ended {
		return lang.Say("frame.error_title", "title", title)
	}
	return title
}

// Wrong says that the code was wrong and how many tries are left.
func (p CheckMail) Wrong(lang *text.Language) string {
	return lang.Count("checkmail.wrong", p.TriesLeft)
}
