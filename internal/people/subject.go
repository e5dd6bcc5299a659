package people

import (
	"crypto/rand"
	"encoding/hex"
)

// Subject is who a person is, whatever their address: it stays when that changes, and
// somebody who was removed and comes anew has another. It is random, so it says nothing.
// 96 bits are enough that no two people share one, and leave a session in memory as small
// as it was.
type Subject [12]byte

// NewSubject makes that of somebody who is new.
func NewSubject() Subject {
	var s Subject
	rand.Read(s[:]) // never fails, see crypto/rand
	return s
}

// IsZero reports whether it is nobody's.
func (s Subject) IsZero() bool { return s == Subject{} }

// String is the subject in hex: some apps compare names without regard to case.
func (s Subject) String() string { return hex.EncodeToString(s[:]) }
