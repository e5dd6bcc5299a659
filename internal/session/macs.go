package session

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"sync"

	"github.com/doorpost-auth/doorpost/internal/keys"
)

// macs turn forgeries away before securecookie sees them. It checks all there is
// to check of what is left, the MAC once more included, but makes a keyed hash for
// each value that it looks at: 800 bytes of garbage, which made a request with a
// forged cookie a fifth dearer than one without. These hashes are used again.
type macs struct {
	prefix string       // of what is signed: the name, and a stroke
	hashes []*sync.Pool // of *keyedHash, for each secret
}

type keyedHash struct {
	hash.Hash
	input, sum []byte
}

// newMACs makes macs for values that a signer of the same ring and purpose signs
// under a name.
func newMACs(ring keys.Ring, purpose keys.Purpose, name string) macs {
	m := macs{prefix: name + "|"}
	for _, key := range ring.For(purpose) {
		m.hashes = append(m.hashes, &sync.Pool{New: func() any { return &keyedHash{Hash: hmac.New(sha256.New, key)} }})
	}
	return m
}

// made tells whether one of the secrets made the MAC at the end of what was
// signed, after a stroke.
func (m macs) made(signed []byte) bool {
	end := len(signed) - sha256.Size
	for _, pool := range m.hashes {
		h := pool.Get().(*keyedHash)
		h.input = append(append(h.input[:0], m.prefix...), signed[:end-1]...)
		h.Reset()
		h.Write(h.input) // a hash takes everything
		h.sum = h.Sum(h.sum[:0])
		ok := hmac.Equal(h.sum, signed[end:])
		pool.Put(h)
		if ok {
			return true
		}
	}
	return false
}
