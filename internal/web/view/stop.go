package view

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/gate"
)

// Stop is where a message leads somebody who did not ask for it. As with Landing, the
// fragment of the address has what the form sends; without scripts the person pastes
// the link.
type Stop struct {
	Frame
	Mute    time.Duration // how long messages would be stopped; 0 for this message only
	Unknown bool          // what was sent is not a link of ours, or is too old
}

func (p Stop) about() about {
	return about{template: "stop", title: "stop.title", failed: p.Unknown, form: newForm(gate.StopPath, "token"), reload: gate.StopPath}
}

// Stopped says that strangers cannot cause such a message for now.
type Stopped struct {
	Frame
	Mute time.Duration // how long messages are stopped; 0 for this message only
}

func (Stopped) about() about { return about{template: "stopped", title: "stop.done_title"} }

var _ = samples([]Sample{
	{"stop", Stop{Frame: sampleFrame, Mute: 24 * time.Hour}},
	{"stop-unknown", Stop{Frame: sampleFrame, Mute: 24 * time.Hour, Unknown: true}},
	{"stopped", Stopped{Frame: sampleFrame, Mute: 24 * time.Hour}},
})
