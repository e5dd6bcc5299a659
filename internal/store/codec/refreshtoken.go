package codec

// RefreshToken is the latest one of a grant.
type RefreshToken struct {
	Sealed []byte `cbor:"2,keyasint"`
}
