package view

import "github.com/doorpost-auth/doorpost/internal/text"

// Problem says in one sentence why a request cannot be answered.
type Problem struct {
	Frame
	Status int    // of the answer
	Kind   string // one of the Problem constants; anything else is ProblemNotFound
}

// The kinds of problem.
const (
	ProblemNotFound    = "not_found"    // 404
	ProblemCrossSite   = "cross_site"   // 403: a form of another site
	ProblemTooLarge    = "too_large"    // 413
	ProblemUnsupported = "unsupported"  // 415
	ProblemMalformed   = "malformed"    // 400
	ProblemWrongMethod = "wrong_method" // 405
	ProblemWrongHost   = "wrong_host"   // 421
	ProblemTooEarly    = "too_early"    // 425
)

type problemWords struct{ title, lead, action string }

var problems = map[string]problemWords{
	ProblemNotFound:    {"problem.not_found_title", "problem.not_found_lead", "problem.to_start"},
	ProblemCrossSite:   {"problem.cross_site_title", "problem.cross_site_lead", "problem.start_again"},
	ProblemTooLarge:    {"problem.too_large_title", "problem.too_large_lead", "problem.to_start"},
	ProblemUnsupported: {"problem.unsupported_title", "problem.unsupported_lead", "problem.start_again"},
	ProblemMalformed:   {"problem.malformed_title", "problem.malformed_lead", "problem.start_again"},
	ProblemWrongMethod: {"problem.wrong_method_title", "problem.wrong_method_lead", "problem.to_start"},
	ProblemWrongHost:   {"problem.wrong_host_title", "problem.wrong_host_lead", "problem.to_start"},
	ProblemTooEarly:    {"problem.too_early_title", "problem.too_early_lead", "problem.start_again"},
}

func (p Problem) words() problemWords {
	if words, ok := problems[p.Kind]; ok {
		return words
	}
	return problems[ProblemNotFound]
}

func (Problem) template() string { return "problem" }

func (p Problem) title(lang *text.Language, _ string) string { return p.Heading(lang) }

// Heading names the problem.
func (p Problem) Heading(lang *text.Language) string { return lang.Say(p.words().title) }

// Lead explains it.
func (p Problem) Lead(lang *text.Language) string { return lang.Say(p.words().lead) }

// Action is the label of the link that helps out.
func (p Problem) Action(lang *text.Language) string { return lang.Say(p.words().action) }
