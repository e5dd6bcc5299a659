package view

import (
	"slices"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/gate"
	"github.com/doorpost-auth/doorpost/internal/text"
)

// People shows admins the access requests and the known people.
type People struct {
	Frame
	Requests []AccessRequest
	People   []PeopleRow
	Search   string // part of an address that the list is limited to; empty: everybody
	Later    bool   // it is not the first page of the list
	NextPage string // query of the next page of the list; empty: there is none

	// Notice is what was just done: ended, disabled, enabled, reset, removed, approved,
	// refused, or decided (before, by somebody else); token or program, whose password was
	// ended. Empty: nothing.
	Notice        string
	NoticeAddress string // of the person

	TokenSites    []SiteLink // that take tokens of services
	Programs      []Token    // those of services
	LaterPrograms bool       // it is a further page of those, and has nothing else
	NextPrograms  string     // query of their next page; empty: there is none
	NewToken      TokenField
}

// PeopleRow is one person in the list.
type PeopleRow struct {
	Email    string
	Disabled bool
	Proven   time.Time // when the address was first proven; zero: not yet
	Seen     time.Time // when they last used the site; zero: they are not signed in
	Groups   []string
}

func (p People) about() about {
	return about{template: "people", title: "people.title", failed: p.NewToken.Problem != "", reload: gate.PeoplePath, wide: true}
}

// NoticeKey is the key of the words of the notice, "" without one.
func (p People) NoticeKey() string {
	switch p.Notice {
	case "ended", "disabled", "enabled", "reset", "removed", "approved", "refused", "decided", "program":
		return "people.notice." + p.Notice
	case "token":
		return "account.notice.token_ended"
	}
	return ""
}

// Count says how many people there are, or more than how many. A later page does not
// say it.
func (p People) Count(lang *text.Language) string {
	switch {
	case p.Later || len(p.People) == 0:
		return ""
	case p.NextPage != "":
		return lang.Count("people.over", len(p.People))
	}
	return lang.Count("people.count", len(p.People))
}

// HasPrograms reports whether the page is about programs, too.
func (p People) HasPrograms() bool {
	return len(p.Programs)+len(p.TokenSites) > 0 || p.NextPrograms != ""
}

// Next is the address of the next page of the list, "" if this is the last one.
func (p People) Next() string { return peoplePage(p.NextPage) }

// NextProgramPage is the address of the next page of programs, "" if this is the last one.
func (p People) NextProgramPage() string { return peoplePage(p.NextPrograms) }

func peoplePage(query string) string {
	if query == "" {
		return ""
	}
	return gate.PeoplePath + "?" + strings.TrimPrefix(query, "?")
}

var _ = samples([]Sample{
	{"people", People{Frame: sampleFrame, Requests: sampleRequests, People: samplePeople, NextPage: "after=edsger%40example.com"}},
	{"people-later", People{Frame: sampleFrame, People: slices.Repeat(samplePeople, 4), Later: true}},
	{"people-empty", People{Frame: sampleFrame}},
	{"people-programs", People{Frame: sampleFrame, People: samplePeople, Programs: samplePrograms, TokenSites: sampleSites, Notice: "program", NextPrograms: "program=ci"}},
	{"people-programs-later", People{Frame: sampleFrame, Programs: slices.Repeat(samplePrograms, 2), TokenSites: sampleSites, LaterPrograms: true}},
	{"people-programs-not-found", People{Frame: sampleFrame, TokenSites: sampleSites, Search: "nobody"}},
	{"people-program-problem", People{Frame: sampleFrame, People: samplePeople[:1], TokenSites: sampleSites[:1], NewToken: TokenField{Typed: "my backup", Problem: TokenNameWrong}}},
	{"people-program-limits", People{Frame: sampleFrame, People: samplePeople[:1], TokenSites: sampleSites[:1], NewToken: TokenField{Typed: "ci", Problem: TokenLimits, Paths: "api", Methods: "GET HEAD"}}},
	{"people-search", People{
		Frame: sampleFrame, People: samplePeople[:1], Search: "lovelace", Notice: "disabled", NoticeAddress: sampleLongAddress,
	}},
	{"people-not-found", People{Frame: sampleFrame, Requests: sampleRequests[:1], Search: "nobody@", Notice: "approved", NoticeAddress: sampleAddress}},
})

var samplePeople = []PeopleRow{
	{Email: sampleAddress, Proven: sampleTime, Seen: sampleTime, Groups: []string{"editors", "staff"}},
	{Email: "alan@example.com", Proven: sampleTime.AddDate(0, -1, 0)},
	{Email: "barbara@example.com", Disabled: true, Proven: sampleTime.AddDate(0, -5, 0)},
	{Email: sampleLongAddress},
	{Email: "edsger@example.com", Groups: []string{"staff"}},
}
