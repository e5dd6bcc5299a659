package signin

import (
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/keys"
)

func newTestSecrets(t testing.TB, secrets ...[]byte) secrets {
	t.Helper()
	if len(secrets) == 0 {
		secrets = [][]byte{keys.Generate()}
	}
	ring, err := keys.NewRing(secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return newSecrets(ring)
}

const testSite = "https://app.example.com"

func TestATokenIsGenuineAtItsSiteInItsOneSpelling(t *testing.T) {
	s := newTestSecrets(t)
	token, key := s.newToken(testSite)
	if got, ok := s.openToken(testSite, token); !ok || got != key {
		t.Fatalf("the token is not genuine: %v", ok)
	}
	if _, ok := s.openToken("https://other.example.com", token); ok {
		t.Error("the token is genuine at another site")
	}
	for i := range len(token) {
		for _, c := range "a2z7A-= " {
			variant := token[:i] + string(c) + token[i+1:]
			if variant == token {
				continue
			}
			if _, ok := s.openToken(testSite, variant); ok {
				t.Fatalf("a token with character %d changed is genuine", i)
			}
		}
	}
	for _, variant := range []string{"", token[1:], token + "a", token + token, strings.ToUpper(token), " " + token, strings.Repeat("a", 1<<16)} {
		if _, ok := s.openToken(testSite, variant); ok {
			t.Errorf("%.50q is genuine", variant)
		}
	}
}

func TestTokensOfAnOldSecretAreGenuineWhileItStands(t *testing.T) {
	old, fresh := keys.Generate(), keys.Generate()
	token, key := newTestSecrets(t, old).newToken(testSite)
	if got, ok := newTestSecrets(t, fresh, old).openToken(testSite, token); !ok || got != key {
		t.Error("a token of the second secret is not genuine")
	}
	if _, ok := newTestSecrets(t, fresh).openToken(testSite, token); ok {
		t.Error("a token of a secret that was dropped is genuine")
	}
}

func TestTokensHaveNoStructure(t *testing.T) {
	s := newTestSecrets(t)
	seen := make(map[string]bool)
	var counts [tokenLength]map[byte]int
	for i := range counts {
		counts[i] = make(map[byte]int)
	}
	const n = 20_000
	for range n {
		token, _ := s.newToken(testSite)
		if seen[token] || len(token) != tokenLength {
			t.Fatalf("token %q repeats or has the wrong length", token)
		}
		seen[token] = true
		for i := range len(token) {
			counts[i][token[i]]++
		}
	}
	for i, count := range counts {
		if len(count) != 32 {
			t.Errorf("character %d takes %d values of 32", i, len(count))
		}
		for c, times := range count {
			if times < n/32/2 || times > n/32*2 {
				t.Errorf("character %d is %q in %d of %d tokens", i, c, times, n)
			}
		}
	}
}

func TestACodeIsReadInEverySpellingThatPeopleType(t *testing.T) {
	code := newCode()
	plain := strings.ReplaceAll(code, "-", "")
	for _, typed := range []string{code, plain, strings.ToLower(code), " " + code + "\n", plain[:2] + " " + plain[2:6] + " " + plain[6:], plain[:4] + "\u2013" + plain[4:], plain[:4] + "\u00a0" + plain[4:]} {
		if got, ok := plainCode(typed); !ok || got != plain {
			t.Errorf("plainCode(%q) = %q, %v", typed, got, ok)
		}
	}
	for _, typed := range []string{"", plain[1:], plain + "A", "ABCD-234O", "ABCD-2341", "ABCD_2345", strings.Repeat("-", 100) + plain, "ＡBCD2345"} {
		if got, ok := plainCode(typed); ok {
			t.Errorf("plainCode(%q) = %q", typed, got)
		}
	}
}

func TestCodesUseTheWholeAlphabetEvenly(t *testing.T) {
	count := make(map[rune]int)
	const n = 20_000
	for range n {
		for _, c := range strings.ReplaceAll(newCode(), "-", "") {
			count[c]++
		}
	}
	even := n * codeLength / len(codeAlphabet)
	for _, c := range codeAlphabet {
		if count[c] < even*9/10 || count[c] > even*11/10 {
			t.Errorf("%q was used %d times, about %d would be even", c, count[c], even)
		}
	}
	if len(count) != len(codeAlphabet) {
		t.Errorf("%d characters were used of %d", len(count), len(codeAlphabet))
	}
}

func TestACodeBelongsToABrowser(t *testing.T) {
	s := newTestSecrets(t)
	a, b := NewBrowser().Key(), NewBrowser().Key()
	if s.codeKeys(a, "ABCD2345")[0] == s.codeKeys(b, "ABCD2345")[0] {
		t.Error("one code has the same key for two browsers")
	}
}

func FuzzOpenTokenTakesNothingThatWasNotMade(f *testing.F) {
	s := newTestSecrets(f)
	f.Add(strings.Repeat("a", tokenLength))
	f.Fuzz(func(t *testing.T, token string) {
		if _, ok := s.openToken(testSite, token); ok {
			t.Fatalf("%q is genuine", token)
		}
	})
}
