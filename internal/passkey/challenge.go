package passkey

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/signin"
)

// purpose is what a challenge is good for, and for whom. It is part of what is signed: for
// another purpose, person or browser the challenge is garbage.
type purpose string

// toSignIn is in one browser, which need not have asked for anything before.
func toSignIn(p Party, browser signin.Browser) purpose {
	key := browser.Key()
	return purposeOf("use", p, hex.EncodeToString(key[:]))
}

// toMake is in one session of a person.
func toMake(p Party, m signin.Member) purpose {
	return purposeOf("make", p, m.Session.String()+" "+string(m.Address))
}

// purposeOf joins what has no line break.
func purposeOf(what string, p Party, whom string) purpose {
	return purpose(strings.Join([]string{what, p.Origin, p.ID, whom}, "\n"))
}

// newChallenge is a signed challenge, with whatever is to come back with it.
func (s *Service) newChallenge(of purpose, carried []byte) ([]byte, error) {
	var nonce Nonce
	rand.Read(nonce[:]) // never fails, see crypto/rand
	signed, err := s.signer.Sign(string(of), append(nonce[:], carried...))
	return []byte(signed), err
}

// openChallenge reads the challenge that came back with an answer, in the form that client
// data have it. ok is false for one that is not ours, for something else, or too old.
func (s *Service) openChallenge(of purpose, answered string, now time.Time) (c Challenge, carried []byte, ok bool) {
	signed, err := base64.RawURLEncoding.DecodeString(answered)
	if err != nil {
		return c, nil, false
	}
	raw, ok := s.signer.Open(string(of), string(signed))
	if !ok || len(raw) < len(c.Nonce) {
		return c, nil, false
	}
	c.Nonce, carried = Nonce(raw[:len(c.Nonce)]), raw[len(c.Nonce):]
	c.Until = now.Add(2 * ChallengeLife) // clocks of instances differ a little
	return c, carried, true
}
