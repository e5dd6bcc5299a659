package signin

import (
	"regexp"
	"strings"
	"testing"

	"golang.org/x/text/width"
)

func TestACodeIsReadInEverySpellingThatPeopleType(t *testing.T) {
	code := newCode()
	plain := strings.ReplaceAll(code, "-", "")
	for _, typed := range []string{code, plain, strings.ToLower(code), " " + code + "\n", plain[:2] + " " + plain[2:6] + " " + plain[6:], plain[:4] + "\u2013" + plain[4:], plain[:4] + "\u00a0" + plain[4:],
		"Code: " + code, code + ".", `"` + code + `"`, "\u200b" + code, "Or type this code: " + code, "Use the one code: " + strings.ToLower(plain) + "!",
		"@reports.example.com #" + code, "@data-base.example.com #" + code + "\n", "We sent this to ada@example.com.\r\n\r\n@archives.example #" + code,
		width.Widen.String(code), plain[:4] + "_" + plain[4:],
	} {
		if got, ok := plainCode(typed); !ok || got != plain {
			t.Errorf("plainCode(%q) = %q, %v", typed, got, ok)
		}
	}
	for _, typed := range []string{"Code: abcd 2345", "the code is ABCD\u00a02345.", "What was sent: abcd 2345, use that"} {
		if got, ok := plainCode(typed); !ok || got != "ABCD2345" {
			t.Errorf("plainCode(%q) = %q, %v", typed, got, ok)
		}
	}
	for _, typed := range []string{"abcd 2345 or bcde 3456", "they went away", "that 2345 abcd", "see abcd. 2345", "abcd 2345 6789", "", plain[1:], plain + "A", "ABCD-234O", "ABCD-2341", strings.Repeat("-", 600) + plain, "Code: " + plain + "A", "ABCD-2345 or BCDE-3456", "Code ABCD2345 or BCDE3456"} {
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
	c := newCodes(newTestRing(t))
	a, b := NewBrowser().Key(), NewBrowser().Key()
	if c.keys(a, "ABCD2345")[0] == c.keys(b, "ABCD2345")[0] {
		t.Error("one code has the same key for two browsers")
	}
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
