package codec

import "github.com/doorpost-auth/doorpost/internal/assertion"

// SigningKeys are all assertion.Records, the oldest first.
type SigningKeys []SigningKey

// SigningKey is an assertion.Record.
type SigningKey struct {
	ID     string `cbor:"1,keyasint"`
	Since  int64  `cbor:"2,keyasint"`
	Sealed []byte `cbor:"3,keyasint"`
}

// PackSigningKeys makes the record of keys.
func PackSigningKeys(kept []assertion.Record) (packed SigningKeys) {
	for _, k := range kept {
		packed = append(packed, SigningKey{ID: k.ID, Since: Millis(k.Since), Sealed: k.Sealed})
	}
	return packed
}

// Unpack are the keys that the record is of.
func (s SigningKeys) Unpack() (kept []assertion.Record) {
	for _, k := range s {
		kept = append(kept, assertion.Record{ID: k.ID, Since: Time(k.Since), Sealed: k.Sealed})
	}
	return kept
}
