package token

import (
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"
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

func TestATokenIsFoundInAURLHoweverItIsEncoded(t *testing.T) {
	text := NewText(NewID(), false)
	every := ""
	for i := range len(text) {
		every += fmt.Sprintf("%%%02x", text[i])
	}
	for _, written := range []string{
		"/?t=" + text, "/?" + text, "/x/" + text + "/y", "/?t=" + strings.Replace(text, "_", "%5f", 1), "/?t=" + strings.Replace(text, "d", "%64", 1),
		"/?t=" + every, "/" + every, "/?a=%20&t=" + every + "&b=1", "http://" + text + ":x@host.example/", "http://x:" + text + "@host.example/",
	} {
		u, err := url.Parse(written)
		if err != nil {
			t.Fatal(err)
		}
		if FindInURL(u) != text {
			t.Errorf("no token is found in %s", written)
		}
	}
	for _, written := range []string{"/", "/?t=" + text[:len(text)-1], "/?t=%zz", "/?q=dpst_", "/?q=100%25"} {
		if u, err := url.Parse(written); err != nil || FindInURL(u) != "" {
			t.Errorf("a token is found in %s (%v)", written, err)
		}
	}
}
