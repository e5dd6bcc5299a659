package view

// Problem says in one sentence why a request cannot be answered.
type Problem struct {
	Frame
	Kind ProblemKind
}

// ProblemKind is a part of the keys of what the page says.
type ProblemKind string

// The kinds of problem.
const (
	ProblemNotFound    ProblemKind = "not_found"    // 404
	ProblemCrossSite   ProblemKind = "cross_site"   // 403: a form of another site
	ProblemTooLarge    ProblemKind = "too_large"    // 413
	ProblemUnsupported ProblemKind = "unsupported"  // 415
	ProblemMalformed   ProblemKind = "malformed"    // 400
	ProblemWrongMethod ProblemKind = "wrong_method" // 405
	ProblemWrongHost   ProblemKind = "wrong_host"   // 421
	ProblemTooEarly    ProblemKind = "too_early"    // 425
)

func (p Problem) about() about { return about{template: "problem", title: p.Heading()} }

// Heading, Lead and Action, the label of the link that helps out, are keys of what
// the page says.
func (p Problem) Heading() string { return "problem." + string(p.Kind) + "_title" }

// Lead: see Heading.
func (p Problem) Lead() string { return "problem." + string(p.Kind) + "_lead" }

// Action: see Heading.
func (p Problem) Action() string {
	switch p.Kind {
	case ProblemCrossSite, ProblemUnsupported, ProblemMalformed, ProblemTooEarly:
		return "problem.start_again"
	}
	return "problem.to_start"
}

var _ = samples([]Sample{
	{"problem-not-found", Problem{Frame: sampleFrame, Kind: ProblemNotFound}},
	{"problem-cross-site", Problem{Frame: sampleFrame, Kind: ProblemCrossSite}},
})
