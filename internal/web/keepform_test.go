package web

import (
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// What is kept of a form is what the browser sent, in its order.
func TestTheFieldsOfAFormAreKeptAsTheyWereSent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.Rune().Filter(func(r rune) bool { return r != 0 }))
		names, values := rapid.SliceOfN(text, 0, 20).Draw(t, "names"), rapid.SliceOfN(text, 20, 20).Draw(t, "values")
		var pairs []string
		for i, name := range names {
			pairs = append(pairs, url.QueryEscape(name)+"="+url.QueryEscape(values[i]))
		}
		fields, ok := parseFields(strings.Join(pairs, "&"))
		if !ok || len(fields) != len(names) {
			t.Fatalf("of %d fields %d are kept: %v", len(names), len(fields), ok)
		}
		for i, f := range fields {
			if f.Name != names[i] || f.Value != values[i] {
				t.Fatalf("field %d is %+v, want %q=%q", i, f, names[i], values[i])
			}
		}
	})
}

func TestAFormThatCannotBeSentAgainAsItWasIsNotKept(t *testing.T) {
	for name, body := range map[string]string{
		"not UTF-8": "a=%ff", "NUL": "a=%00", "cut off": "a=%4", "too many": strings.Repeat("a=b&", maxKeptFields+1),
	} {
		if _, ok := parseFields(body); ok {
			t.Errorf("%s: it is kept", name)
		}
	}
}
