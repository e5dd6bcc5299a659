package gate

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// maxReturnTo bounds the result of ReturnTo, in bytes.
const maxReturnTo = 4096

// ReturnTo is where a person goes after signing in: the path, query and fragment that
// they asked for, byte for byte, if these stay on the site, otherwise "/". Of our own
// pages RenewPath, AccountPath and PeoplePath are the only ones.
//
// It reads a path as a browser does, not as Go's parser does: a browser treats a
// backslash as a slash and drops tabs and line ends, so that /\evil.example and
// /<tab>/evil.example name another host (CVE-2025-67713, oauth2-proxy's list of
// redirects).
func ReturnTo(to string) string {
	if !isLocal(to) {
		return "/"
	}
	return to
}

func isLocal(to string) bool {
	if to == "" || len(to) > maxReturnTo || to[0] != '/' || !utf8.ValidString(to) {
		return false
	}
	for i := range len(to) {
		if to[i] <= ' ' || to[i] == 0x7f {
			return false
		}
	}
	path := to
	if end := strings.IndexAny(to, "?#"); end >= 0 {
		path = to[:end]
	}
	decoded, err := url.PathUnescape(path)
	if err != nil || strings.ContainsRune(decoded, '\\') || strings.HasPrefix(decoded, "//") || hasDotSegment(decoded) {
		return false
	}
	for i := range len(decoded) {
		if decoded[i] < ' ' || decoded[i] == 0x7f {
			return false
		}
	}
	return !IsOwnPath(decoded) || to == RenewPath || to == AccountPath || to == PeoplePath
}

func hasDotSegment(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}
