package codec

import (
	"github.com/doorpost-auth/doorpost/internal/access"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// AccessRequest is an access.Request with the links by which its owners decide.
type AccessRequest struct {
	Expires     int64            `cbor:"1,keyasint"` // forgotten then
	ID          string           `cbor:"2,keyasint"`
	Address     address.Address  `cbor:"3,keyasint"`
	Origin      string           `cbor:"4,keyasint"`
	GrantOrigin string           `cbor:"5,keyasint"`
	Words       string           `cbor:"6,keyasint,omitempty"`
	Asked       int64            `cbor:"7,keyasint"`
	Device      Device           `cbor:"8,keyasint,omitzero"`
	State       access.State     `cbor:"9,keyasint,omitempty"`
	Until       int64            `cbor:"10,keyasint,omitempty"`
	By          address.Address  `cbor:"11,keyasint,omitempty"`
	Decided     int64            `cbor:"12,keyasint,omitempty"`
	Owners      []signin.LinkKey `cbor:"13,keyasint,omitempty"`
}

// PackAccessRequest makes the record of a request that is open, of which no owner
// was told.
func PackAccessRequest(r access.Request) AccessRequest {
	return AccessRequest{
		Expires: Millis(r.Asked.Add(access.Kept)),
		ID:      r.ID, Address: r.Address, Origin: r.Origin, GrantOrigin: r.GrantOrigin, Words: r.Words, Asked: Millis(r.Asked), Device: Device(r.Device),
	}
}

// Decide notes what was decided.
func (r *AccessRequest) Decide(d access.Decision) {
	r.State, r.Until, r.By, r.Decided = d.State, someMillis(d.Until), d.By, Millis(d.Now)
}

// Unpack is the request that the record is of.
func (r AccessRequest) Unpack() access.Request {
	return access.Request{
		ID: r.ID, Address: r.Address, Origin: r.Origin, GrantOrigin: r.GrantOrigin, Words: r.Words, Asked: Time(r.Asked), Device: session.Device(r.Device),
		State: r.State, Until: someTime(r.Until), By: r.By, Decided: someTime(r.Decided),
	}
}

// Listed is an access request in the list of all, the oldest first.
type Listed struct {
	Asked int64  `cbor:"1,keyasint"`
	ID    string `cbor:"2,keyasint"`
}
