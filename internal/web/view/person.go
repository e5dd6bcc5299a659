package view

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/text"
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
	Yourself      bool // the person is the admin who looks at the page
}

// PersonGrant lets a person into a site whose rules do not.
type PersonGrant struct {
	Origin string    // the first one of the site
	Until  time.Time // zero: no end
}

func (Person) template() string { return "person" }

func (p Person) title(*text.Language, string) string { return p.Email }

// Ordered lists the sessions: the one of the admin who looks at the page first,
// then the last used.
func (p Person) Ordered() []AccountSession { return Account{Sessions: p.Sessions}.Ordered() }

// ConfirmPerson asks whether to do something to a person.
type ConfirmPerson struct {
	Frame
	Email    string
	Action   string // end, disable, enable or remove
	Session  string // with end: the one to end; empty: all
	Yourself bool   // the person is the admin who looks at the page
}

func (ConfirmPerson) template() string { return "confirm-person" }

func (p ConfirmPerson) title(lang *text.Language, _ string) string {
	return lang.Say(p.words().title, "address", p.Email)
}

// Heading, Lead and Button are keys of what the page says.
func (p ConfirmPerson) Heading() string { return p.words().title }

// Lead: see Heading.
func (p ConfirmPerson) Lead() string { return p.words().lead }

// Button: see Heading.
func (p ConfirmPerson) Button() string { return p.words().button }

type confirmWords struct{ title, lead, button string }

func (p ConfirmPerson) words() confirmWords {
	switch {
	case p.Action == "disable":
		return confirmWords{"person.disable_title", "person.disable_lead", "person.disable"}
	case p.Action == "enable":
		return confirmWords{"person.enable_title", "person.enable_lead", "person.enable"}
	case p.Action == "remove":
		return confirmWords{"person.remove_title", "person.remove_lead", "person.remove"}
	case p.Session != "":
		return confirmWords{"person.end_one_title", "person.end_lead", "person.end_one"}
	}
	return confirmWords{"person.end_title", "person.end_lead", "person.end"}
}
