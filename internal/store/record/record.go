// Package record is the form in which stores keep what they keep: JSON with
// short names, so that a record that gains a field is still read by the version
// before. Times are Unix milliseconds. In Redis only messages are kept so; what
// else is there has a shorter form, see package redisstore.
package record

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// Device is a session.Device; nil for one of which nothing is known.
type Device struct {
	Browser string `json:"b,omitempty"`
	System  string `json:"o,omitempty"`
	Network string `json:"n,omitempty"`
}

// Link is one link with its code.
type Link struct {
	Used    bool            `json:"u,omitempty"` // all that is left of a used link is this, with Browser and Expires
	Browser []byte          `json:"r"`
	Expires int64           `json:"e"`
	Address address.Address `json:"a,omitempty"`
	Site    string          `json:"s,omitempty"`
	To      string          `json:"t,omitempty"`
	Asked   int64           `json:"q,omitempty"`
	Code    []byte          `json:"c,omitempty"`
	Policy  string          `json:"p,omitempty"`
	Device  *Device         `json:"d,omitempty"`
}

// Request is what a browser asked for.
type Request struct {
	Address address.Address `json:"a"`
	Typed   string          `json:"y"`
	Site    string          `json:"s"`
	To      string          `json:"t"`
	Asked   int64           `json:"q"`
	Expires int64           `json:"e"`
	Device  *Device         `json:"d,omitempty"`
	Tries   int             `json:"w,omitempty"`
	Links   [][]byte        `json:"l,omitempty"`
}

// Session is a session.Record.
type Session struct {
	Address  address.Address `json:"a"`
	Scope    string          `json:"s"`
	SignedIn int64           `json:"i"`
	Seen     int64           `json:"l"`
	Expires  int64           `json:"e"`
	Device   *Device         `json:"d,omitempty"`
}

// Person is somebody whose address was proven.
type Person struct {
	Created  int64    `json:"c"`
	Language string   `json:"g,omitempty"`
	Browsers [][]byte `json:"b,omitempty"` // familiar ones, the last one last
}

// Millis is a time as records have it.
func Millis(t time.Time) int64 { return t.UnixMilli() }

// Time is a time that Millis made.
func Time(ms int64) time.Time { return time.UnixMilli(ms) }

func packDevice(d session.Device) *Device {
	if d == (session.Device{}) {
		return nil
	}
	return &Device{Browser: d.Browser, System: d.System, Network: d.Network}
}

func (d *Device) unpack() session.Device {
	if d == nil {
		return session.Device{}
	}
	return session.Device{Browser: d.Browser, System: d.System, Network: d.Network}
}

// PackLink makes the record of the link that an asking gets.
func PackLink(a signin.Asking) Link {
	r := a.Request
	return Link{
		Browser: a.Browser[:], Expires: Millis(r.Expires), Address: r.Address, Site: r.Site, To: r.To, Asked: Millis(r.Asked),
		Code: a.Code[:], Policy: a.Policy, Device: packDevice(r.Device),
	}
}

// Request is what the link was asked for with.
func (l Link) Request() signin.Request {
	return signin.Request{
		Address: l.Address, Site: l.Site, To: l.To, Asked: Time(l.Asked), Expires: Time(l.Expires), Device: l.Device.unpack(),
	}
}

// PackRequest makes the record of a request without tries and links.
func PackRequest(r signin.Request) Request {
	return Request{
		Address: r.Address, Typed: r.Typed, Site: r.Site, To: r.To, Asked: Millis(r.Asked), Expires: Millis(r.Expires), Device: packDevice(r.Device),
	}
}

// Unpack is the request that the record is of.
func (r Request) Unpack() signin.Request {
	return signin.Request{
		Address: r.Address, Typed: r.Typed, Site: r.Site, To: r.To, Asked: Time(r.Asked), Expires: Time(r.Expires),
		Device: r.Device.unpack(), Tries: r.Tries,
	}
}

// PackSession makes the record of a session.
func PackSession(r session.Record) Session {
	return Session{
		Address: r.Address, Scope: r.Scope, SignedIn: Millis(r.SignedIn), Seen: Millis(r.Seen), Expires: Millis(r.Expires),
		Device: packDevice(r.Device),
	}
}

// Unpack is the session that the record is of.
func (r Session) Unpack() session.Record {
	return session.Record{
		Address: r.Address, Scope: r.Scope, SignedIn: Time(r.SignedIn), Seen: Time(r.Seen), Expires: Time(r.Expires),
		Device: r.Device.unpack(),
	}
}
