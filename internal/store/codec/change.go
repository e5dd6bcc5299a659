package codec

import (
	"github.com/doorpost-auth/doorpost/internal/account"
	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// Change is an account.Change with its codes, under the session that proposed it.
type Change struct {
	Expires int64           `cbor:"1,keyasint"`
	Kind    account.Kind    `cbor:"2,keyasint"`
	Person  address.Address `cbor:"3,keyasint"`
	Address address.Address `cbor:"4,keyasint,omitempty"`
	Code    signin.CodeKey  `cbor:"5,keyasint,omitzero"` // none if none is asked for
	NewCode signin.CodeKey  `cbor:"6,keyasint,omitzero"`
	Tries   int             `cbor:"7,keyasint,omitempty"`

	Confirmed bool `cbor:"8,keyasint,omitempty"`
}

// PackChange makes the record of a proposal.
func PackChange(p account.Proposal) Change {
	c := Change{Expires: Millis(p.Change.Expires), Kind: p.Change.Kind, Person: p.Change.Person, Address: p.Change.Address}
	if p.Change.Present {
		c.Code = p.Code
	}
	if p.Change.New() {
		c.NewCode = p.NewCode
	}
	return c
}

// Unpack is the change that the record is of.
func (c Change) Unpack() account.Change {
	return account.Change{
		Kind: c.Kind, Person: c.Person, Address: c.Address, Present: c.Code != (signin.CodeKey{}), Expires: Time(c.Expires), Tries: c.Tries, Confirmed: c.Confirmed,
	}
}
