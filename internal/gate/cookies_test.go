package gate

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestOurCookiesAreTakenAndOthersKeptAsTheyAre(t *testing.T) {
	const session, request = "__Host-doorpost", "__Host-doorpost-ask"
	for _, c := range []struct {
		name          string
		lines, kept   []string
		session, asks string
	}{
		{"ours alone", []string{"__Host-doorpost=abc"}, nil, "abc", ""},
		{"among others", []string{"a=1; __Host-doorpost=abc; b=2"}, []string{"a=1; b=2"}, "abc", ""},
		{"both of ours", []string{"__Host-doorpost=s;__Host-doorpost-ask=r"}, nil, "s", "r"},
		{"none of ours", []string{"a=1;  b=2 ;", "c=3"}, []string{"a=1;  b=2 ;", "c=3"}, "", ""},
		{"on several lines", []string{"a=1", "__Host-doorpost=s", "b=2"}, []string{"a=1", "b=2"}, "s", ""},
		{"two claims count as none", []string{"__Host-doorpost=x; __Host-doorpost=y"}, nil, "", ""},
		{"two claims on two lines", []string{"__Host-doorpost=x", "__Host-doorpost=y"}, nil, "", ""},
		{"under another prefix it is taken, not believed", []string{"doorpost=x; __Secure-doorpost=y; a=1"}, []string{"a=1"}, "", ""},
		{"a name that merely resembles", []string{"xdoorpost=1; doorposts=2; __Host-doorpost.x=3"}, []string{"xdoorpost=1; doorposts=2; __Host-doorpost.x=3"}, "", ""},
		{"a value that mentions us", []string{"a=doorpost; b=__Host-doorpost"}, []string{"a=doorpost; b=__Host-doorpost"}, "", ""},
		{"empty value", []string{"__Host-doorpost="}, nil, "", ""},
		{"no value", []string{"__Host-doorpost"}, nil, "", ""},
		{"white space", []string{" __Host-doorpost = abc ;a=1"}, []string{"a=1"}, "abc", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			header := http.Header{"Cookie": slices.Clone(c.lines)}
			got := takeCookies(header, session, request)
			if got.session != c.session || got.request != c.asks {
				t.Errorf("values are %q and %q, want %q and %q", got.session, got.request, c.session, c.asks)
			}
			if !slices.Equal(header["Cookie"], c.kept) {
				t.Errorf("the app sees %q, want %q", header["Cookie"], c.kept)
			}
		})
	}
}

func FuzzTakeCookiesLeavesNoneOfOurs(f *testing.F) {
	f.Add("a=1; __Host-doorpost=x; doorpost-ask=y")
	f.Fuzz(func(t *testing.T, line string) {
		header := http.Header{"Cookie": {line}}
		takeCookies(header, "__Host-doorpost", "__Host-doorpost-ask")
		for _, left := range header["Cookie"] {
			for pair := range strings.SplitSeq(left, ";") {
				name, _, _ := strings.Cut(strings.Trim(pair, " \t"), "=")
				if isOurCookie(strings.TrimRight(name, " \t")) {
					t.Fatalf("%q leaves %q", line, left)
				}
			}
		}
	})
}
