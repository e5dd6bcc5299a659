package codec

import "github.com/fxamacker/cbor/v2"

var (
	encoding = must(cbor.CoreDetEncOptions().EncMode())
	// Text may come from browsers and mail servers. What they got wrong is not
	// to make a record one that cannot be read.
	decoding = must(cbor.DecOptions{UTF8: cbor.UTF8DecodeInvalid}.DecMode())
)

// must is for options that are right or wrong once and for all.
func must[M any](mode M, err error) M {
	if err != nil {
		panic(err)
	}
	return mode
}

// Encode writes a record, the same one always alike.
func Encode(record any) ([]byte, error) { return encoding.Marshal(record) }

// Decode reads a record into what it is of. What is missing is left as it is,
// and what is not known is passed over.
func Decode(encoded []byte, into any) error { return decoding.Unmarshal(encoded, into) }

// End is when a record ends, in whatever it is a record of; 0 if it does not
// say so.
func End(encoded []byte) (ms int64, err error) {
	var ending struct {
		Expires int64 `cbor:"1,keyasint"`
	}
	err = Decode(encoded, &ending)
	return ending.Expires, err
}
