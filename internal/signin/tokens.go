package signin

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"

	"github.com/doorpost-auth/doorpost/internal/keys"
)

// linkRandom and linkMAC are the parts of a link's token, in bytes. Together
// they fill 40 characters of base32 to the last bit, so that a token has one
// spelling.
const (
	linkRandom  = 16
	linkMAC     = 9
	tokenLength = (linkRandom + linkMAC) * 8 / 5
)

// tokenEncoding has letters and digits only: a mail program that makes links
// clickable leaves off a dash or a dot at the end.
var tokenEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// LinkKey is what the store knows of a link: the SHA-256 of its token.
type LinkKey [sha256.Size]byte

// Tokens makes and checks the tokens of links.
type Tokens struct{ keys [][]byte }

// NewTokens makes it from the operator's secrets: the first signs, all verify.
func NewTokens(ring keys.Ring) Tokens { return Tokens{ring.For(keys.LinkToken)} }

// New makes the token of a link to a site. Site and purpose are part of what is
// signed: at another the token is garbage.
func (t Tokens) New(site string, purpose Purpose) (token string, key LinkKey) {
	raw := make([]byte, linkRandom, linkRandom+linkMAC)
	rand.Read(raw) // never fails, see crypto/rand
	raw = append(raw, linkTag(t.keys[0], site, purpose, raw)...)
	return tokenEncoding.EncodeToString(raw), sha256.Sum256(raw)
}

// Open checks a token without asking the store, so that garbage costs nothing
// but a hash.
func (t Tokens) Open(site string, purpose Purpose, token string) (LinkKey, bool) {
	if len(token) != tokenLength {
		return LinkKey{}, false
	}
	raw, err := tokenEncoding.DecodeString(token)
	if err != nil || len(raw) != linkRandom+linkMAC { // line breaks are no error, and no bytes
		return LinkKey{}, false
	}
	for _, key := range t.keys {
		if hmac.Equal(raw[linkRandom:], linkTag(key, site, purpose, raw[:linkRandom])) {
			return sha256.Sum256(raw), true
		}
	}
	return LinkKey{}, false
}

// linkTag covers random bytes of one length, a site, which is an origin and has
// no NUL, and the purpose.
func linkTag(key []byte, site string, purpose Purpose, random []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(random)
	mac.Write([]byte(site))
	mac.Write([]byte("\x00" + purpose))
	return mac.Sum(nil)[:linkMAC]
}
