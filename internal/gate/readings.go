package gate

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// What a rule lets pass must be what the app makes of the request. Apps read some paths in
// another way than Caddy's matchers do, and take some headers for path or method. Such a
// request has two readings, and is let in by no rule that only one of them meets.

// IsPlainURL reports whether a URL's path can be read in one way only.
func IsPlainURL(u *url.URL) bool {
	return isPlain(u.Path) && !strings.Contains(strings.ToLower(u.RawPath), "%2f")
}

// isPlain reports whether a decoded path is free of characters that some servers treat as
// separators or decode again, and of segments that some take for others.
func isPlain(path string) bool {
	ascii := true
	for i := range len(path) {
		switch c := path[i]; {
		case c < ' ', c == 0x7f, c == '\\', c == ';', c == '%', c == '?', c == '#':
			return false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	below, rooted := strings.CutPrefix(path, "/")
	if !rooted || strings.Contains(path, "//") || !ascii && !isPlainText(path) {
		return false
	}
	for segment := range strings.SplitSeq(below, "/") {
		if !isPlainSegment(segment) {
			return false
		}
	}
	return true
}

// isPlainSegment reports whether a segment is another name for no other. Windows leaves out
// full stops and spaces at the end, has short names for long ones (ADMINI~1) and names for
// what a file consists of (x::$DATA, CVE-1999-0278). Express, Flask and Spring have trimmed
// spaces.
func isPlainSegment(s string) bool {
	if s == "" {
		return true
	}
	if last := s[len(s)-1]; last == '.' || last == ' ' || s[0] == ' ' || strings.Contains(s, ":$") {
		return false
	}
	if _, after, short := strings.Cut(s, "~"); short && after != "" && '0' <= after[0] && after[0] <= '9' {
		return false
	}
	first, _ := utf8.DecodeRuneInString(s)
	last, _ := utf8.DecodeLastRuneInString(s)
	return !isTrimmed(first) && !isTrimmed(last)
}

// isTrimmed reports whether languages take a character off the ends of a text.
func isTrimmed(r rune) bool {
	return r >= utf8.RuneSelf && (unicode.IsSpace(r) || r == '\uFEFF')
}

// isPlainText reports whether a text beyond ASCII has no bytes that are not UTF-8, which some
// servers read as dots and slashes (CVE-2008-2938), no control characters, none that is a
// separator or a full stop in another form, and is not another path without what nobody sees.
func isPlainText(path string) bool {
	if !utf8.ValidString(path) {
		return false
	}
	unseen := false
	for i, r := range path {
		switch {
		case r < utf8.RuneSelf:
		case unicode.IsControl(r), isSeparatorInDisguise(path[i:], r):
			return false
		case isUnseen(r):
			unseen = true
		}
	}
	return !unseen || isPlainWhenSeen(path)
}

// isSeparatorInDisguise reports whether the first character of s, which is r, is a slash,
// backslash or full stop once its compatibility form is taken (NFKC), or for programs on Windows
// that take a code page (best fit).
func isSeparatorInDisguise(s string, r rune) bool {
	switch r {
	case '\u00a5', '\u20a9', '\u2044', '\u2215', '\u2216':
		return true
	}
	return bytes.ContainsAny(norm.NFKC.PropertiesString(s).Decomposition(), `./\`)
}

// isUnseen reports whether a character shows nothing by itself: those of formats, and all that
// can be left out in display.
func isUnseen(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// isPlainWhenSeen reports whether a path stays the same without its characters that nobody sees.
// HFS+ leaves some out (CVE-2014-9390). Persian words and emoji need them, names of ASCII
// do not.
func isPlainWhenSeen(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		seen := strings.Map(func(r rune) rune {
			if isUnseen(r) {
				return -1
			}
			return r
		}, segment)
		if seen != segment && !strings.ContainsFunc(seen, isBeyondASCII) || !isPlainSegment(seen) {
			return false
		}
	}
	return true
}

func isBeyondASCII(r rune) bool { return r >= utf8.RuneSelf }

// overriding are the names of headers that apps take for something of the request line, in
// the spellings of fold.
var (
	overridingMethod = managedNames("x-http-method-override", "x-http-method", "x-method-override")
	overridingURL    = managedNames("x-original-url", "x-rewrite-url")
)

func managedNames(folded ...string) (m managed) {
	m.folded = folded
	for _, name := range folded {
		m.lengths |= 1 << len(name)
	}
	return m
}

// isIn reports whether a header has one of the names.
func (m *managed) isIn(header http.Header) bool {
	for name := range header {
		if m.has(name) {
			return true
		}
	}
	return false
}

// HasPlainMethod reports whether an app can take a request for one of its method only. Many
// frameworks have a header for another, or a field _method, in the query too. Of one in the
// body nothing is known here.
func HasPlainMethod(r *http.Request) bool {
	query := r.URL.RawQuery
	return !overridingMethod.isIn(r.Header) && !strings.Contains(query, "_method") && !(strings.Contains(query, "%") && r.URL.Query().Has("_method"))
}

// HasPlainQuery reports whether all who read the query of a request find the same in it. What
// is not well-formed Go leaves out, and Caddy's matchers find nothing then; others read on.
func HasPlainQuery(r *http.Request) bool {
	query := r.URL.RawQuery
	if !strings.ContainsAny(query, "%;") {
		return true
	}
	_, err := url.ParseQuery(query)
	return err == nil
}

// HasPlainPath reports whether an app can take a request for one to its path only. sent is
// the URL as the visitor sent it. What a proxy in front has sent is told in a header
// (CVE-2018-14773), which may say the same.
func HasPlainPath(r *http.Request, sent *url.URL) bool {
	return IsPlainURL(sent) && IsPlainURL(r.URL) && !(overridingURL.isIn(r.Header) && namesAnotherPath(r.Header, sent))
}

func namesAnotherPath(header http.Header, sent *url.URL) bool {
	for name, values := range header {
		for _, value := range values {
			if !overridingURL.has(name) {
				break
			}
			if told, err := url.Parse(value); err != nil || told.EscapedPath() != sent.EscapedPath() {
				return true
			}
		}
	}
	return false
}
