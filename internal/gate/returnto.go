package gate

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// maxReturnTo bounds the address that somebody is sent back to, in bytes.
const maxReturnTo = 4096

// ReturnTo is where somebody is sent after signing in: the path, query and
// fragment that were asked for, byte for byte, if they are local to the site,
// otherwise "/".
//
// What a browser makes of a path counts, not what Go's parser makes of it: it
// takes a backslash for a slash and drops tabs and line ends, so that
// /\evil.example and /<tab>/evil.example name another host (CVE-2025-67713,
// oauth2-proxy's list of redirects).
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
	return !IsOwnPath(decoded)
}
