package view

import (
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
	NextPage string // query of the next page of the list; empty: there is none

	// Notice is what was just done: ended, disabled, enabled, removed, approved,
	// refused, or decided (before, by somebody else). Empty: nothing.
	Notice        string
	NoticeAddress string // of the person
}

// PeopleRow is one person in the list.
type PeopleRow struct {
	Email    string
	Disabled bool
	Proven   time.Time // when the address was first proven; zero: not yet
	Groups   []string
}

func (People) template() string { return "people" }

func (People) title(lang *text.Language, _ string) string { return lang.Say("people.title") }

// NoticeKey is the key of the words of the notice, "" without one.
func (p People) NoticeKey() string {
	switch p.Notice {
	case "ended", "disabled", "enabled", "removed", "approved", "refused", "decided":
		return "people.notice." + p.Notice
	}
	return ""
}

// Next is the address of the next page of the list, "" if this is the last one.
func (p People) Next() string {
	if p.NextPage == "" {
		return ""
	}
	return gate.PeoplePath + "?" + strings.TrimPrefix(p.NextPage, "?")
}
