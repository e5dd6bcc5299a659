package gate

import (
	"net/http"
	"net/textproto"
	"strings"
)

// ourCookie is what the names of our cookies begin with, after the prefix that
// browsers enforce.
const ourCookie = "doorpost"

func isOurCookie(name string) bool {
	rest, found := strings.CutPrefix(name, "__Host-")
	if !found {
		rest, _ = strings.CutPrefix(name, "__Secure-")
	}
	rest, found = strings.CutPrefix(rest, ourCookie)
	return found && (rest == "" || rest[0] == '-')
}

func mentionsUs(line string) bool { return strings.Contains(line, ourCookie) }

// cookieValues are the values of our cookies in a request.
type cookieValues struct {
	session, request   string
	sessions, requests int32 // how many of that name there were
}

// takeCookies removes our cookies from the request, so that the app never sees them,
// and returns the values of the two that are named.
func takeCookies(header http.Header, sessionName, requestName string) (values cookieValues) {
	lines := header["Cookie"]
	kept := lines[:0] // in place: the lines are this request's own
	for _, line := range lines {
		if mentionsUs(line) {
			if line = values.takeFrom(line, sessionName, requestName); line == "" {
				continue
			}
		}
		kept = append(kept, line)
	}
	switch {
	case len(kept) == len(lines):
	case len(kept) == 0:
		delete(header, "Cookie")
	default:
		header["Cookie"] = kept
	}
	// Two cookies of one name are two claims, one of which somebody planted.
	if values.sessions > 1 {
		values.session = ""
	}
	if values.requests > 1 {
		values.request = ""
	}
	return values
}

// takeFrom takes our cookies out of one Cookie line and returns the rest. What
// stands between two of ours stays as it was written. Where they stand at an end,
// as they do alone, the rest is a part of the line and nothing is copied.
func (v *cookieValues) takeFrom(line, sessionName, requestName string) string {
	var rest remainder
	piece := 0 // where what is kept next begins
	for start := 0; start < len(line); {
		end := len(line)
		if length := strings.IndexByte(line[start:], ';'); length >= 0 {
			end = start + length
		}
		if cookie := textproto.TrimString(line[start:end]); mayBeOurs(cookie) {
			name, value, _ := strings.Cut(cookie, "=")
			if name = textproto.TrimString(name); isOurCookie(name) {
				rest.add(line, piece, start)
				piece = end + 1
				switch name {
				case sessionName:
					v.session = textproto.TrimString(value)
					v.sessions++
				case requestName:
					v.request = textproto.TrimString(value)
					v.requests++
				}
			}
		}
		start = end + 1
	}
	rest.add(line, piece, len(line))
	return rest.String()
}

// mayBeOurs tells, by its beginning, whether a cookie is worth a look at its name:
// most are not.
func mayBeOurs(cookie string) bool {
	return strings.HasPrefix(cookie, ourCookie) || strings.HasPrefix(cookie, "__")
}

// remainder is what is left of a Cookie line.
type remainder struct {
	first  string          // as long as it is in one piece
	joined strings.Builder // once it is not
}

// add keeps a piece of the line.
func (r *remainder) add(line string, from, to int) {
	if from >= to {
		return
	}
	switch piece := trimCookie(line[from:to]); {
	case piece == "":
	case r.first == "":
		r.first = piece
	default:
		if r.joined.Len() == 0 {
			r.joined.Grow(len(line))
			r.joined.WriteString(r.first)
		}
		r.joined.WriteString("; ")
		r.joined.WriteString(piece)
	}
}

func (r *remainder) String() string {
	if r.joined.Len() > 0 {
		return r.joined.String()
	}
	return r.first
}

// trimCookie takes off what separates cookies. It is quicker than strings.Trim,
// which makes a set of what to take off each time.
func trimCookie(s string) string {
	for s != "" && isSeparator(s[0]) {
		s = s[1:]
	}
	for s != "" && isSeparator(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

func isSeparator(c byte) bool { return c == ';' || c == ' ' || c == '\t' }
