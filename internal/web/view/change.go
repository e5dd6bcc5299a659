package view

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/text"
)

// ConfirmChange shows what a person wants to change about their account, and takes
// the codes that confirm it.
type ConfirmChange struct {
	Frame
	Kind     account.Kind
	Email    string        // who is signed in
	New      string        // the address that it is about; empty for those without
	Present  bool          // a code that went to Email is asked for
	ValidFor time.Duration // how long codes work

	Typed, NewTyped     string      // the codes, as they were typed before
	Problem, NewProblem CodeProblem // with the code that went to Email, and with that for New
	TriesLeft           int         // how many codes can still be tried; shown with CodeWrong

	// Carried is with a proof the form that is sent again with the code.
	Carried []CarriedField
}

// CarriedField is a field of a form that a page sends again.
type CarriedField struct{ Name, Value string }

func (p ConfirmChange) about() about {
	a := about{
		template: "confirm-change", title: p.Heading(), address: p.New, failed: p.Problem != "" || p.NewProblem != "",
		form: newForm(p.Action()), reload: p.Action(),
	}
	for _, field := range p.Fields() {
		a.form.fields = append(a.form.fields, field.Name)
	}
	for _, field := range p.Carried {
		a.form.fields = append(a.form.fields, field.Name)
	}
	return a
}

// Action is where the codes are sent to.
func (p ConfirmChange) Action() string {
	switch p.Kind {
	case account.Administer:
		return gate.PeoplePath
	case account.Passkeys:
		return gate.ChangePasskeyPath
	case account.Token:
		return gate.ChangeTokenPath
	}
	return gate.ConfirmChangePath
}

// Back is where a person goes on who changes nothing.
func (p ConfirmChange) Back() string {
	if p.Kind == account.Administer {
		return gate.PeoplePath
	}
	return gate.AccountPath
}

// Heading, Lead and Button are keys of what the page says.
func (p ConfirmChange) Heading() string { return p.words().title }

// Lead: see Heading.
func (p ConfirmChange) Lead() string { return p.words().lead }

// Button: see Heading.
func (p ConfirmChange) Button() string { return p.words().button }

// Moves reports whether the address takes the place of the present one.
func (p ConfirmChange) Moves() bool { return p.Kind == account.Move }

// Deletes reports whether what is lost is lost for good.
func (p ConfirmChange) Deletes() bool { return p.Kind == account.Leave }

type confirmWords struct{ title, lead, button string }

func (p ConfirmChange) words() confirmWords {
	switch p.Kind {
	case account.Recovery:
		return confirmWords{"change.recovery_title", "change.recovery_lead", "change.recovery"}
	case account.Drop:
		return confirmWords{"change.drop_title", "change.drop_lead", "account.recovery_remove"}
	case account.Leave:
		return confirmWords{"deleteme.title", "change.leave_lead", "deleteme.delete"}
	case account.Administer:
		return confirmWords{"change.administer_title", "change.administer_lead", "change.administer"}
	case account.Passkeys:
		return confirmWords{"change.passkeys_title", "change.passkeys_lead", "change.administer"}
	case account.Token:
		return confirmWords{"change.passkeys_title", "change.token_lead", "change.administer"}
	}
	return confirmWords{"change.move_title", "change.move_lead", "change.move"}
}

// CodeField is a field for a code.
type CodeField struct {
	Name      string // code or new_code
	Email     string // where the code went
	First     bool   // of its form
	Focus     bool   // the first one that is wrong
	Typed     string
	Problem   CodeProblem
	triesLeft int
}

// Fields are those for the codes that are asked for.
func (p ConfirmChange) Fields() (fields []CodeField) {
	if p.Present {
		fields = append(fields, CodeField{
			Name: "code", Email: p.Email, First: true,
			Focus: p.Problem != "", Typed: p.Typed, Problem: p.Problem, triesLeft: p.TriesLeft,
		})
	}
	if p.New != "" {
		fields = append(fields, CodeField{
			Name: "new_code", Email: p.New, First: len(fields) == 0,
			Focus: p.NewProblem != "" && p.Problem == "", Typed: p.NewTyped, Problem: p.NewProblem, triesLeft: p.TriesLeft,
		})
	}
	return fields
}

