package address

import (
	"net/mail"
	"strings"
	"testing"
)

func TestParseGivesTheCanonicalForm(t *testing.T) {
	longest := strings.Repeat("a", 64) + "@" + strings.Repeat(strings.Repeat("b", 46)+".", 4) + "x"
	if len(longest) != MaxLength {
		t.Fatalf("the longest address of this test has %d bytes", len(longest))
	}
	for typed, want := range map[string]Address{
		"alice@example.com":           "alice@example.com",
		"  Alice@Example.COM\r\n":     "alice@example.com",
		"o'brien+x@mail.example.org":  "o'brien+x@mail.example.org",
		"a.b.c@xn--bcher-kva.example": "a.b.c@xn--bcher-kva.example",
		longest:                       Address(longest),
	} {
		got, err := Parse(typed)
		if err != nil || got != want {
			t.Errorf("Parse(%q) = %q, %v; want %q", typed, got, err, want)
		}
		if again, err := Parse(string(got)); err != nil || again != got {
			t.Errorf("Parse is not stable on %q: %q, %v", got, again, err)
		}
	}
}

func TestParseRefusesWhatIsNotOnePlainAddress(t *testing.T) {
	for _, typed := range []string{
		"", "@", "a@", "@example.com", "alice", "alice@localhost", "alice@example", "alice@.com",
		"alice@example..com", "alice@corp.example.", ".a@example.com", "a.@example.com", "a..b@example.com",
		"a@-x.example", "a@x-.example", "a@x_y.example", "a@example.123", "a@[192.0.2.1]", "a@192.0.2.1",
		`"e@attacker.example"@corp.example`, "x@evil.example@corp.example", `"a b"@corp.example`,
		`"victim"@corp.example`, "victim@corp.example(x)", "a%evil.example@corp.example", "evil!a@corp.example",
		"Eve <v@corp.example>", "v@corp.example (x)", "<v@corp.example>", "<@r.example:v@corp.example>",
		"undisclosed:;", "=?utf-8?q?v=40corp?=@corp.example", "=?utf-8?q?v=40corp?= <x@evil.example>", "a@corp.example,evil@x.example",
		"a@corp.example;evil@x.example", "a@corp.example evil@x.example", "a@corp.example\nevil@x.example",
		"victim＠corp.example@evil.example", "victim＠corp.example", "victim﹫corp.example", "mıke@corp.example",
		"mi\u212ae@corp.example", "аlice@corp.example", "ali\u200bce@corp.example", "\u202ealice@corp.example",
		"alice@ｃorp.example", "alice@bücher.example", "ne\u0301@corp.example", "a\x00@corp.example",
		"a@xn--\x80.example", "a@xn--a-ecp.ru-.example", "a@xn--ls8h=.example",
		strings.Repeat("a", 65) + "@example.com", "a@" + strings.Repeat("b", 64) + ".example",
		strings.Repeat("(", 1<<16), strings.Repeat("a <", 1<<15) + "@example.com",
		"a@" + strings.Repeat("b.", 126) + "example",
	} {
		if got, err := Parse(typed); err == nil {
			t.Errorf("Parse(%.60q) = %q, want an error", typed, got)
		} else if got != "" {
			t.Errorf("Parse(%.60q) returns %q beside its error", typed, got)
		}
	}
}

func TestFoldNamesTheMailboxForCountersOnly(t *testing.T) {
	for typed, want := range map[string]string{
		"alice@example.com":       "alice@example.com",
		"ALICE+news@example.com":  "alice@example.com",
		"a.l.i.c.e+x+y@gmail.com": "alice@gmail.com",
		"a.lice@googlemail.com":   "alice@gmail.com",
		"a.lice@example.com":      "a.lice@example.com",
		"+tag@example.com":        "+tag@example.com",
	} {
		a, err := Parse(typed)
		if err != nil {
			t.Fatal(err)
		}
		if got := a.Fold(); got != want {
			t.Errorf("Fold(%q) = %q, want %q", typed, got, want)
		}
	}
}

func TestMaskKeepsTheFirstLetterAndTheDomain(t *testing.T) {
	for a, want := range map[Address]string{
		"alice@example.com": "a***@example.com", "a@example.com": "a***@example.com", "@example.com": "***", "alice": "***", "": "***",
	} {
		if got := a.Mask(); got != want {
			t.Errorf("Mask(%q) = %q, want %q", a, got, want)
		}
	}
}

func FuzzParseHasOneCanonicalForm(f *testing.F) {
	for _, seed := range []string{
		"alice@example.com", "A@B.CO", `"x"@y.z`, "a@xn--bcher-kva.example", " O'Brien+Tag@Mail.Example.ORG\r\n", "a.b.c@googlemail.com", "victim@corp.example@evil.example",
		"victim\uff20corp.example@evil.example", "m\u0131ke@corp.example", "mi\u212ae@corp.example", "Eve <v@corp.example>", "=?utf-8?q?v=40corp?=@x.example", "#$&'*+-/=?^_`{|}~@a-b.example",
		"a@xn--n3h.example", "a@XN--BCHER-KVA.example", "a@1.2.3.4", "a@b.c.", "a.+b.c@gmail.com", strings.Repeat("a", 64) + "@" + strings.Repeat("b.", 90) + "cc",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		a, err := Parse(typed)
		if err != nil {
			if a != "" {
				t.Fatalf("Parse(%q) refuses and gives %q", typed, a)
			}
			return
		}
		if len(a) > MaxLength || strings.Count(string(a), "@") != 1 || a.Local()+"@"+a.Domain() != string(a) {
			t.Fatalf("Parse(%q) = %q", typed, a)
		}
		for i := range len(a) {
			if a[i] <= ' ' || a[i] >= 0x7f || 'A' <= a[i] && a[i] <= 'Z' || strings.IndexByte(`,;:"()<>[]\%!`, a[i]) >= 0 {
				t.Fatalf("Parse(%q) = %q has byte %q", typed, a, a[i])
			}
		}
		// It may differ in case and in white space around it only.
		if strings.ToLower(strings.Trim(typed, " \t\r\n")) != string(a) {
			t.Fatalf("Parse(%q) = %q", typed, a)
		}
		for _, spelling := range []string{string(a), strings.ToUpper(string(a)), "\t" + string(a) + " \r\n"} {
			if again, err := Parse(spelling); err != nil || again != a {
				t.Fatalf("Parse(%q) = %q, %v, and Parse(%q) = %q", spelling, again, err, typed, a)
			}
		}
		// The standard library reads the same single address from a message header.
		if read, err := mail.ParseAddress(string(a)); err != nil || read.Address != string(a) || read.Name != "" {
			t.Fatalf("net/mail reads %q as %v, %v", a, read, err)
		}
		if list, err := mail.ParseAddressList("x@example.com, " + string(a)); err != nil || len(list) != 2 || list[1].Address != string(a) {
			t.Fatalf("net/mail reads %q in a list as %v, %v", a, list, err)
		}
		// Folding twice changes nothing more, and the domain stays.
		folded := Address(a.Fold())
		if folded.Fold() != string(folded) || folded.Local() == "" || folded.Domain() != a.Domain() && folded.Domain() != dotsIgnored[a.Domain()] {
			t.Fatalf("%q is folded to %q, and that to %q", a, folded, folded.Fold())
		}
	})
}
