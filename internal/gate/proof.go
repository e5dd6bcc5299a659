package gate

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/session"
)

// Proof is what is asked of the proof by which somebody is signed in. The zero value takes
// any.
type Proof struct {
	Recent  time.Duration // how old it may be; 0: any age
	Passkey bool          // it is by a passkey
}

// Judge is Pass for a session whose proof is enough. For any other it says which one is
// asked for: NoPasskey or NotRecent.
func (p Proof) Judge(s *session.Session) Verdict {
	old := p.Recent > 0 && time.Since(s.SignedIn()) >= p.Recent
	switch {
	case p.Passkey && (old || !p.admits(s)):
		return NoPasskey
	case old:
		return NotRecent
	}
	return Pass
}

// admits reports whether the proof is of the right kind, however old it is.
func (p Proof) admits(s *session.Session) bool { return !p.Passkey || s.Method() == session.ByPasskey }

// With is what two blocks ask for together.
func (p Proof) With(other Proof) Proof {
	recent := min(p.Recent, other.Recent)
	if recent == 0 {
		recent = max(p.Recent, other.Recent)
	}
	return Proof{recent, p.Passkey || other.Passkey}
}
