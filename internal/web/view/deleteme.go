package view

import "github.com/doorpost-auth/doorpost/internal/gate"

// DeleteMe asks whether a person wants to leave for good.
type DeleteMe struct {
	Frame
	Email string // who is signed in
}

func (DeleteMe) about() about {
	return about{template: "delete-me", title: "deleteme.title", form: newForm(gate.DeleteAccountPath)}
}

// DeletedMe says that nothing is known of the person any more.
type DeletedMe struct{ Frame }

func (DeletedMe) about() about { return about{template: "deleted-me", title: "deleteme.done_title"} }

var _ = samples([]Sample{
	{"delete-me", DeleteMe{Frame: sampleFrame, Email: sampleAddress}},
	{"deleted-me", DeletedMe{Frame: sampleFrame}},
})
