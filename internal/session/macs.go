package session

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"runtime"

	"github.com/doorpost-auth/doorpost/internal/keys"
)

// macs turn forgeries away before securecookie sees them. It checks all there is
// to check of what is left, the MAC once more included, but makes a keyed hash for
// each value that it looks at: 800 bytes of garbage, which made a request with a
// forged cookie a fifth dearer than one without. These hashes are used again.
type macs struct {
	prefix string       // of what is signed: the name, and a stroke
	hashes []idleHashes // for each secret
}

type keyedHash struct {
	hash.Hash
	input, sum []byte
}

// idleHashes are those of a secret that nobody uses just now.
type idleHashes struct {
	key  []byte
	idle chan *keyedHash
}

func (i idleHashes) take() *keyedHash {
	select {
	case h := <-i.idle:
		return h
	default:
		return &keyedHash{Hash: hmac.New(sha256.New, i.key)}
	}
}

func (i idleHashes) giveBack(h *keyedHash) {
	select {
	case i.idle <- h:
	default: // there are enough
	}
}

// newMACs makes macs for values that a signer of the same ring and purpose signs
// under a name.
func newMACs(ring keys.Ring, purpose keys.Purpose, name string) macs {
	m := macs{prefix: name + "|"}
	for _, key := range ring.For(purpose) {
		m.hashes = append(m.hashes, idleHashes{key, make(chan *keyedHash, runtime.GOMAXPROCS(0))})
	}
	return m
}

// made tells whether one of the secrets made the MAC at the end of what was
// signed, after a stroke.
func (m macs) made(signed []byte) bool {
	end := len(signed) - sha256.Size
	for _, hashes := range m.hashes {
		h := hashes.take()
		h.input = append(append(h.input[:0], m.prefix...), signed[:end-1]...)
		h.Reset()
		h.Write(h.input) // a hash takes everything
		h.sum = h.Sum(h.sum[:0])
		ok := hmac.Equal(h.sum, signed[end:])
		hashes.giveBack(h)
		if ok {
			return true
		}
	}
	return false
}
