package outbox

import (
	"errors"

	"github.com/doorpost-auth/doorpost/internal/keys"
)

// Sealer seals what messages say, so that nobody who reads the store, or a
// copy of it, can sign in with what waits there. It is safe for concurrent use.
type Sealer struct{ sealer keys.Sealer }

// NewSealer makes a sealer. The first secret of the ring seals, all open.
func NewSealer(ring keys.Ring) Sealer { return Sealer{ring.Sealer(keys.Outbox)} }

// Seal returns content so that only Open with the same secret and for the same
// message reads it.
func (s Sealer) Seal(m Message, content []byte) []byte {
	return s.sealer.Seal(content, belongsTo(m))
}

// Open returns what Seal was given.
func (s Sealer) Open(m Message) ([]byte, error) {
	content, ok := s.sealer.Open(m.Sealed, belongsTo(m))
	if !ok {
		return nil, errors.New("opening a message: it was not sealed with any of the secrets in force, or was changed; keep an old secret in the list until its links have ended")
	}
	return content, nil
}

// belongsTo is what a sealed content is bound to: moved to another message, or
// to another address, it cannot be opened.
func belongsTo(m Message) string {
	return m.ID + "\x00" + string(m.Kind) + "\x00" + string(m.To) + "\x00" + m.Origin
}
