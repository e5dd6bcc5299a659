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
	Made    time.Time // zero Used: not yet
	Used    time.Time
	Expires time.Time // zero: never
}

// TokenProblem says why no token was made.
type TokenProblem string

// What can be wrong.
const (
	TokenUnnamed TokenProblem = "unnamed"
	TokenTooMany TokenProblem = "too_many"
)

// TokenField is what was typed to make a token.
type TokenField struct {
	Typed   string // the name
	Problem TokenProblem
}

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
}

func (MadeToken) about() about {
	return about{template: "made-token", title: "token.made_title", reload: gate.AccountPath}
}

var sampleTokens = []Token{
	{ID: "5Qw0Zr81kPd", Name: "Calendar on my phone", Host: "calendar.example.com", Made: sampleTime.AddDate(0, -2, 0), Used: sampleTime, Expires: sampleTime.AddDate(0, 1, 0)},
	{ID: "1hlRl6CajEX", Name: "The old computer of my grandmother in the kitchen", Host: "wiki.mail.department.university.example.com", Made: sampleTime},
}

var _ = samples([]Sample{
	{"made-token", MadeToken{Frame: sampleFrame, Name: "Calendar on my phone", Host: "calendar.example.com", Text: "dpat_1hlRl6CajEX5CpvQBG0BmFrASw1DZkoHJ2if9o8"}},
})
