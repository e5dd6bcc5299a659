package txstore

import (
	"fmt"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/store/record"
)

// counterRecord is a count with the time from which nobody needs it.
type counterRecord struct {
	Expires int64  `cbor:"1,keyasint"`
	Count   []byte `cbor:"2,keyasint"`
}

// load reads a record; found is false if there is none.
func load[R any](tx Tx, b Bucket, key []byte) (value R, found bool, err error) {
	raw := tx.Get(b, key)
	if raw == nil {
		return value, false, nil
	}
	value, err = decode[R](b, raw)
	return value, err == nil, err
}

// decode reads a record that is there. One that cannot be read is an error and
// not a missing one: what was used up must not look as if it had never been.
func decode[R any](b Bucket, raw []byte) (value R, err error) {
	if err := record.Decode(raw, &value); err != nil {
		return value, fmt.Errorf("reading a record of %s: %w", b, err)
	}
	return value, nil
}

func save(tx Tx, b Bucket, key []byte, value any) error {
	raw, err := record.Encode(value)
	if err != nil {
		return fmt.Errorf("writing a record of %s: %w", b, err)
	}
	return tx.Put(b, key, raw)
}

// under joins an address and a key to one that lies with the others of that
// address. No address has a NUL.
func under(a address.Address, key []byte) []byte {
	joined := make([]byte, 0, len(a)+1+len(key))
	joined = append(joined, a...)
	joined = append(joined, 0)
	return append(joined, key...)
}
