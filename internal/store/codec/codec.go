// Package codec is the form in which stores keep what they keep: CBOR (RFC
// 8949), maps with small numbers as keys, so that a record that gains a field
// is still read by the version before. A number is never used for something
// else later; 1 is the end of those that end. Times are Unix milliseconds.
package codec

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// Device is a session.Device.
type Device struct {
	Browser string `cbor:"1,keyasint,omitempty"`
	System  string `cbor:"2,keyasint,omitempty"`
	Network string `cbor:"3,keyasint,omitempty"`
}

// Link is one link with its code.
type Link struct {
	Expires  int64             `cbor:"1,keyasint"`
	Browser  signin.BrowserKey `cbor:"2,keyasint,omitzero"` // that asked; none for a promised link
	Address  address.Address   `cbor:"3,keyasint"`
	Origin   string            `cbor:"4,keyasint"`
	To       string            `cbor:"5,keyasint,omitempty"`
	Asked    int64             `cbor:"6,keyasint"`
	Code     signin.CodeKey    `cbor:"7,keyasint,omitzero"`
	Policy   string            `cbor:"8,keyasint,omitempty"`
	Device   Device            `cbor:"9,keyasint,omitzero"`
	Purpose  signin.Purpose    `cbor:"10,keyasint,omitempty"`
	Subject  string            `cbor:"11,keyasint,omitempty"`
	Revision uint64            `cbor:"12,keyasint,omitempty"` // of its person when it was made
	Recovery bool              `cbor:"13,keyasint,omitempty"` // it went to the recovery address of its person
	Familiar bool              `cbor:"14,keyasint,omitempty"` // the browser that asked was familiar to its reader
	Mailbox  string            `cbor:"15,keyasint,omitempty"` // under which its message counts, unless it is the fold of Address
	Slot     int64             `cbor:"16,keyasint,omitempty"` // in which it counts; 0 for no limit

	Invitation bool `cbor:"17,keyasint,omitempty"`
}

// Request is what a browser asked for.
type Request struct {
	Expires int64            `cbor:"1,keyasint"`
	Address address.Address  `cbor:"2,keyasint"`
	Typed   string           `cbor:"3,keyasint"`
	Origin  string           `cbor:"4,keyasint"`
	To      string           `cbor:"5,keyasint"`
	Asked   int64            `cbor:"6,keyasint"`
	Device  Device           `cbor:"7,keyasint,omitzero"`
	Tries   int              `cbor:"8,keyasint,omitempty"`
	Links   []signin.LinkKey `cbor:"9,keyasint,omitempty"`
	Tried   session.Key      `cbor:"10,keyasint,omitzero"` // the session that the last wrong try would have made
}

// Session is a session.Record.
type Session struct {
	Expires  int64           `cbor:"1,keyasint"`
	Address  address.Address `cbor:"2,keyasint"`
	Scope    string          `cbor:"3,keyasint"`
	SignedIn int64           `cbor:"4,keyasint"`
	Seen     int64           `cbor:"5,keyasint"`
	Device   Device          `cbor:"6,keyasint,omitzero"`
	Standing *Standing       `cbor:"7,keyasint,omitempty"` // nil for none
	Method   session.Method  `cbor:"8,keyasint,omitempty"`
	Parent   session.Key     `cbor:"9,keyasint,omitzero"`
	Used     int64           `cbor:"10,keyasint,omitempty"` // with Parent
	Subject  people.Subject  `cbor:"11,keyasint,omitzero"`
	Passkey  string          `cbor:"12,keyasint,omitempty"`
}

// Millis is a time as records have it.
func Millis(t time.Time) int64 { return t.UnixMilli() }

// Time is a time that Millis made.
func Time(ms int64) time.Time { return time.UnixMilli(ms) }

// PackLink makes the record of the link that an asking gets.
func PackLink(a *signin.Asking) Link {
	r := a.Request
	return Link{
		Browser: a.Browser, Expires: Millis(r.Expires), Address: r.Address, Origin: r.Origin, To: r.To, Asked: Millis(r.Asked),
		Code: a.Code, Policy: a.Policy, Device: Device(r.Device),
	}
}

// Request is what the link was asked for with.
func (l Link) Request() signin.Request {
	return signin.Request{
		Address: l.Address, Origin: l.Origin, To: l.To, Asked: Time(l.Asked), Expires: Time(l.Expires), Device: session.Device(l.Device),
		Invitation: l.Invitation,
	}
}

// PackRequest makes the record of a request without tries and links.
func PackRequest(r signin.Request) Request {
	return Request{
		Address: r.Address, Typed: r.Typed, Origin: r.Origin, To: r.To, Asked: Millis(r.Asked), Expires: Millis(r.Expires), Device: Device(r.Device),
	}
}

// Unpack is the request that the record is of.
func (r Request) Unpack() signin.Request {
	return signin.Request{
		Address: r.Address, Typed: r.Typed, Origin: r.Origin, To: r.To, Asked: Time(r.Asked), Expires: Time(r.Expires),
		Device: session.Device(r.Device), Tries: r.Tries,
	}
}

// PackSession makes the record of a session.
func PackSession(r session.Record) Session {
	return Session{
		Address: r.Address, Scope: r.Scope, SignedIn: Millis(r.SignedIn), Seen: Millis(r.Seen), Expires: Millis(r.Expires),
		Device: Device(r.Device), Standing: PackStanding(r.Standing), Method: r.Method, Parent: r.Parent, Subject: r.Subject,
		Passkey: r.Passkey,
	}
}

// Unpack is the session that the record is of.
func (r Session) Unpack() session.Record {
	return session.Record{
		Address: r.Address, Scope: r.Scope, SignedIn: Time(r.SignedIn), Seen: Time(r.Seen), Expires: Time(r.Expires),
		Device: session.Device(r.Device), Standing: r.Standing.Unpack(), Method: r.Method, Parent: r.Parent, Used: usedAt(r.Used), Subject: r.Subject,
		Passkey: r.Passkey,
	}
}

// usedAt is a time of use, zero for that of a session that did not come of another.
func usedAt(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return Time(ms)
}
