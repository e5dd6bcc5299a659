package signin

import (
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/keys"
)

func newTestRing(t testing.TB, secrets ...[]byte) keys.Ring {
	t.Helper()
	if len(secrets) == 0 {
		secrets = [][]byte{keys.Generate()}
	}
	ring, err := keys.NewRing(secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

const testSite = "https://app.example.com"

func TestATokenIsGenuineAtItsSiteInItsOneSpelling(t *testing.T) {
	s := NewTokens(newTestRing(t))
	token, key := s.New(testSite, ToSignIn)
	if got, ok := s.Open(testSite, ToSignIn, token); !ok || got != key {
		t.Fatalf("the token is not genuine: %v", ok)
	}
	if _, ok := s.Open("https://other.example.com", ToSignIn, token); ok {
		t.Error("the token is genuine at another site")
	}
	for _, purpose := range []Purpose{ToAsk, ToDecide, ToStop} {
		if _, ok := s.Open(testSite, purpose, token); ok {
			t.Errorf("the token is genuine for the purpose %q", purpose)
		}
	}
	for i := range len(token) {
		for _, c := range "a2z7A-= " {
			variant := token[:i] + string(c) + token[i+1:]
			if variant == token {
				continue
			}
			if _, ok := s.Open(testSite, ToSignIn, variant); ok {
				t.Fatalf("a token with character %d changed is genuine", i)
			}
		}
	}
	for _, variant := range []string{"", token[1:], token + "a", token + token, strings.ToUpper(token), " " + token, strings.Repeat("a", 1<<16), token[1:] + "\n", token[:25] + strings.Repeat("\r\n", 7) + "\n", strings.Repeat("\n", tokenLength)} {
		if _, ok := s.Open(testSite, ToSignIn, variant); ok {
			t.Errorf("%.50q is genuine", variant)
		}
	}
}

func TestTokensOfAnOldSecretAreGenuineWhileItStands(t *testing.T) {
	old, fresh := keys.Generate(), keys.Generate()
	token, key := NewTokens(newTestRing(t, old)).New(testSite, ToSignIn)
	if got, ok := NewTokens(newTestRing(t, fresh, old)).Open(testSite, ToSignIn, token); !ok || got != key {
		t.Error("a token of the second secret is not genuine")
	}
	if _, ok := NewTokens(newTestRing(t, fresh)).Open(testSite, ToSignIn, token); ok {
		t.Error("a token of a secret that was dropped is genuine")
	}
}

func TestTokensHaveNoStructure(t *testing.T) {
	s := NewTokens(newTestRing(t))
	const n = 100_000
	seen := make(map[string]bool, n)
	var counts [tokenLength][256]int
	for range n {
		token, _ := s.New(testSite, ToSignIn)
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

func FuzzOpenTokenTakesNothingThatWasNotMade(f *testing.F) {
	// What is not random is the same in every process that fuzzes.
	s := NewTokens(newTestRing(f, []byte("not a secret: it is for a test only"), []byte("nor is this the secret from before")))
	const other = "https://other.example.com"
	made := make(map[[2]string]LinkKey)
	for i, site := range []string{testSite, other, testSite} {
		raw := make([]byte, linkRandom)
		raw[0] = byte(i)
		raw = append(raw, linkTag(s.keys[i%len(s.keys)], site, ToSignIn, raw)...)
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
			if got, ok := s.Open(site, ToSignIn, token); ok != good || got != want {
				t.Fatalf("%q is genuine at %s: %v", token, site, ok)
			}
		}
	})
}
