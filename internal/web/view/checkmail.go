package view

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/text"
)

// CheckMail says that a message is on its way, and takes its code.
type CheckMail struct {
	Frame
	Typed       string        // the address as it was typed; empty if nothing was asked for in this browser
	Meant       string        // another address, where this one has a known slip; empty: none
	To          string        // where the person wants to go
	Problem     CodeProblem   // with the code that was just typed
	TriesLeft   int           // how many codes can still be tried; shown with CodeWrong
	ValidFor    time.Duration // how long codes work
	Asked       time.Time     // when the message was asked for
	Until       time.Time     // how long its link and code work; zero: that is not said
	Again       int           // how often the message was asked for again
	Mailbox     Provider
	ResendAfter int    // seconds until it makes sense to ask again
	Before      string // signed_in of this browser's session, as /session returns it; empty without
}

// CodeProblem is what is wrong with a code that was typed; empty: nothing.
type CodeProblem string

// The problems.
const (
	CodeWrong     CodeProblem = "wrong"
	CodeMalformed CodeProblem = "malformed" // it cannot be a code
	CodeUsed      CodeProblem = "used"
	CodeTooOld    CodeProblem = "too_old"
	CodesEnded    CodeProblem = "ended" // too many wrong ones
)

// Provider is a web mailbox.
type Provider struct {
	Name string // like "Gmail"; empty if unknown
	URL  string // its inbox
}

// Over reports whether only a new message helps.
func (p CheckMail) Over() bool {
	return p.Typed == "" || p.Problem != "" && p.Problem != CodeWrong && p.Problem != CodeMalformed
}

func (p CheckMail) about() about {
	a := about{template: "check-mail", title: "checkmail.title", failed: p.Problem != "", reload: gate.CheckMailPath}
	if !p.Over() {
		a.form = newForm(gate.CodePath, "code")
	}
	return a
}

// Wrong says what is wrong with the code.
func (p CheckMail) Wrong(lang *text.Language) string {
	return p.Problem.in(lang, p.TriesLeft, p.ValidFor)
}

func (c CodeProblem) in(lang *text.Language, triesLeft int, validFor time.Duration) string {
	switch c {
	case CodeMalformed:
		return lang.Say("change.no_code")
	case CodeUsed:
		return lang.Say("checkmail.used")
	case CodeTooOld:
		return lang.Say("checkmail.too_old", "time", lang.Duration(validFor))
	case CodesEnded:
		return lang.Say("checkmail.ended")
	}
	return lang.Count("checkmail.wrong", triesLeft)
}

var _ = samples([]Sample{
	{"check-mail", CheckMail{Frame: sampleFrame, Typed: sampleAddress, To: sampleTo, Until: sampleTime, ResendAfter: 30,
		Mailbox: Provider{Name: "Gmail", URL: "https://mail.google.com/"}}},
	{"check-mail-meant", CheckMail{Frame: sampleFrame, Typed: "ada.lovelace@gmial.com", Meant: "ada.lovelace@gmail.com", To: sampleTo, Until: sampleTime}},
	{"check-mail-nothing", CheckMail{Frame: sampleFrame, To: "/"}},
	{"check-mail-long", CheckMail{Frame: sampleFrame, Typed: sampleLongAddress, To: sampleTo, Before: "2026-03-04T17:05:00Z"}},
	{"check-mail-again", CheckMail{Frame: sampleFrame, Typed: sampleAddress, To: sampleTo, Asked: sampleTime, Again: 1, ResendAfter: 30}},
	{"check-mail-enough", CheckMail{Frame: sampleFrame, Typed: sampleAddress, To: sampleTo, Again: 2, ValidFor: 10 * time.Minute}},
	{"check-mail-wrong", CheckMail{Frame: sampleFrame, Typed: sampleAddress, To: sampleTo, Problem: CodeWrong, TriesLeft: 3}},
	{"check-mail-malformed", CheckMail{Frame: sampleFrame, Typed: sampleAddress, To: sampleTo, Problem: CodeMalformed}},
	{"check-mail-used", CheckMail{Frame: sampleFrame, Typed: sampleAddress, To: sampleTo, Problem: CodeUsed}},
	{"check-mail-too-old", CheckMail{Frame: sampleFrame, Typed: sampleAddress, To: sampleTo, Problem: CodeTooOld, ValidFor: 10 * time.Minute}},
	{"check-mail-ended", CheckMail{Frame: sampleFrame, Typed: sampleAddress, To: sampleTo, Problem: CodesEnded}},
})
