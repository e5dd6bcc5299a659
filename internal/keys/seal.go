package keys

import (
	"crypto/aes"
	"crypto/cipher"
)

// Sealer seals what a store keeps, so that nobody who reads the store, or a copy of it,
// learns it. It is safe for concurrent use.
type Sealer struct{ ciphers []cipher.AEAD }

// Sealer makes a sealer for a purpose. The first secret of the ring seals, all open.
func (r Ring) Sealer(purpose Purpose) Sealer {
	var s Sealer
	for _, key := range r.For(purpose) {
		block, err := aes.NewCipher(key)
		if err != nil {
			panic("sealing: " + err.Error()) // of a key that has the wrong length, which ours have not
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			panic("sealing: " + err.Error())
		}
		s.ciphers = append(s.ciphers, aead)
	}
	return s
}

// Seal returns content so that only Open with the same secret, and with what it belongs
// to, reads it: AES-256-GCM with a random nonce (NIST SP 800-38D).
func (s Sealer) Seal(content []byte, belongsTo string) []byte {
	return s.ciphers[0].Seal(nil, nil, content, []byte(belongsTo))
}

// Open returns what Seal was given. It is false for what was sealed with another secret or
// belongs to something else, and for what was changed.
func (s Sealer) Open(sealed []byte, belongsTo string) (content []byte, ok bool) {
	for _, aead := range s.ciphers {
		if content, err := aead.Open(nil, nil, sealed, []byte(belongsTo)); err == nil {
			return content, true
		}
	}
	return nil, false
}
