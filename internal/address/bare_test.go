package address

import (
	"strings"
	"testing"
)

// around is what comes along with an address, %s for the address.
var around = []string{
	"%s", " %s\r\n", "\u00a0%s\u3000", "mailto:%s", "MAILTO:%s?subject=Hello", "<mailto:%s>", "%s,", "%s;", "%s.", "%s, ", "%s ;",
	"<%s>", "Ada <%s>", "Ada Lovelace <%s>;", `"Lovelace, Ada" <%s>`, "%s <%s>", "'%s' <%s>", `"%s"`, "'%s'", "“%s”", "„%s“", "«%s»", "「%s」",
	"(%s)", "[%s].", `"<%s>",`, "\u200b%s", "%s\u200b", "\ufeff%s", "\u202a%s\u202c", "\u2068%s\u2069",
}

func TestAnAddressIsFoundInWhatPeoplePaste(t *testing.T) {
	if len(around) < 30 {
		t.Fatalf("only %d forms", len(around))
	}
	forms := map[string]string{ // how the address itself may be typed
		"ada@example.com": "ada@example.com", "Ada.Lovelace+x@Example.COM": "ada.lovelace+x@example.com",
		"ａｄａ＠ｅｘａｍｐｌｅ．ｃｏｍ": "ada@example.com", "ada＠example。com": "ada@example.com", "a\u200bda@exam\u00adple.com": "ada@example.com",
		"o'brien@example.com": "o'brien@example.com",
	}
	for typed, want := range forms {
		for _, form := range around {
			pasted := strings.ReplaceAll(form, "%s", typed)
			if got, err := Parse(Bare(pasted)); err != nil || string(got) != want {
				t.Errorf("%q is %q, %v; want %q", pasted, got, err, want)
			}
		}
	}
}

func TestWhatIsNotOneAddressStaysSo(t *testing.T) {
	for _, typed := range []string{
		"", " ", "<>", "mailto:", "@", ",", `""`, "Ada", "ada@example.com, bob@example.com", "ada@example.com bob@example.com", "<ada@example.com>, <bob@example.com>",
		"ada@example.com>,<bob@example.com", "bob@example.com <ada@example.com>", "Ada <ada@example.com", "<<ada@example.com>> x", "ada @example.com", "ada@ example.com",
		"ada@example", "ada@example.com\x00", "mailto:ada", `"a b"@example.com`, "ada(x)@example.com", "аda@example.com", "\u212aate@example.com", "m\u0131ke@example.com",
		"ﬁona@example.com", "ada﹫example.com", "ⓐda@example.com", "ada@exämple.com", strings.Repeat("<", 4096) + "ada@example.com", strings.Repeat("(", 500) + "ada@example.com" + strings.Repeat(")", 400),
	} {
		if got, err := Parse(Bare(typed)); err == nil {
			t.Errorf("%.60q is %q", typed, got)
		}
	}
}

// A plain address is left as it is, so forms and the API mean the same by it.
func FuzzBareLeavesAnAddressAsItIs(f *testing.F) {
	for _, form := range around {
		f.Add(strings.ReplaceAll(form, "%s", "o'brien+x@example.com"))
	}
	f.Add("mailto:@x.y")
	f.Fuzz(func(t *testing.T, typed string) {
		want, err := Parse(typed)
		if err != nil {
			return
		}
		if got, err := Parse(Bare(typed)); err != nil || got != want {
			t.Errorf("%q is %q, and bare %q (%v)", typed, want, got, err)
		}
	})
}
