package mail

import (
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/text"
)

func TestTheRuleOfAQuoteStandsWhereItsWordsBegin(t *testing.T) {
	catalogue, err := text.Load()
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ reader, words, want string }{
		"English to an Arab":   {"ar", "1. Hello", "left"},
		"Arabic to an Arab":    {"ar", "\u0645\u0631\u062d\u0628\u0627 Ada", "right"},
		"Hebrew in English":    {"en", "\u05e9\u05dc\u05d5\u05dd", "right"},
		"a number to an Arab":  {"ar", "42", "right"},
		"a number in English":  {"en", "42", "left"},
		"Japanese in Japanese": {"ja", "\u304a\u9858\u3044", "left"},
	} {
		t.Run(name, func(t *testing.T) {
			l := testApprove()
			l.Words = tc.words
			m, err := newComposer(t).Write(l, catalogue.Match(tc.reader))
			m = written(t, m, err)
			if !strings.Contains(m.HTML, "border-"+tc.want+":4px") {
				t.Errorf("the rule is not at the %s", tc.want)
			}
		})
	}
}
