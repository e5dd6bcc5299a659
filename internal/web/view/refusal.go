package view

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/gate"
)

// NotAdmitted says that a person who is signed in has no access to the site.
type NotAdmitted struct {
	Frame
	Email  string // who is signed in
	To     string // where the person wants to go
	MayAsk bool   // the site has owners who can let them in

	AtPortal bool // they are asked at the portal, to which this page leads

	Words   string // with MayAsk: the reason that the person typed before
	TooLong bool   // Words are
}

func (p NotAdmitted) about() about {
	a := about{template: "not-admitted", title: "notadmitted.title", address: p.Email, reload: gate.SignInFor(p.To)}
	if p.MayAsk && !p.AtPortal {
		a.form = newForm(gate.RequestAccessPath, "words", "to")
	}
	return a
}

// Throttled says that there were too many attempts from a network.
type Throttled struct {
	Frame
	RetryAfter time.Duration
	Email      string // that was typed: the same is asked for in one click; may be empty
	To         string // where the person wants to go, or where to try again without Email
}

func (Throttled) about() about { return about{template: "throttled", title: "throttled.title"} }

// Unavailable says that nobody can sign in for now.
type Unavailable struct {
	Frame
	To string // where the person wants to go
}

func (Unavailable) about() about { return about{template: "unavailable", title: "unavailable.title"} }

// CannotEnter says that a browser came from the portal without what would let it in.
type CannotEnter struct {
	Frame
	To string // where the person wants to go
}

func (p CannotEnter) about() about {
	return about{template: "cannot-enter", title: "cannotenter.title", reload: gate.SignInFor(p.To)}
}

// SignInNeeded leads to sign-in where a redirect would not arrive.
type SignInNeeded struct {
	Frame
	To    string // where the person wants to go
	Again string // what the sign-in page asks for of somebody who is signed in; "" for nothing
}

func (SignInNeeded) about() about { return about{template: "sign-in-needed", title: "signin.title"} }

// FormNotSent says that a form did not reach the site, because nobody was signed in, or by
// too weak a proof.
type FormNotSent struct {
	Frame
	Back          string // the page with the form
	Again         string // as of SignInNeeded
	FromElsewhere bool   // the form is of another site, and the person may be signed in
}

func (FormNotSent) about() about { return about{template: "form-not-sent", title: "formnotsent.title"} }

// FormKept is FormNotSent for a form that the page can send again.
type FormKept struct {
	Frame
	Action    string // path and query that it is sent to
	Fields    []FormField
	SignIn    string // the page that a window opens, which tells this one
	PasskeyOf string // nothing but their passkey is enough; empty: any proof is
}

// FormField is one field of it.
type FormField struct{ Name, Value string }

func (FormKept) about() about { return about{template: "form-kept", title: "formkept.title"} }

// Renewed is what the window of a sign-in shows that an app has opened, before it closes.
type Renewed struct{ Frame }

func (Renewed) about() about { return about{template: "renewed", title: "renewed.title"} }

var _ = samples([]Sample{
	{"not-admitted", NotAdmitted{Frame: sampleFrame, Email: sampleAddress, To: sampleTo}},
	{"not-admitted-may-ask", NotAdmitted{Frame: sampleFrame, Email: sampleAddress, To: sampleTo, MayAsk: true}},
	{"not-admitted-too-long", NotAdmitted{Frame: sampleFrame, Email: sampleAddress, To: sampleTo, MayAsk: true, Words: sampleWords, TooLong: true}},
	{"not-admitted-at-portal", NotAdmitted{Frame: sampleFrame, Email: sampleAddress, To: sampleTo, MayAsk: true, AtPortal: true}},
	{"cannot-enter", CannotEnter{Frame: sampleFrame, To: sampleTo}},
	{"throttled", Throttled{Frame: sampleFrame, RetryAfter: 90 * time.Second, Email: sampleAddress, To: sampleTo}},
	{"throttled-account", Throttled{Frame: sampleFrame, RetryAfter: 90 * time.Second, To: gate.AccountPath}},
	{"unavailable", Unavailable{Frame: sampleFrame, To: sampleTo}},
	{"sign-in-needed", SignInNeeded{Frame: sampleFrame, To: sampleTo}},
	{"sign-in-needed-again", SignInNeeded{Frame: sampleFrame, To: sampleTo, Again: "1"}},
	{"form-kept", FormKept{Frame: sampleFrame, Action: sampleTo, Fields: []FormField{{"text", sampleWords}}, SignIn: gate.RenewPath}},
	{"form-kept-passkey", FormKept{Frame: sampleFrame, Action: gate.DecideAccessPath, Fields: []FormField{{"decision", "day"}}, SignIn: gate.RenewPath, PasskeyOf: sampleAddress}},
	{"renewed", Renewed{Frame: sampleFrame}},
	{"form-not-sent", FormNotSent{Frame: sampleFrame, Back: sampleTo}},
	{"form-not-sent-from-elsewhere", FormNotSent{Frame: sampleFrame, Back: "/", FromElsewhere: true}},
})
