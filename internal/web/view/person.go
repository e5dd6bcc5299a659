package view

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/gate"
)

// Person shows admins what is known of a person, and changes it.
type Person struct {
	Frame
	Email         string
	Disabled      bool
	Added, Proven time.Time // first known, address first proven; zero: not yet
	Groups        []string
	Grants        []PersonGrant
	Recovery      string // a second address that leads to the account; may be empty
	Sessions      []AccountSession
	Passkeys      bool // they have some
	Tokens        []Token
	Yourself      bool // the person is the admin who looks at the page
}

// PersonGrant lets a person into a site whose rules do not.
type PersonGrant struct {
	Host  string    // the first one of the site
	Until time.Time // zero: no end
}

func (p Person) about() about {
	return about{template: "person", address: p.Email, form: newForm(gate.PeoplePath, "who", "action"), wide: true}
}

// Shown lists the first sessions: the one of the admin who looks at the page, then
// the last used.
func (p Person) Shown() []AccountSession { return Account{Sessions: p.Sessions}.Shown() }

// Folded lists the others.
func (p Person) Folded() []AccountSession { return Account{Sessions: p.Sessions}.Folded() }

// ConfirmPerson asks whether to do something to a person.
type ConfirmPerson struct {
	Frame
	Email    string
	Action   string // end, disable, enable, reset or remove
	Session  string // with end: the one to end; empty: all
	Yourself bool   // the person is the admin who looks at the page
}

func (p ConfirmPerson) about() about {
	return about{template: "confirm-person", title: p.Heading(), address: p.Email, form: newForm(gate.PeoplePath, "who", "action", "confirm"), reload: gate.PeoplePath}
}

// Heading, Lead and Button are keys of what the page says.
func (p ConfirmPerson) Heading() string { return p.Button() + "_title" }

// Lead: see Heading.
func (p ConfirmPerson) Lead() string { return p.act() + "_lead" }

// Button: see Heading.
func (p ConfirmPerson) Button() string {
	if p.Session != "" {
		return p.act() + "_one"
	}
	return p.act()
}

// Harms reports whether the person cannot come back by themselves, or something is lost.
func (p ConfirmPerson) Harms() bool {
	return p.Action == "disable" || p.Action == "reset" || p.Action == "remove"
}

func (p ConfirmPerson) act() string {
	switch p.Action {
	case "disable", "enable", "reset", "remove":
		return "person." + p.Action
	}
	return "person.end"
}

var _ = samples([]Sample{
	{"person", Person{
		Frame: sampleFrame, Email: sampleAddress, Added: sampleTime.AddDate(0, -2, 0), Proven: sampleTime.AddDate(0, -1, 0),
		Groups: []string{"editors", "staff"}, Recovery: sampleOther, Sessions: sampleSessions, Passkeys: true, Tokens: sampleTokens, Yourself: true,
		Grants: []PersonGrant{
			{Host: "reports.example.com", Until: sampleTime.AddDate(0, 0, 1)},
			{Host: "wiki.mail.department.university.example.com"},
		},
	}},
	{"person-disabled", Person{Frame: sampleFrame, Email: sampleLongAddress, Disabled: true, Added: sampleTime}},
	{"confirm-person", ConfirmPerson{Frame: sampleFrame, Email: sampleAddress, Action: "end"}},
	{"confirm-person-one", ConfirmPerson{Frame: sampleFrame, Email: sampleAddress, Action: "end", Session: "s2"}},
	{"confirm-person-disable", ConfirmPerson{Frame: sampleFrame, Email: sampleAddress, Action: "disable", Yourself: true}},
	{"confirm-person-reset", ConfirmPerson{Frame: sampleFrame, Email: sampleAddress, Action: "reset"}},
	{"confirm-person-enable", ConfirmPerson{Frame: sampleFrame, Email: sampleAddress, Action: "enable"}},
	{"confirm-person-remove", ConfirmPerson{Frame: sampleFrame, Email: sampleLongAddress, Action: "remove"}},
})
