package gate

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"
	"unicode"
)

// readers are how apps and the servers that they run in read a path, as it is sent.
var readers = map[string]func(raw string) string{
	"as it is":      decoded,
	"decoded again": func(raw string) string { return decoded(decoded(raw)) },
	"as a URL again": func(raw string) string {
		p, _, _ := strings.Cut(decoded(raw), "?")
		p, _, _ = strings.Cut(p, "#")
		return p
	},
	"up to a zero":   func(raw string) string { p, _, _ := strings.Cut(decoded(raw), "\x00"); return p },
	"with backslash": func(raw string) string { return strings.ReplaceAll(decoded(raw), `\`, "/") },
	"without matrix": eachSegment(func(s string) string { s, _, _ = strings.Cut(s, ";"); return s }),
	"trimmed": eachSegment(func(s string) string {
		return strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == '\uFEFF' })
	}),
	"without control": eachSegment(func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return -1
			}
			return r
		}, s)
	}),
	"by Windows": eachSegment(func(s string) string {
		s, _, _ = strings.Cut(s, ":$")
		s = strings.TrimRight(strings.TrimSuffix(s, ":"), ". ")
		return strings.NewReplacer("ADMINI~1", "admin", "admini~1", "admin").Replace(s)
	}),
	"by best fit": func(raw string) string {
		return strings.NewReplacer("／", "/", "∕", "/", "⁄", "/", "＼", "/", "∖", "/", "¥", "/", "₩", "/", "．", ".", "․", ".", "‥", "..", "…", "...").Replace(decoded(raw))
	},
	"overlong": func(raw string) string {
		return strings.NewReplacer("\xc0\xaf", "/", "\xe0\x80\xaf", "/", "\xc1\x9c", "/", "\xc0\xae", ".", "\xe0\x80\xae", ".").Replace(decoded(raw))
	},
}

func decoded(raw string) string {
	if p, err := url.PathUnescape(raw); err == nil {
		return p
	}
	return raw
}

func eachSegment(read func(string) string) func(string) string {
	return func(raw string) string {
		segments := strings.Split(decoded(raw), "/")
		for i, s := range segments {
			segments[i] = read(s)
		}
		return strings.Join(segments, "/")
	}
}

// isBelowAdmin is what Caddy's matcher path /admin/* says of a path.
func isBelowAdmin(p string) bool {
	return strings.HasPrefix(strings.ToLower(path.Clean("/"+p)+"/"), "/admin/")
}

// oddPaths are made of what is put before, into and behind the segments of two paths, in
// clear, encoded and encoded twice.
func oddPaths() (list []string) {
	noise := []string{
		".", "..", "...", " ", ". .", ";", ";a=b", ";/..", "\\", "/", "//", "/.", "/./", "/..;", "?", "#", "%", "%2f", "\x00", "\t", "\n", "\x7f", ":$DATA", "::$DATA", "::$INDEX_ALLOCATION",
		":$I30:$INDEX_ALLOCATION", "\u00a0", "\u0085", "\u2003", "\u3000", "\ufeff", "\xa0", "\x85", "／", "∕", "⁄", "＼", "∖", "¥", "₩", "．", "．．", "․․", "‥", "…", "\xc0\xaf", "\xe0\x80\xaf", "\xc1\x9c", "\xc0\xae\xc0\xae",
	}
	for _, n := range noise {
		for _, form := range []func(string) string{
			func(s string) string { return s }, encoded, func(s string) string { return encoded(encoded(s)) },
		} {
			n := form(n)
			for _, shape := range []string{"/N/admin/x", "/Nadmin/x", "/adNmin/x", "/adminN/x", "/adminNx", "/admin/Nx", "/x/NN/admin/x", "/xN/../admin/x", "/openN..N/admin/x", "/open/..N../adminN/x", "/ADMINI~1N/x", "/admini~1/x"} {
				list = append(list, strings.ReplaceAll(shape, "N", n))
			}
		}
	}
	return list
}

func encoded(s string) (all string) {
	for i := range len(s) {
		all += fmt.Sprintf("%%%02x", s[i])
	}
	return all
}

// A path that anything reads as one below /admin counts as one, whatever else it is.
func TestAPathThatSomeAppReadsOtherwiseHasTwoReadings(t *testing.T) {
	tried := make(map[string]int)
	for _, raw := range oddPaths() {
		u, err := url.ParseRequestURI(raw)
		if err != nil {
			continue // nor does Caddy get to see it
		}
		sent := u.EscapedPath()
		if strings.Contains(raw, "?") {
			sent = strings.SplitN(raw, "?", 2)[0]
		}
		r := &http.Request{URL: u}
		b := Block{ByPath: true, Matches: func(*http.Request) (bool, error) { return isBelowAdmin(u.Path), nil }}
		for name, read := range readers {
			if !isBelowAdmin(read(sent)) || isBelowAdmin(u.Path) {
				continue
			}
			tried[name]++
			if needed, err := b.NeedsSession(r, u); err != nil || !needed {
				t.Errorf("%q is %q %s, and needs a session: %v, %v", raw, read(sent), name, needed, err)
			}
		}
	}
	for name := range readers {
		if tried[name] == 0 && name != "as it is" {
			t.Errorf("no path of those that were made is another when it is read %s", name)
		}
	}
}

func TestPathsThatPeopleUseHaveOneReading(t *testing.T) {
	for _, p := range []string{
		"/", "/a", "/a/", "/a.b", "/.well-known/x", "/a..b", "/...x", "/a b/c", "/~user/x", "/vendors~main.js", "/wiki/Special:Search", "/r/#", "/!abc:example.com/x", "/a:b", "/$x", "/@user@example.com",
		"/می\u200cخواهم", "/\U0001f468\u200d\U0001f469\u200d\U0001f467", "/a-\u2764\ufe0f", "/1\ufe0f\u20e3", "/ยาม\u200bเย็น", "/e\u0301", "/한글", "/何？", "/第１章", "/acme™", "/½", "/nº",
		"/C++", "/é", "/日本語/ペ", "/ＡＢＣ", "/שלום", "/a,b", "/a=b&c", "/'x'", "/(x)", "/*", "/a|b", "/😀",
	} {
		plain := p != "/r/#"
		if isPlain(p) != plain {
			t.Errorf("%q has one reading: %v", p, !plain)
		}
	}
}

// A request that an app may take for one of another method, or to another path, is let in
// by no rule about these.
func TestNoHeaderGetsARequestPastARuleAboutMethodOrPath(t *testing.T) {
	open := func(*http.Request) (bool, error) { return false, nil }
	method, path := Block{Matches: open, ByMethod: true}, Block{Matches: open, ByPath: true}
	other := Block{Matches: open}
	public, err := ParsePublicPaths([]string{"/open"})
	if err != nil {
		t.Fatal(err)
	}
	around := Block{Public: public}
	for name, byMethod := range map[string]bool{
		"X-HTTP-Method-Override": true, "X-HTTP-Method": true, "X-Method-Override": true, "X-Original-URL": false, "X-Rewrite-URL": false,
	} {
		for _, spelling := range []string{name, strings.ToLower(name), strings.ToUpper(name), strings.ReplaceAll(name, "-", "_"), strings.ReplaceAll(name, "-", ".")} {
			for _, form := range []string{http.CanonicalHeaderKey(spelling), spelling} {
				for _, value := range []string{"DELETE", "", "/admin", "http://app.example.com/admin", "%zz"} {
					r := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/open"}, Header: http.Header{form: {value}}}
					needed := func(b Block) bool {
						needed, err := b.NeedsSession(r, r.URL)
						return needed && err == nil
					}
					if needed(method) != byMethod || needed(path) == byMethod || needed(other) || needed(around) == byMethod {
						t.Errorf("with %s: %q a session is needed by a rule about methods %v, about paths %v, others %v, beside a public path %v", form, value, needed(method), needed(path), needed(other), needed(around))
					}
				}
			}
		}
	}
	for _, value := range []string{"/open", "/open?x=y", "https://app.example.com/open"} { // what a proxy says that changes nothing
		r := &http.Request{URL: &url.URL{Path: "/open"}, Header: http.Header{"X-Original-Url": {value}}}
		if needed, err := path.NeedsSession(r, r.URL); needed || err != nil {
			t.Errorf("the same path, told as %s, needs a session: %v, %v", value, needed, err)
		}
	}
	for query, want := range map[string]bool{
		"": false, "x=y": false, "method=x": false, "a%20b=c": false, "_method=DELETE": true, "x=y&_method=PUT": true, "%5fmethod=PUT": true, "_%6d%65thod=x": true, "a;_method=x": true,
	} {
		r := &http.Request{URL: &url.URL{Path: "/open", RawQuery: query}}
		if needed, err := method.NeedsSession(r, r.URL); needed != want || err != nil {
			t.Errorf("with the query %q a session is needed: %v, %v", query, needed, err)
		}
	}
}

// An app has no leave to be asked for by somebody who asks for more.
func TestAPreflightThatClaimsAnotherMethodIsNone(t *testing.T) {
	g := newLiveGate(t)
	block := &Block{Rules: names{"alice@example.com"}, Headers: DefaultHeaderNames}
	s := g.site(liveOrigin, block)
	s.Cors = []string{"https://dashboard.example.com"}
	for claim, want := range map[string]Verdict{"": PassUnnamed, "X-Http-Method-Override": NoSession, "X-Http-Method": NoSession, "X-Method-Override": NoSession} {
		r := decided(http.MethodOptions, "/x")
		r.Header.Set("Origin", s.Cors[0])
		r.Header.Set("Access-Control-Request-Method", "DELETE")
		if claim != "" {
			r.Header.Set(claim, "DELETE")
		}
		if got, err := block.Decide(NewEdge(s).Arrive(r).At(s), r, r.URL); got != want || err != nil {
			t.Errorf("with %s the verdict is %d, %v, want %d", claim, got, err, want)
		}
	}
}

func TestLookingForASecondReadingAllocatesNothing(t *testing.T) {
	r := decided(http.MethodGet, "/a/long/path/of/an-app.v1/with spaces/日本語")
	r.URL.RawQuery = "page=2&sort=name"
	for i := range 15 {
		r.Header.Set(fmt.Sprintf("X-Some-Header-%d", i), "value")
	}
	if n := testing.AllocsPerRun(100, func() {
		if !HasPlainPath(r, r.URL) || !HasPlainMethod(r) {
			t.Fatal("the request has two readings")
		}
	}); n != 0 {
		t.Errorf("it allocates %v times", n)
	}
}
