package codec

import (
	"net/netip"
	"slices"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/token"
)

// Token is a token.Record without the standing of its owner.
type Token struct {
	Name        string          `cbor:"2,keyasint"`
	Owner       address.Address `cbor:"3,keyasint,omitempty"`
	Sites       []string        `cbor:"4,keyasint"`
	Paths       []string        `cbor:"5,keyasint,omitempty"`
	Methods     []string        `cbor:"6,keyasint,omitempty"`
	Networks    []string        `cbor:"7,keyasint,omitempty"`
	Groups      []string        `cbor:"8,keyasint,omitempty"`
	Made        int64           `cbor:"9,keyasint"`
	Expires     int64           `cbor:"10,keyasint,omitempty"` // 0: never
	Sum         token.Sum       `cbor:"11,keyasint"`
	Former      token.Sum       `cbor:"12,keyasint,omitzero"`
	FormerUntil int64           `cbor:"13,keyasint,omitempty"`
	Used        int64           `cbor:"14,keyasint,omitempty"`
	UsedFrom    []string        `cbor:"15,keyasint,omitempty"`
	Rotated     int64           `cbor:"16,keyasint,omitempty"`
}

// PackToken makes the record of a token.
func PackToken(r token.Record) Token {
	packed := Token{
		Name: r.Name, Owner: r.Owner, Sites: r.Sites, Paths: r.Paths, Methods: r.Methods, Groups: r.Groups,
		Made: Millis(r.Made), Expires: someMillis(r.Expires), Sum: r.Sum, Former: r.Former, FormerUntil: someMillis(r.FormerUntil),
		Used: someMillis(r.Used), UsedFrom: r.UsedFrom, Rotated: someMillis(r.Rotated),
	}
	for _, n := range r.Networks {
		packed.Networks = append(packed.Networks, n.String())
	}
	return packed
}

// Unpack is the token that the record is of, with the standing of its owner.
func (t Token) Unpack(id token.ID, standing *people.Standing) (token.Record, error) {
	r := token.Record{
		Token: token.Token{
			ID: id, Name: t.Name, Owner: t.Owner, Sites: t.Sites, Paths: t.Paths, Methods: t.Methods, Groups: t.Groups,
			Made: Time(t.Made), Expires: someTime(t.Expires),
		},
		Sum: t.Sum, Former: t.Former, FormerUntil: someTime(t.FormerUntil), Used: someTime(t.Used), UsedFrom: t.UsedFrom, Rotated: someTime(t.Rotated), Standing: standing,
	}
	for _, written := range t.Networks {
		n, err := netip.ParsePrefix(written)
		if err != nil {
			return r, err // without it the token would be good anywhere
		}
		r.Networks = append(r.Networks, n)
	}
	return r, nil
}

// Keys are the sessions that instances know the token by, one for each of its texts.
func (t Token) Keys() []session.Key {
	keys := []session.Key{session.TokenKey(t.Sum)}
	if t.Former != (token.Sum{}) {
		keys = append(keys, session.TokenKey(t.Former))
	}
	return keys
}

// Tokens are the ids of those of a person, the last one made last.
type Tokens struct {
	IDs []token.ID `cbor:"2,keyasint"`
}

// Drop removes an id.
func (t *Tokens) Drop(id token.ID) {
	t.IDs = slices.DeleteFunc(t.IDs, func(other token.ID) bool { return other == id })
}
