package token

import (
	"os"
	"regexp"
	"testing"
)

// The rule in SECURITY.md finds each token, and what it finds in other texts has another
// checksum.
func TestTheRuleForScannersFindsTokens(t *testing.T) {
	written, err := os.ReadFile("../../SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	given := regexp.MustCompile("(?s)```regex\n(.+?)\n```").FindSubmatch(written)
	if given == nil {
		t.Fatal("SECURITY.md has no rule")
	}
	rule := regexp.MustCompile(string(given[1]))
	for i := range 1000 {
		text := NewText(NewID(), i%2 == 0)
		if found := rule.FindString("export TOKEN=" + text + "; x"); found != text {
			t.Fatalf("in a text with %s the rule finds %q", text, found)
		}
		other := []byte(text)
		other[len(other)-1] ^= 1 // of a digit and a letter always another one
		if _, ok := Parse(string(other)); ok {
			t.Fatalf("%s is a token, and so is %s", text, other)
		}
	}
}
