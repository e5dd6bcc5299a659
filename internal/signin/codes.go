package signin

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

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

// maxTyped is how much is read of what was typed, in bytes: a code with the sentence
// of a message around it.
const maxTyped = 512

// boundCode, shownCode, bareCode and halfCode find a code in what was typed: in the last line
// of a message, the name of whose host may look like a code, and in a sentence.
var (
	boundCode = regexp.MustCompile(`@\S+ #([A-HJKM-NP-Z2-9]{4}-[A-HJKM-NP-Z2-9]{4})\s*$`)
	shownCode = regexp.MustCompile(`\b[A-HJKM-NP-Z2-9]{4}-[A-HJKM-NP-Z2-9]{4}\b`)
	bareCode  = regexp.MustCompile(`\b[A-HJKM-NP-Z2-9]{8}\b`)
	halfCode  = regexp.MustCompile(`\b[A-HJKM-NP-Z2-9]{4}\b`)
)

// plainCode is a code as typed or pasted without what does not count: case, form of
// letters, spaces, dashes, quotation marks, and the words around the only code of a
// sentence. It is false for what cannot be a code.
func plainCode(typed string) (string, bool) {
	if len(typed) > maxTyped {
		return "", false
	}
	sentence := strings.ToUpper(strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Cf, r):
			return -1
		case unicode.Is(unicode.Pd, r):
			return '-'
		}
		return r
	}, norm.NFKC.String(typed)))
	plain := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, sentence)
	if len(plain) == codeLength && strings.Trim(plain, codeAlphabet) == "" {
		return plain, true
	}
	if bound := boundCode.FindStringSubmatch(sentence); bound != nil {
		return strings.ReplaceAll(bound[1], "-", ""), true
	}
	for _, form := range []*regexp.Regexp{shownCode, bareCode} {
		if found := form.FindAllString(sentence, 2); len(found) == 1 {
			return strings.ReplaceAll(found[0], "-", ""), true
		}
	}
	return spacedCode(sentence)
}

// spacedCode finds the only code of a sentence whose halves have a space between them. One
// without a digit may be two words.
func spacedCode(sentence string) (code string, ok bool) {
	halves := halfCode.FindAllStringIndex(sentence, -1)
	for i := 1; i < len(halves); i++ {
		first, second := halves[i-1], halves[i]
		both := sentence[first[0]:first[1]] + sentence[second[0]:second[1]]
		if strings.TrimSpace(sentence[first[1]:second[0]]) != "" || !strings.ContainsAny(both, "23456789") {
			continue
		}
		if code != "" {
			return "", false
		}
		code = both
	}
	return code, code != ""
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
