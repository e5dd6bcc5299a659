package gate

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/http/httpguts"
)

func TestOurCookiesAreRemovedAndOthersStayAsTheyAre(t *testing.T) {
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
		{"two claims", []string{"__Host-doorpost=x; __Host-doorpost=y; __Host-doorpost=x"}, nil, "x|y|x", ""},
		{"two claims on two lines", []string{"__Host-doorpost=x", "__Host-doorpost=y"}, nil, "x|y", ""},
		{"under another prefix it is taken, not believed", []string{"doorpost=x; __Secure-doorpost=y; a=1"}, []string{"a=1"}, "", ""},
		{"a name that merely resembles", []string{"xdoorpost=1; doorposts=2; __Host-doorpost.x=3"}, []string{"xdoorpost=1; doorposts=2; __Host-doorpost.x=3"}, "", ""},
		{"a value that mentions us", []string{"a=doorpost; b=__Host-doorpost"}, []string{"a=doorpost; b=__Host-doorpost"}, "", ""},
		{"empty value", []string{"__Host-doorpost="}, nil, "", ""},
		{"no value", []string{"__Host-doorpost"}, nil, "", ""},
		{"white space", []string{" __Host-doorpost = abc ;a=1"}, []string{"a=1"}, "abc", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			header := http.Header{"Cookie": slices.Clone(c.lines)}
			got := removeCookies(header, session, request)
			if session, asks := joined(got.session), joined(got.small); session != c.session || asks != c.asks {
				t.Errorf("values are %q and %q, want %q and %q", session, asks, c.session, c.asks)
			}
			if !slices.Equal(header["Cookie"], c.kept) {
				t.Errorf("the app sees %q, want %q", header["Cookie"], c.kept)
			}
		})
	}
}

// joined are the values of a name.
func joined(c claims) string { return strings.Join(slices.Collect(c.each), "|") }

func TestTheRestOfACookieLineIsCopiedOnceAtMost(t *testing.T) {
	const session = "__Host-doorpost"
	for name, c := range map[string]struct {
		line string
		most float64
	}{
		"ours at the end":         {strings.Repeat("a=1; ", 1000) + session + "=x", 0},
		"ours at the beginning":   {session + "=x; " + strings.Repeat("a=1; ", 1000), 0},
		"ours in the middle":      {strings.Repeat("a=1; ", 1000) + session + "=x; " + strings.Repeat("a=1; ", 1000), 1},
		"ours between all others": {strings.Repeat("a=1; doorpost-x=1; ", 1000) + session + "=x", 1},
	} {
		t.Run(name, func(t *testing.T) {
			var values cookieValues
			var rest string
			allocations := testing.AllocsPerRun(10, func() { rest = values.removeFrom(c.line, session, "") })
			if values.session.first != "x" || !strings.HasPrefix(rest, "a=1; a=1;") || isOurCookie(rest) || strings.Contains(rest, "doorpost") {
				t.Errorf("the session is %q, the rest %.60q…", values.session.first, rest)
			}
			if allocations > c.most {
				t.Errorf("a line of %d bytes is copied %.0f times, want %.0f", len(c.line), allocations, c.most)
			}
		})
	}
}

func FuzzTakeCookiesLeavesNoneOfOurs(f *testing.F) {
	const session, request = "__Host-doorpost", "__Host-doorpost-ask"
	for _, lines := range [][2]string{
		{"a=1; __Host-doorpost=x; doorpost-ask=y", ""}, {"__Host-doorpost=x", "__Host-doorpost=y"}, {"__Host-doorpost-ask=\"a;b\"; c=\"d", "theme=dark"},
		{"__Secure-doorpost=x;;;=;=doorpost;doorpost", " \t__Host-doorpost \t=\t x \t"}, {"a=doorpost; doorposts=1; __Host-__Host-doorpost=2", "DOORPOST=3; __host-doorpost=4"},
	} {
		f.Add(lines[0], lines[1])
	}
	names := regexp.MustCompile(`^(__Host-|__Secure-)?doorpost(-.*)?$`)
	f.Fuzz(func(t *testing.T, first, second string) {
		if !httpguts.ValidHeaderFieldValue(first) || !httpguts.ValidHeaderFieldValue(second) {
			return // Go's server refuses it
		}
		header := http.Header{"Cookie": {first, second}}
		sent := &http.Request{Header: header.Clone()}
		got := removeCookies(header, session, request)
		var kept []string // what an app must get
		found := make(map[string][]string)
		for _, line := range []string{first, second} {
			for pair := range strings.SplitSeq(line, ";") {
				pair = strings.Trim(pair, " \t")
				name, value, _ := strings.Cut(pair, "=")
				if name = strings.TrimRight(name, " \t"); names.MatchString(name) {
					found[name] = append(found[name], strings.TrimLeft(value, " \t"))
				} else if pair != "" {
					kept = append(kept, pair)
				}
			}
		}
		var left []string
		for _, line := range header["Cookie"] {
			for pair := range strings.SplitSeq(line, ";") {
				if pair = strings.Trim(pair, " \t"); pair != "" {
					left = append(left, pair)
				}
			}
		}
		if !slices.Equal(left, kept) {
			t.Fatalf("of %q and %q the app sees %q, want %q", first, second, left, kept)
		}
		for name, value := range map[string]claims{session: got.session, request: got.small} {
			if value, want := slices.Collect(value.each), found[name]; !slices.Equal(value, want) {
				t.Fatalf("of %q and %q %s is %q, want %q", first, second, name, value, want)
			}
		}
		if strings.Count(first+second, ";") > 2500 {
			return // Go's server reads none if there are more than 3000 cookies, some of which may be ours
		}
		// Go's server reads all others, and none of ours.
		others := slices.DeleteFunc(sent.Cookies(), func(c *http.Cookie) bool { return names.MatchString(c.Name) })
		if seen := (&http.Request{Header: header}).Cookies(); !slices.EqualFunc(seen, others, func(a, b *http.Cookie) bool { return a.String() == b.String() }) {
			t.Fatalf("of %q and %q a server sees %v, want %v", first, second, seen, others)
		}
	})
}
