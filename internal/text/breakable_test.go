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
	} {
		if got := text.Breakable(value, "ltr"); got != want.ltr {
			t.Errorf("%q, read from left to right, is %q, want %q", value, got, want.ltr)
		}
		if got := text.Breakable(value, "rtl"); got != want.rtl {
			t.Errorf("%q, read from right to left, is %q, want %q", value, got, want.rtl)
		}
	}
}

func FuzzBreakableKeepsTheValue(f *testing.F) {
	f.Add("ada.lovelace@mail.example.com")
	f.Add("<wbr>.@&amp;")
	f.Fuzz(func(t *testing.T, value string) {
		for _, direction := range []string{"ltr", "rtl"} {
			marked := text.Breakable(value, direction)
			plain := strings.ReplaceAll(marked, "<wbr>", "")
			if html.UnescapeString(plain) != html.UnescapeString(html.EscapeString(value)) || strings.ContainsAny(plain, "<>") {
				t.Errorf("%q has become %q", value, marked)
			}
		}
	})
}
