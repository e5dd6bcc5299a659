package mail

import (
	"strings"
	"testing"
)

func TestLinesEndWhereTheLanguageLetsThem(t *testing.T) {
	full := strings.Repeat("x", textColumns-5)
	wide := strings.Repeat("猫", textColumns/2-1)
	for name, tc := range map[string]struct{ in, want string }{
		"between words":                        {full + " aide moi", full + " aide\nmoi"},
		"not before a mark with its own space": {full + " aide\u202f?", full + "\naide\u202f?"},
		"spaces are one":                       {"a  b\n\tc ", "a b c"},
		"a long word stays whole":              {"a " + full + full + " b", "a\n" + full + full + "\nb"},
		"a wide letter is two columns":         {wide + "猫猫", wide + "猫\n猫"},
		"not before a wide mark":               {wide + "猫。猫", wide + "\n猫。猫"},
		"not behind a bracket":                 {wide + "「猫", wide + "\n「猫"},
		"not before a long vowel":              {wide + "猫ー", wide + "\n猫ー"},
		"not within an address":                {wide + "a@example.com", wide + "\na@example.com"},
		"nothing":                              {"", ""},
	} {
		if got := wrap(tc.in); got != tc.want {
			t.Errorf("%s: got %q, want %q", name, got, tc.want)
		}
	}
}

func TestEveryLanguageFitsATerminal(t *testing.T) {
	for _, lang := range languages(t) {
		for _, sample := range Samples() {
			m, err := newComposer(t).Write(sample.Letter, lang)
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.SplitSeq(m.Text, "\n") {
				if columns(line) > textColumns && !strings.HasPrefix(line, "https://") {
					t.Errorf("%s, %s: %d columns: %s", lang.Tag(), sample.Name, columns(line), line)
				}
			}
		}
	}
}
