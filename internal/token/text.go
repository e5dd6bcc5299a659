// Package token knows the tokens of programs: what they look like, what they are good for,
// and for how long.
//
// A token is a secret that a program sends with each request in place of a session. Those
// of services are made by operators; people make tokens of their own, which apps call app
// passwords.
package token

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"hash/crc32"
	"math/big"
	"net/url"
	"strings"
)

// What tokens begin with: those of services and those of people. Nobody else's secrets
// begin so, which is how scanners find them where they do not belong.
const (
	servicePrefix  = "dpst_"
	personalPrefix = "dpat_"
)

// Lengths in characters. Behind the prefix come the id, the secret (128 bits) and a CRC-32
// (IEEE) of all that stands before it, each in base62.
const (
	prefixLength   = len(servicePrefix)
	idLength       = 11 // 64 bits
	secretLength   = 22
	checksumLength = 6
	textLength     = prefixLength + idLength + secretLength + checksumLength
)

// ID names a token to people and in the store. It is no secret: nobody can enter with it.
type ID string

// Sum is what the store knows of a token's text: its SHA-256.
type Sum [sha256.Size]byte

// SumOf is the sum of a text. It is made for each request, and takes no memory of the heap.
func SumOf(text string) Sum { return sha256.Sum256(append(make([]byte, 0, textLength), text...)) }

// NewID makes the id of a new token.
func NewID() ID { return ID(digits(8, idLength)) }

// NewText makes a text for a token: one that the id had before is another. personal says
// that it is a person's.
func NewText(id ID, personal bool) string {
	prefix := servicePrefix
	if personal {
		prefix = personalPrefix
	}
	text := prefix + string(id) + digits(16, secretLength)
	return text + checksum(text)
}

// digits are random bytes in base62.
func digits(bytes, length int) string {
	raw := make([]byte, bytes)
	rand.Read(raw) // never fails, see crypto/rand
	return base62(new(big.Int).SetBytes(raw), length)
}

// base62 has the digits 0-9, A-Z, a-z, in this order.
func base62(n *big.Int, length int) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	written, base, digit := make([]byte, length), big.NewInt(int64(len(digits))), new(big.Int)
	n = new(big.Int).Set(n)
	for i := range written {
		n.DivMod(n, base, digit)
		written[length-1-i] = digits[digit.Int64()]
	}
	return string(written)
}

func checksum(text string) string {
	return base62(big.NewInt(int64(crc32.ChecksumIEEE([]byte(text)))), checksumLength)
}

// IsText reports whether a credential is meant to be one of our tokens: whatever begins as
// they do.
func IsText(credential string) bool {
	return strings.HasPrefix(credential, servicePrefix) || strings.HasPrefix(credential, personalPrefix)
}

// Parse reads the id in a text. ok is false for one that was mistyped or cut short: its
// checksum is wrong, and no store needs to be asked.
func Parse(text string) (id ID, ok bool) {
	if len(text) != textLength || !IsText(text) {
		return "", false
	}
	body := text[:textLength-checksumLength]
	if checksum(body) != text[len(body):] {
		return "", false
	}
	id, ok = ParseID(text[prefixLength : prefixLength+idLength])
	return id, ok && isBase62(text[prefixLength:])
}

// ParseID reads an id as NewID makes them.
func ParseID(s string) (ID, bool) { return ID(s), len(s) == idLength && isBase62(s) }

func isBase62(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case '0' <= c && c <= '9', 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z':
		default:
			return false
		}
	}
	return true
}

// Count counts the tokens in a text, whole or not: nowhere else in one are a prefix's characters.
func Count(s string) int {
	return strings.Count(s, servicePrefix) + strings.Count(s, personalPrefix)
}

// FindInURL finds one of our tokens in a URL, however it is encoded; empty for none.
func FindInURL(u *url.URL) string {
	if text := cmp.Or(Find(u.Path), Find(u.RawQuery)); text != "" {
		return text
	}
	if u.User != nil {
		if text := Find(u.User.String()); text != "" {
			return text
		}
	}
	if len(u.RawQuery) < textLength || !strings.Contains(u.RawQuery, "%") {
		return ""
	}
	decoded, err := url.QueryUnescape(u.RawQuery)
	if err != nil {
		return ""
	}
	return Find(decoded)
}

// Find finds one of our tokens in a longer text; empty for none. What begins as one and has
// another checksum is none.
func Find(s string) string {
	if len(s) < textLength { // as most paths and queries are
		return ""
	}
	for _, prefix := range [...]string{servicePrefix, personalPrefix} {
		for rest := s; ; {
			at := strings.Index(rest, prefix)
			if at < 0 {
				break
			}
			if rest = rest[at:]; len(rest) >= textLength {
				if _, ok := Parse(rest[:textLength]); ok {
					return rest[:textLength]
				}
			}
			rest = rest[len(prefix):]
		}
	}
	return ""
}
