package outbox

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"

	"github.com/doorpost-auth/doorpost/internal/keys"
)

// Sealer seals what messages say, so that nobody who reads the store, or a
// copy of it, can sign in with what waits there. It is safe for concurrent use.
type Sealer struct{ ciphers []cipher.AEAD }

// NewSealer makes a sealer. The first secret of the ring seals, all open.
func NewSealer(ring keys.Ring) Sealer {
	var s Sealer
	for _, key := range ring.For(keys.Outbox) {
		block, err := aes.NewCipher(key)
		if err != nil {
			panic("sealing messages: " + err.Error()) // of a key that has the wrong length, which ours have not
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			panic("sealing messages: " + err.Error())
		}
		s.ciphers = append(s.ciphers, aead)
	}
	return s
}

// Seal returns content so that only Open with the same secret and for the same
// message reads it: AES-256-GCM with a random nonce (NIST SP 800-38D).
func (s Sealer) Seal(m Message, content []byte) []byte {
	return s.ciphers[0].Seal(nil, nil, content, belongsTo(m))
}

// Open returns what Seal was given.
func (s Sealer) Open(m Message) ([]byte, error) {
	for _, aead := range s.ciphers {
		if content, err := aead.Open(nil, nil, m.Sealed, belongsTo(m)); err == nil {
			return content, nil
		}
	}
	return nil, errors.New("opening a message: it was not sealed with any of the secrets in force, or was changed; keep an old secret in the list until its links have ended")
}

// belongsTo is what a sealed content is bound to: moved to another message, or
// to another address, it cannot be opened.
func belongsTo(m Message) []byte {
	return []byte(m.ID + "\x00" + string(m.Kind) + "\x00" + string(m.To) + "\x00" + m.Origin)
}
