package adminapi

import "time"

// SessionsOrder asks for the sessions of a person, or for a page of everybody's,
// in the order of addresses.
type SessionsOrder struct {
	Page
	Address string `json:"address,omitempty"` // empty: everybody
}

// Sessions is the answer. A page has more than were asked for rather than a part
// of one person's.
type Sessions struct {
	Sessions []Session `json:"sessions"`
	Next     string    `json:"next,omitempty"`
}

// Session is a session. Its id signs nobody in.
type Session struct {
	ID       string    `json:"id"`
	Address  string    `json:"address"`
	Site     string    `json:"site"`            // the origin, or the cookie domain, that it is good for
	Sites    []string  `json:"sites,omitempty"` // that were entered from it, if it is one at the portal
	SignedIn time.Time `json:"signed_in"`
	LastUse  time.Time `json:"last_use"`
	Expires  time.Time `json:"expires"`
	Browser  string    `json:"browser,omitempty"`
	System   string    `json:"system,omitempty"`
	Network  string    `json:"network,omitempty"`
}

// EndOrder says which sessions are to end: exactly one field is set.
type EndOrder struct {
	Address string `json:"address,omitempty"`
	ID      string `json:"id,omitempty"`
	All     bool   `json:"all,omitempty"` // of everybody
}

// EndReport says how many have ended. The answer to All is a line of it for each
// thousand sessions (application/x-ndjson), and a last one that is done, or says
// what went wrong.
type EndReport struct {
	Address string `json:"address,omitempty"`
	ID      string `json:"id,omitempty"`
	Ended   int    `json:"ended"` // so far
	Done    bool   `json:"done"`
	Error   string `json:"error,omitempty"`
}
