package view

import "github.com/doorpost-auth/doorpost/internal/text"

// Prove is where messages about the addresses of a person lead. Without Token
// it is as Stop: the fragment of the address, or what the person pastes, has
// what the form sends. With Token it asks whether to do it.
type Prove struct {
	Frame
	Unknown bool   // what was sent is no link of ours, or not any more
	Token   string // what the form sends
	Kind    ProveKind
	Email   string // the new address, the one for recovery, or the one to get back
	Person  string // the address of the person for now
}

// ProveKind says what becomes of an address.
type ProveKind string

// What can become of it.
const (
	ProveMove    ProveKind = "move"    // it becomes that of the person
	ProveRecover ProveKind = "recover" // it leads to the account, too
	ProveUndo    ProveKind = "undo"    // it becomes that of the person again
	ProveForget  ProveKind = "forget"  // the one for recovery leads to the account no more
)

func (Prove) template() string { return "prove" }

func (p Prove) title(lang *text.Language, site string) string {
	switch {
	case p.Token != "":
		return lang.Say(p.Kind.words().title, "address", p.Email, "site", site)
	case p.Unknown:
		return lang.Say("frame.error_title", "title", lang.Say("prove.title"))
	}
	return lang.Say("prove.title")
}

// Heading, Lead and Button are keys of what the page says with Token.
func (p Prove) Heading() string { return p.Kind.words().title }

// Lead is described at Heading.
func (p Prove) Lead() string { return p.Kind.words().lead }

// Button is described at Heading.
func (p Prove) Button() string { return p.Kind.words().button }

// Proved says that it is done.
type Proved struct {
	Frame
	Kind  ProveKind
	Email string // as in Prove
}

func (Proved) template() string { return "proved" }

func (p Proved) title(lang *text.Language, site string) string {
	return lang.Say(p.Heading(), "address", p.Email, "site", site)
}

// Heading and Lead are keys of what the page says.
func (p Proved) Heading() string { return p.Kind.words().doneTitle }

// Lead is described at Heading.
func (p Proved) Lead() string { return p.Kind.words().doneLead }

type proveWords struct{ title, lead, button, doneTitle, doneLead string }

func (k ProveKind) words() proveWords {
	switch k {
	case ProveRecover:
		return proveWords{"prove.recover_title", "prove.recover_lead", "prove.recover", "prove.recover_done_title", "prove.recover_done_lead"}
	case ProveForget:
		return proveWords{"prove.forget_title", "prove.forget_lead", "prove.undo", "prove.forget_done_title", "prove.undo_done_lead"}
	case ProveUndo:
		return proveWords{"prove.undo_title", "prove.undo_lead", "prove.undo", "prove.undo_done_title", "prove.undo_done_lead"}
	}
	return proveWords{"prove.move_title", "prove.move_lead", "prove.move", "prove.move_done_title", "prove.move_done_lead"}
}
