package view

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/gate"
)

// Token is one of a person's tokens, which pages call app passwords.
type Token struct {
	ID      string // what forms send to end it
	Name    string
	Host    string    // where it is good
	Service bool      // it is a service's, whose text admins may replace
	Made    time.Time // zero Used: not yet
	Used    time.Time
	Expires time.Time // zero: never
}

// TokenProblem says why no token was made.
type TokenProblem string

// What can be wrong.
const (
	TokenUnnamed   TokenProblem = "unnamed"
	TokenTooMany   TokenProblem = "too_many"
	TokenNameTaken TokenProblem = "name_taken"   // of a service
	TokenNameWrong TokenProblem = "name_wrong"   // of a service
	TokenLimits    TokenProblem = "limits_wrong" // of a service
)

// TokenField is what was typed to make a token.
type TokenField struct {
	Typed   string // the name
	Problem TokenProblem

	Paths, Methods, Networks, Groups string // of a service
}

// Limit is a field for what limits a token.
type Limit struct {
	Name, Typed string
	Wrong       bool // one of those that may be
	First       bool // of them
}

// Limits are the fields, in their order.
func (f TokenField) Limits() []Limit {
	list := []Limit{{Name: "paths", Typed: f.Paths}, {Name: "methods", Typed: f.Methods}, {Name: "networks", Typed: f.Networks}, {Name: "groups", Typed: f.Groups}}
	first := f.LimitsAreWrong()
	for i := range list {
		list[i].Wrong = f.LimitsAreWrong() && list[i].Typed != ""
		list[i].First = first && list[i].Wrong
		first = first && !list[i].Wrong
	}
	return list
}

// NameIsWrong reports whether the problem is the name; otherwise it is the limits.
func (f TokenField) NameIsWrong() bool { return f.Problem != "" && f.Problem != TokenLimits }

// LimitsAreWrong: see NameIsWrong.
func (f TokenField) LimitsAreWrong() bool { return f.Problem == TokenLimits }

// IsLimited reports whether anything was typed to limit the token.
func (f TokenField) IsLimited() bool { return f.Paths+f.Methods+f.Networks+f.Groups != "" }

// ProblemKey is the key of what is wrong; empty for nothing.
func (f TokenField) ProblemKey() string {
	if f.Problem == "" {
		return ""
	}
	return "token." + string(f.Problem)
}

// TokenDays are how long a new token can last, in days; the one in the middle unless
// somebody chooses.
var TokenDays = [...]int{30, 90, 365}

// Days are the lives that can be chosen.
func (TokenField) Days() []int { return TokenDays[:] }

// MadeToken shows a new token, this once.
type MadeToken struct {
	Frame
	Name, Host string
	Text       string
	Back       string // where one goes on
}

func (p MadeToken) about() about {
	return about{template: "made-token", title: p.Heading(), reload: p.Back}
}

// Heading is the key of what it is: a password of a person, or, made by an admin, of a program.
func (p MadeToken) Heading() string {
	if p.Back == gate.PeoplePath {
		return "people.program_made"
	}
	return "token.made_title"
}

// ConfirmToken asks an admin whether to remove a token, or to replace its text.
type ConfirmToken struct {
	Frame
	ID, Name string
	Replaces bool
}

func (p ConfirmToken) about() about {
	return about{template: "confirm-token", form: newForm(gate.PeoplePath, "token", "action", "confirm"), reload: gate.PeoplePath}
}

// Act is the value of the field action.
func (p ConfirmToken) Act() string {
	if p.Replaces {
		return "replace-token"
	}
	return "remove-token"
}

// Heading, Lead and Button are keys of what the page says.
func (p ConfirmToken) Heading() string {
	if p.Replaces {
		return "person.replace_title"
	}
	return "person.token_title"
}

// Lead: see Heading.
func (p ConfirmToken) Lead() string {
	if p.Replaces {
		return "person.replace_lead"
	}
	return "person.token_lead"
}

// Button: see Heading.
func (p ConfirmToken) Button() string {
	if p.Replaces {
		return "token.replace"
	}
	return "passkey.remove"
}

var samplePrograms = []Token{
	{ID: "0Gd81MzQwPk", Name: "backup", Service: true, Host: "files.example.com, wiki.mail.department.university.example.com", Made: sampleTime.AddDate(0, -2, 0), Used: sampleTime, Expires: sampleTime.AddDate(0, 1, 0)},
	{ID: "3kXrL0aVb2N", Name: "ci", Service: true, Host: "git.example.com", Made: sampleTime},
}

var sampleTokens = []Token{
	{ID: "5Qw0Zr81kPd", Name: "Calendar on my phone", Host: "calendar.example.com", Made: sampleTime.AddDate(0, -2, 0), Used: sampleTime, Expires: sampleTime.AddDate(0, 1, 0)},
	{ID: "1hlRl6CajEX", Name: "The old computer of my grandmother in the kitchen", Host: "wiki.mail.department.university.example.com", Made: sampleTime},
}

var _ = samples([]Sample{
	{"made-token", MadeToken{Frame: sampleFrame, Name: "Calendar on my phone", Host: "calendar.example.com", Text: "dpat_1hlRl6CajEX5CpvQBG0BmFrASw1DZkoHJ2if9o8", Back: gate.AccountPath}},
	{"made-token-program", MadeToken{Frame: sampleFrame, Name: "backup", Host: "files.example.com", Text: "dpst_0Gd81MzQwPk5CpvQBG0BmFrASw1DZkoHJ2if9o8", Back: gate.PeoplePath}},
	{"confirm-token", ConfirmToken{Frame: sampleFrame, ID: "1hlRl6CajEX", Name: "backup"}},
	{"confirm-token-replace", ConfirmToken{Frame: sampleFrame, ID: "1hlRl6CajEX", Name: "backup", Replaces: true}},
})
