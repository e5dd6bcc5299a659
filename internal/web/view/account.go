package view

import (
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/text"
)

// Account shows a person where they are signed in, and ends it there.
type Account struct {
	Frame
	Email    string
	SignedIn time.Time // when this browser was signed in
	Sessions []AccountSession
}

// AccountSession is one browser in which a person is signed in.
type AccountSession struct {
	ID              string // what the form sends to end it
	Browser, System string // may be empty
	Network         string // where it was last seen; may be empty
	First, Last     time.Time
	Current         bool // the browser that shows the page
}

func (Account) template() string { return "account" }

func (Account) title(lang *text.Language, _ string) string { return lang.Say("account.title") }

// Ordered lists the sessions: this one first, then the last used.
func (p Account) Ordered() []AccountSession {
	sessions := slices.Clone(p.Sessions)
	slices.SortStableFunc(sessions, func(a, b AccountSession) int {
		if a.Current != b.Current {
			if a.Current {
				return -1
			}
			return 1
		}
		return b.Last.Compare(a.Last)
	})
	return sessions
}

// HasOthers tells whether there is a session besides the one of this browser.
func (p Account) HasOthers() bool {
	return slices.ContainsFunc(p.Sessions, func(s AccountSession) bool { return !s.Current })
}

// Device is the browser by name.
func (s AccountSession) Device(lang *text.Language) string {
	return device(lang, s.Browser, s.System, "account.unknown_device")
}
