package text_test

import (
	"html"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/text"
)

func TestALineMayEndWithinALongValue(t *testing.T) {
	for value, want := range map[string]struct{ ltr, rtl string }{
		"Reports":             {"Reports", "Reports"},
		"ada@example.com":     {"ada<wbr>@example.com", "ada<wbr>@example.com"},
		"reports.example.com": {"reports<wbr>.example<wbr>.com", "reports.<wbr>example.<wbr>com"},
		"a.b@one.example.com": {"a.b<wbr>@one<wbr>.example<wbr>.com", "a.b<wbr>@one.<wbr>example.<wbr>com"},
		"<a&b@c>":             {"&lt;a&amp;b<wbr>@c&gt;", "&lt;a&amp;b<wbr>@c&gt;"},
		"https://example.com/may?of=2026&all.": {"https://<wbr>example<wbr>.com<wbr>/may<wbr>?of<wbr>=2026<wbr>&amp;all.",
			"https://<wbr>example.<wbr>com/<wbr>may?<wbr>of=<wbr>2026&amp;<wbr>all."},
	} {
		if got := text.Breakable(value, "ltr"); got != want.ltr {
			t.Errorf("%q, read from left to right, is %q, want %q", value, got, want.ltr)
		}
		if got := text.Breakable(value, "rtl"); got != want.rtl {
			t.Errorf("%q, read from right to left, is %q, want %q", value, got, want.rtl)
		}
	}
}

func TestOnlyTheLongWordsOfATextArePartedEachAsAWhole(t *testing.T) {
	for words, want := range map[string]string{
		"<b> see example.com/may":              "&lt;b&gt; see example.com/may",
		"see https://reports.example.com, Ada": "see [https://<wbr>reports<wbr>.example<wbr>.com,] Ada",
		"一reports.example.comに二":               "一reports.example.comに二",
		"一https://reports.example.comに二":       "一[https://<wbr>reports<wbr>.example<wbr>.com]に二",
	} {
		if got := text.BreakableWords(words, "ltr", 20, func(word string) string { return "[" + word + "]" }); got != want {
			t.Errorf("%q is %q, want %q", words, got, want)
		}
	}
}

func FuzzBreakableKeepsTheValue(f *testing.F) {
	f.Add("ada.lovelace@mail.example.com")
	f.Add("<wbr>.@&amp;")
	f.Fuzz(func(t *testing.T, value string) {
		for _, direction := range []string{"ltr", "rtl"} {
			for _, marked := range []string{
				text.Breakable(value, direction),
				text.BreakableWords(value, direction, 3, func(word string) string { return word }),
			} {
				plain := strings.ReplaceAll(marked, "<wbr>", "")
				if html.UnescapeString(plain) != html.UnescapeString(html.EscapeString(value)) || strings.ContainsAny(plain, "<>") {
					t.Errorf("%q has become %q", value, marked)
				}
			}
		}
	})
}
