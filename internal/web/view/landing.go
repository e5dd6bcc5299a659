package view

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/text"
)

// Landing is where the link of a message leads. The token is in the fragment of the
// address, which only the script can read.
type Landing struct {
	Frame
	Here bool   // this browser asked for the link
	To   string // where the person wants to go
}

func (Landing) about() about {
	return about{template: "landing", title: "landing.title", form: &form{action: gate.LinkPath, fields: []string{"token"}, around: "data-landing"}}
}

// ConfirmElsewhere asks before a link signs in a browser that did not ask for
// it.
type ConfirmElsewhere struct {
	Frame
	Email           string // who would be signed in
	Unasked         bool   // the link came with an invitation or with access: no browser asked for it
	Invitation      bool   // it came with an invitation
	AskedMinutes    int    // how long ago the link was asked for
	Browser, System string // where it was asked for; may be empty
	Token, Confirm  string // what the form sends
	SignedInAs      string // set if this browser is signed in already
}

func (p ConfirmElsewhere) about() about {
	return about{template: "confirm", title: ofLink("confirm.", p.Invitation, "title"), address: p.Email, form: newForm(gate.LinkPath, "token", "confirm"), reload: gate.SignInPath}
}

// Device is where the link was asked for.
func (p ConfirmElsewhere) Device(lang *text.Language) string {
	return device(lang, p.Browser, p.System, "confirm.unknown_device")
}

// Ago is when the link was asked for.
func (p ConfirmElsewhere) Ago(lang *text.Language) string {
	if p.AskedMinutes < 1 {
		return lang.Say("confirm.just_now")
	}
	return lang.Say("confirm.ago", "time", lang.Duration(time.Duration(p.AskedMinutes)*time.Minute))
}

// Replaces reports whether somebody else would be signed out by going on.
func (p ConfirmElsewhere) Replaces() bool {
	return p.SignedInAs != "" && p.SignedInAs != p.Email
}

var _ = samples([]Sample{
	{"landing-here", Landing{Frame: sampleFrame, Here: true, To: sampleTo}},
	{"landing-elsewhere", Landing{Frame: sampleFrame, To: sampleTo}},
	{"confirm", ConfirmElsewhere{Frame: sampleFrame, Email: sampleAddress, AskedMinutes: 4, Browser: "Firefox", System: "Windows",
		Token: "t0ken", Confirm: "c0nfirm"}},
	{"confirm-unasked", ConfirmElsewhere{Frame: sampleFrame, Email: sampleAddress, Unasked: true, Token: "t0ken", Confirm: "c0nfirm"}},
	{"confirm-invited", ConfirmElsewhere{Frame: sampleFrame, Email: sampleAddress, Unasked: true, Invitation: true, Token: "t0ken", Confirm: "c0nfirm"}},
	{"confirm-replaces", ConfirmElsewhere{Frame: sampleFrame, Email: sampleLongAddress, Token: "t0ken", Confirm: "c0nfirm", SignedInAs: sampleAddress}},
})
