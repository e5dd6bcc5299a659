package view

import (
	"slices"
	"time"

	"github.com/doorpost-auth/doorpost/internal/text"
)

// Account shows a person where they are signed in, ends it there, and changes
// their addresses.
type Account struct {
	Frame
	Email    string
	SignedIn time.Time // when this browser was signed in
	Sessions []AccountSession
	Recovery string // a second address that leads to the account; empty if there is none

	Notice        AccountNotice // what became of the last change
	NoticeAddress string        // the address it was about; may be empty
}

// AccountNotice says what became of a change of an account.
type AccountNotice string

// What can become of it.
const (
	AccountSent      AccountNotice = "sent"      // a link went to the new address
	AccountRemoved   AccountNotice = "removed"   // there is no recovery address any more
	AccountMalformed AccountNotice = "malformed" // nothing: it is no address
)

// AccountSession is one browser in which a person is signed in.
type AccountSession struct {
	ID              string // what the form sends to end it
	Browser, System string // may be empty
	Network         string // where it was last seen; may be empty
	First, Last     time.Time
	Current         bool // the browser that shows the page
}

func (Account) template() string { return "account" }

func (p Account) title(lang *text.Language, _ string) string {
	title := lang.Say("account.title")
	if p.Failed() {
		return lang.Say("frame.error_title", "title", title)
	}
	return title
}

// Failed tells whether the notice says that nothing was changed.
func (p Account) Failed() bool { return p.Notice == AccountMalformed }

// NoticeKey is the key of the words of the notice, "" without one.
func (p Account) NoticeKey() string {
	switch p.Notice {
	case AccountSent, AccountRemoved:
		return "account.notice." + string(p.Notice)
	case AccountMalformed:
		return "signin.malformed"
	}
	return ""
}

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
