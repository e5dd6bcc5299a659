package view

import (
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/text"
)

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

func (p CheckMail) about() about {
	a := about{template: "check-mail", title: "checkmail.title", failed: p.WrongCode || p.Ended}
	if !p.Ended {
		a.form = newForm(gate.CodePath, "code")
	}
	return a
}

// Wrong says that the code was wrong and how many tries are left.
func (p CheckMail) Wrong(lang *text.Language) string {
	return lang.Count("checkmail.wrong", p.TriesLeft)
}

var _ = samples([]Sample{
	{"check-mail", CheckMail{Frame: sampleFrame, Typed: sampleAddress, To: sampleTo, ResendAfter: 30,
		Mailbox: Provider{Name: "Gmail", URL: "https://mail.google.com/"}}},
	{"check-mail-plain", CheckMail{Frame: sampleFrame, To: sampleTo}},
	{"check-mail-long", CheckMail{Frame: sampleFrame, Typed: sampleLongAddress, To: sampleTo, Before: "2026-03-04T17:05:00Z"}},
	{"check-mail-wrong", CheckMail{Frame: sampleFrame, Typed: sampleAddress, To: sampleTo, WrongCode: true, TriesLeft: 3}},
	{"check-mail-ended", CheckMail{Frame: sampleFrame, Typed: sampleAddress, To: sampleTo, Ended: true}},
	{"check-mail-ended-plain", CheckMail{Frame: sampleFrame, To: sampleTo, Ended: true}},
})
