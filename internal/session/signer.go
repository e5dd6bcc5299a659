package session

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/keys"
	"github.com/gorilla/securecookie"
)

// Signer signs short values that a browser keeps for us, and later checks that they are
// ours and not too old.
type Signer struct{ codecs []securecookie.Codec }

// NewSigner makes a signer for a purpose. What it signed is good for maxAge.
func NewSigner(ring keys.Ring, purpose keys.Purpose, maxAge time.Duration) Signer {
	var s Signer
	for _, key := range ring.For(purpose) {
		codec := securecookie.New(key, nil)
		codec.SetSerializer(securecookie.NopEncoder{})
		codec.MaxAge(max(int(maxAge/time.Second), 1)) // 0 would switch the check off
		s.codecs = append(s.codecs, codec)
	}
	return s
}

// Sign signs a value under a name, which is part of what is signed.
func (s Signer) Sign(name string, value []byte) (string, error) {
	return securecookie.EncodeMulti(name, value, s.codecs...)
}

// Open returns the value that was signed under the name; ok is false for
// anything else. One value can have several spellings, see Cookie.Read.
func (s Signer) Open(name, signed string) (value []byte, ok bool) {
	for _, codec := range s.codecs { // DecodeMulti would collect errors that nobody reads
		if codec.Decode(name, signed, &value) == nil {
			return value, true
		}
	}
	return nil, false
}