// Wrong says what is wrong with the code.
func (f CodeField) Wrong(lang *text.Language) string { return f.Problem.in(lang, f.triesLeft, 0) }

// NotChanged says why an account was not changed.
type NotChanged struct {
	Frame
	Why   NotChangedReason
	Email string // the new address, for those that are about it
}

// NotChangedReason is why an account was not changed.
type NotChangedReason string

// The reasons.
const (
	NothingToConfirm  NotChangedReason = "nothing" // not proposed, done already, or too old
	TooManyWrongCodes NotChangedReason = "over"
	AddressTaken      NotChangedReason = "taken"  // Email belongs to somebody
	AddressDenied     NotChangedReason = "denied" // the rules of the site do not admit Email
)

func (p NotChanged) about() about {
	return about{template: "not-changed", title: p.Heading(), address: p.Email, reload: gate.AccountPath}
}

// Heading and Lead are keys of what the page says.
func (p NotChanged) Heading() string {
	switch p.Why {
	case TooManyWrongCodes:
		return "change.over_title"
	case AddressTaken:
		return "change.taken_title"
	case AddressDenied:
		return "notadmitted.title"
	}
	return "change.nothing_title"
}

// Lead: see Heading.
func (p NotChanged) Lead() string {
	switch p.Why {
	case TooManyWrongCodes, AddressTaken, AddressDenied:
		return "change.unchanged"
	}
	return "change.nothing_lead"
}

var _ = samples([]Sample{
	{"confirm-change", ConfirmChange{Frame: sampleFrame, Kind: account.Move, Email: sampleAddress, New: sampleOther, Present: true, ValidFor: 10 * time.Minute}},
	{"confirm-change-wrong", ConfirmChange{Frame: sampleFrame, Kind: account.Move, Email: sampleAddress, New: sampleLongAddress, Present: true,
		ValidFor: 10 * time.Minute, Typed: "ABCD-23", NewTyped: "ABCD-2345", Problem: CodeMalformed, NewProblem: CodeWrong, TriesLeft: 3}},
	{"confirm-change-recovery", ConfirmChange{Frame: sampleFrame, Kind: account.Recovery, Email: sampleAddress, New: sampleOther, ValidFor: 10 * time.Minute,
		NewProblem: CodeWrong, TriesLeft: 1}},
	{"confirm-change-drop", ConfirmChange{Frame: sampleFrame, Kind: account.Drop, Email: sampleAddress, Present: true, ValidFor: 10 * time.Minute}},
	{"confirm-change-leave", ConfirmChange{Frame: sampleFrame, Kind: account.Leave, Email: sampleAddress, Present: true, ValidFor: 10 * time.Minute}},
	{"confirm-change-leave-at-once", ConfirmChange{Frame: sampleFrame, Kind: account.Leave, Email: sampleLongAddress}},
	{"confirm-change-administer", ConfirmChange{Frame: sampleFrame, Kind: account.Administer, Email: sampleAddress, Present: true, ValidFor: 10 * time.Minute,
		Carried: []CarriedField{{"action", "disable"}, {"who", sampleOther}}}},
	{"confirm-change-token", ConfirmChange{Frame: sampleFrame, Kind: account.Token, Email: sampleAddress, Present: true, ValidFor: 10 * time.Minute,
		Carried: []CarriedField{{"name", "Calendar"}, {"site", "https://app.example.com"}, {"days", "90"}}}},
	{"confirm-change-passkeys", ConfirmChange{Frame: sampleFrame, Kind: account.Passkeys, Email: sampleAddress, Present: true, ValidFor: 10 * time.Minute,
		Carried: []CarriedField{{"add", "yes"}}}},
	{"not-changed", NotChanged{Frame: sampleFrame, Why: NothingToConfirm}},
	{"not-changed-over", NotChanged{Frame: sampleFrame, Why: TooManyWrongCodes}},
	{"not-changed-taken", NotChanged{Frame: sampleFrame, Why: AddressTaken, Email: sampleLongAddress}},
	{"not-changed-denied", NotChanged{Frame: sampleFrame, Why: AddressDenied, Email: sampleAddress}},
})
