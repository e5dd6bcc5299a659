package view

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/text"
)

// AccessRequest is the request of a person to be let in, as owners and admins see it.
type AccessRequest struct {
	ID                       string // what the form of an admin sends
	Email                    string // who asks
	Words                    string // why, as they typed it; may be empty
	Host                     string // of the site that they asked at; may be empty
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

func (p RequestAccess) about() about {
	return about{template: "ask", title: "ask.title", failed: p.Unknown || p.TooLong, form: newForm(gate.RequestAccessPath, "token", "words"), reload: gate.RequestAccessPath}
}

// AccessRequested says that the owners were asked.
type AccessRequested struct {
	Frame
	Email string // who asks
}

func (AccessRequested) about() about { return about{template: "asked", title: "ask.done_title"} }

// DecideAccess is where a message leads an owner. Without Token it is as Stop: the
// fragment of the address, or what the person pastes, has what the form sends. With
// Token it shows the request, and the form decides.
type DecideAccess struct {
	Frame
	Unknown bool   // what was sent is not a link of ours, or is too old
	Token   string // what the form sends
	Request AccessRequest
}

func (p DecideAccess) about() about {
	a := about{template: "decide", title: "decide.landing_title", failed: p.Unknown, form: newForm(gate.DecideAccessPath, "token"), reload: gate.DecideAccessPath, wide: true}
	if p.Token != "" {
		a.title, a.address = "decide.title", p.Request.Email
		a.form.fields = append(a.form.fields, "decision")
	}
	return a
}

// AccessDecided says what was decided.
type AccessDecided struct {
	Frame
	Email    string // who asked
	Approved bool
	Until    time.Time // when the access ends if approved; zero: never
	By       string    // who decided; may be empty
	Before   bool      // somebody had decided before, and that counts
	AtPeople bool      // the one who looks at the page may open the list of people
}

func (p AccessDecided) about() about {
	return about{template: "decided", title: p.Heading(), address: p.Email}
}

// Heading is the key of the words that say what was decided.
func (p AccessDecided) Heading() string {
	if p.Approved {
		return "decide.approved_title"
	}
	return "decide.refused_title"
}

var _ = samples([]Sample{
	{"ask", RequestAccess{Frame: sampleFrame}},
	{"ask-unknown", RequestAccess{Frame: sampleFrame, Unknown: true, Words: sampleWords}},
	{"ask-too-long", RequestAccess{Frame: sampleFrame, Token: "t0ken", Words: sampleWords, TooLong: true}},
	{"asked", AccessRequested{Frame: sampleFrame, Email: sampleAddress}},
	{"decide", DecideAccess{Frame: sampleFrame, Token: "t0ken", Request: AccessRequest{Email: sampleAddress, Words: sampleWords, Asked: sampleTime,
		Browser: "Firefox", System: "Windows", Network: "203.0.113.0/24"}}},
	{"decide-bare", DecideAccess{Frame: sampleFrame, Token: "t0ken", Request: AccessRequest{Email: sampleLongAddress, Asked: sampleTime}}},
	{"decide-landing", DecideAccess{Frame: sampleFrame}},
	{"decide-unknown", DecideAccess{Frame: sampleFrame, Unknown: true}},
	{"decided", AccessDecided{Frame: sampleFrame, Email: sampleAddress, Approved: true, Until: sampleTime, AtPeople: true}},
	{"decided-always", AccessDecided{Frame: sampleFrame, Email: sampleAddress, Approved: true}},
	{"decided-refused", AccessDecided{Frame: sampleFrame, Email: sampleAddress}},
	{"decided-before", AccessDecided{Frame: sampleFrame, Email: sampleLongAddress, Before: true, By: "grace@example.com"}},
})
