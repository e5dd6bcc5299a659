package signin

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/keys"
)

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

// IsCode reports whether what was typed can be a code at all, right or wrong.
func IsCode(typed string) bool {
	_, ok := plainCode(typed)
	return ok
}

// CodeKey is what the store knows of a code: a keyed hash over the code and
// the browser that may use it.
type CodeKey [16]byte

// codes makes the names of codes.
type codes struct{ secrets [][]byte }

func newCodes(ring keys.Ring) codes { return codes{ring.For(keys.Code)} }

// keys are the names under which the store may know a code that a browser
// typed, one for each secret of the operator; the first is for new ones.
func (c codes) keys(browser BrowserKey, plain string) []CodeKey {
	names := make([]CodeKey, len(c.secrets))
	for i, key := range c.secrets {
		mac := hmac.New(sha256.New, key)
		mac.Write(browser[:])
		mac.Write([]byte(plain))
		names[i] = CodeKey(mac.Sum(nil)[:len(CodeKey{})])
	}
	return names
}
