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
