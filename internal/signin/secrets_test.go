package signin

import (
	"crypto/sha256"
	"regexp"
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
	for _, variant := range []string{"", token[1:], token + "a", token + token, strings.ToUpper(token), " " + token, strings.Repeat("a", 1<<16), token[1:] + "\n", token[:25] + strings.Repeat("\r\n", 7) + "\n", strings.Repeat("\n", tokenLength)} {
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
	const n = 100_000
	seen := make(map[string]bool, n)
	var counts [tokenLength][256]int
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
		for _, c := range "abcdefghijklmnopqrstuvwxyz234567" {
			if times := count[c]; times < n/32*8/10 || times > n/32*12/10 {
				t.Errorf("character %d is %q in %d of %d tokens, about %d would be even", i, c, times, n, n/32)
			}
			count[c] = 0
		}
		if count != [256]int{} {
			t.Errorf("character %d takes values beyond the alphabet", i)
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
	// What is not random is the same in every process that fuzzes.
	s := newTestSecrets(f, []byte("not a secret: it is for a test only"), []byte("nor is this the secret from before"))
	const other = "https://other.example.com"
	made := make(map[[2]string]LinkKey)
	for i, site := range []string{testSite, other, testSite} {
		raw := make([]byte, linkRandom)
		raw[0] = byte(i)
		raw = append(raw, linkTag(s.link[i%len(s.link)], site, raw)...)
		token := tokenEncoding.EncodeToString(raw)
		made[[2]string{site, token}] = sha256.Sum256(raw)
		for _, seed := range []string{token, strings.ToUpper(token), token + "a", token[1:], " " + token} {
			f.Add(seed)
		}
	}
	f.Add(strings.Repeat("a", tokenLength))
	f.Add("")
	f.Fuzz(func(t *testing.T, token string) {
		for _, site := range []string{testSite, other} {
			want, good := made[[2]string{site, token}]
			if got, ok := s.openToken(site, token); ok != good || got != want {
				t.Fatalf("%q is genuine at %s: %v", token, site, ok)
			}
		}
	})
}

func FuzzACodeHasOnePlainForm(f *testing.F) {
	for _, typed := range []string{"ABCD-2345", "abcd2345", " a b-c d 2\u20133 4\u00a05\n", "ABCD-234O", "\uff21BCD2345", "ABCD\x002345", strings.Repeat("-", 60) + "ABCD2345"} {
		f.Add(typed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		plain, ok := plainCode(typed)
		if !ok {
			if plain != "" {
				t.Fatalf("plainCode(%q) refuses and gives %q", typed, plain)
			}
			return
		}
		if !regexp.MustCompile(`^[A-HJKM-NP-Z2-9]{8}$`).MatchString(plain) {
			t.Fatalf("plainCode(%q) = %q", typed, plain)
		}
		for _, again := range []string{plain, strings.ToLower(plain), plain[:4] + "-" + plain[4:]} {
			if got, ok := plainCode(again); !ok || got != plain {
				t.Fatalf("plainCode(%q) = %q, %v after %q", again, got, ok, typed)
			}
		}
	})
}
