package codec

import (
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/entry"
)

// Application is an entry.Application with the links by which its owners decide.
type Application struct {
	Expires  int64           `cbor:"1,keyasint"` // forgotten then
	ID       string          `cbor:"2,keyasint"`
	Address  address.Address `cbor:"3,keyasint"`
	Site     string          `cbor:"4,keyasint"`
	Granted  string          `cbor:"5,keyasint"`
	Words    string          `cbor:"6,keyasint,omitempty"`
	Asked    int64           `cbor:"7,keyasint"`
	Device   *Device         `cbor:"8,keyasint,omitempty"`
	Decision entry.Decision  `cbor:"9,keyasint,omitempty"`
	Until    int64           `cbor:"10,keyasint,omitempty"`
	By       address.Address `cbor:"11,keyasint,omitempty"`
	Decided  int64           `cbor:"12,keyasint,omitempty"`
	Owners   [][]byte        `cbor:"13,keyasint,omitempty"`
}

// PackApplication makes the record of an application of which no owner was told.
func PackApplication(a entry.Application) Application {
	return Application{
		Expires: Millis(a.Asked.Add(entry.Kept)),
		ID:      a.ID, Address: a.Address, Site: a.Site, Granted: a.Granted, Words: a.Words, Asked: Millis(a.Asked), Device: packDevice(a.Device),
		Decision: a.Decision, Until: someMillis(a.Until), By: a.By, Decided: someMillis(a.Decided),
	}
}

// Unpack is the application that the record is of.
func (a Application) Unpack() entry.Application {
	return entry.Application{
		ID: a.ID, Address: a.Address, Site: a.Site, Granted: a.Granted, Words: a.Words, Asked: Time(a.Asked), Device: a.Device.unpack(),
		Decision: a.Decision, Until: someTime(a.Until), By: a.By, Decided: someTime(a.Decided),
	}
}

// Listed is an application in the list of all, the oldest first.
type Listed struct {
	Asked int64  `cbor:"1,keyasint"`
	ID    string `cbor:"2,keyasint"`
}
