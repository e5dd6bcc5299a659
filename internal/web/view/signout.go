package view

import "github.com/doorpost-auth/doorpost/internal/gate"

// SignOut asks whether to sign out.
type SignOut struct {
	Frame
	Email string // who is signed in
	To    string // where to go without signing out
}

func (SignOut) about() about {
	return about{template: "sign-out", title: "signout.title", form: newForm(gate.SignOutPath)}
}

// SignOutFailed says that sessions could not be ended.
type SignOutFailed struct {
	Frame
	Forgotten bool     // this browser has lost its own anyhow
	Portal    SiteLink // to sign out there, where this browser has not lost it; empty at the portal, and without one
	AtPortal  bool     // other sites may be open in this browser
}

func (p SignOutFailed) about() about {
	a := about{template: "sign-out-failed", title: "signoutfailed.nothing_title", reload: gate.AccountPath}
	if p.Forgotten {
		a.title, a.reload = "signoutfailed.title", gate.SignOutPath+"?failed=1"
	}
	return a
}

// SignedOut says that the person is signed out.
type SignedOut struct{ Frame }

func (SignedOut) about() about { return about{template: "signed-out", title: "signedout.title"} }

var _ = samples([]Sample{
	{"sign-out", SignOut{Frame: sampleFrame, Email: sampleAddress, To: sampleTo}},
	{"sign-out-failed", SignOutFailed{Frame: sampleFrame, Forgotten: true}},
	{"sign-out-failed-site", SignOutFailed{Frame: sampleFrame, Forgotten: true, Portal: SiteLink{Host: "login.example.com", URL: "https://login.example.com" + gate.SignOutPath}}},
	{"sign-out-failed-portal", SignOutFailed{Frame: sampleFrame, Forgotten: true, AtPortal: true}},
	{"sign-out-failed-elsewhere", SignOutFailed{Frame: sampleFrame}},
	{"signed-out", SignedOut{Frame: sampleFrame}},
})
