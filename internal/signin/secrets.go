package signin

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"strings"

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

// CodeKey is what the store knows of a code: a keyed hash over the code and
// the browser that may use it.
type CodeKey [16]byte

// secrets makes and checks links and codes.
type secrets struct {
	link [][]byte
	code [][]byte
}

func newSecrets(ring keys.Ring) secrets {
	return secrets{link: ring.For(keys.LinkToken), code: ring.For(keys.Code)}
}

// newToken makes the token of a link to a site. The site is part of what is
// signed: at another the token is garbage.
func (s secrets) newToken(site string) (token string, key LinkKey) {
	raw := make([]byte, linkRandom, linkRandom+linkMAC)
	rand.Read(raw) // never fails, see crypto/rand
	raw = append(raw, linkTag(s.link[0], site, raw)...)
	return tokenEncoding.EncodeToString(raw), sha256.Sum256(raw)
}

// openToken checks a token without asking the store, so that garbage costs
// nothing but a hash.
func (s secrets) openToken(site, token string) (LinkKey, bool) {
	if len(token) != tokenLength {
		return LinkKey{}, false
	}
	raw, err := tokenEncoding.DecodeString(token)
	if err != nil || len(raw) != linkRandom+linkMAC { // line breaks are no error, and no bytes
		return LinkKey{}, false
	}
	for _, key := range s.link {
		if hmac.Equal(raw[linkRandom:], linkTag(key, site, raw[:linkRandom])) {
			return sha256.Sum256(raw), true
		}
	}
	return LinkKey{}, false
}

func linkTag(key []byte, site string, random []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(random)
	mac.Write([]byte(site))
	return mac.Sum(nil)[:linkMAC]
}

// codeAlphabet leaves out what is read as something else: 0 and O, 1, I and L.
const (
	codeAlphabet = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
	codeLength   = 8
)

// newCode makes a code of eight characters, about 39 bits, as it is shown:
// in two groups. Five tries at one of three live codes succeed once in
// 50 thousand million.
func newCode() string {
	code := make([]byte, 0, codeLength+1)
	for len(code) < codeLength {
		var random [2 * codeLength]byte
		rand.Read(random[:])
		for _, b := range random {
			// Bytes past the last full round of the alphabet would favour its start.
			if int(b) < 256/len(codeAlphabet)*len(codeAlphabet) && len(code) < codeLength {
				code = append(code, codeAlphabet[int(b)%len(codeAlphabet)])
			}
		}
	}
	return string(code[:codeLength/2]) + "-" + string(code[codeLength/2:])
}

// plainCode is a code as typed without what does not count: case, spaces,
// dashes. It is false for what cannot be a code.
func plainCode(typed string) (string, bool) {
	if len(typed) > 64 {
		return "", false
	}
	plain := strings.Map(func(r rune) rune {
		switch {
		case r == ' ', r == '-', r == '\t', r == '\u00a0', r == '\u2010', r == '\u2011', r == '\u2013', r == '\u2014':
			return -1
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		}
		return r
	}, strings.TrimSpace(typed))
	if len(plain) != codeLength || strings.Trim(plain, codeAlphabet) != "" {
		return "", false
	}
	return plain, true
}

// codeKeys are the names under which the store may know a code that a browser
// typed, one for each secret of the operator; the first is for new ones.
func (s secrets) codeKeys(browser BrowserKey, plain string) []CodeKey {
	names := make([]CodeKey, len(s.code))
	for i, key := range s.code {
		mac := hmac.New(sha256.New, key)
		mac.Write(browser[:])
		mac.Write([]byte(plain))
		names[i] = CodeKey(mac.Sum(nil)[:len(CodeKey{})])
	}
	return names
}
