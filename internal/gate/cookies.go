package gate

import (
	"net/http"
	"net/textproto"
	"strings"
)

// ourCookie begins the name of each of our cookies, after the prefix that browsers
// enforce.
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
type cookieValues struct{ session, small claims }

// claims are the values of all cookies of one name. A browser has several if a
// sibling host or another cookie_domain left some.
type claims struct {
	first string
	sent  bool
	more  []string
}

func (c *claims) add(value string) {
	if c.sent {
		c.more = append(c.more, value)
		return
	}
	c.first, c.sent = value, true
}

// each yields the values in the order in which they were sent.
func (c *claims) each(yield func(string) bool) {
	if !c.sent || !yield(c.first) {
		return
	}
	for _, value := range c.more {
		if !yield(value) {
			return
		}
	}
}

// removeCookies removes our cookies from the request, so that the app never sees
// them, and returns the values of the two that are named.
func removeCookies(header http.Header, sessionName, smallName string) (values cookieValues) {
	lines := header["Cookie"]
	kept := lines[:0] // in place: the lines are this request's own
	for _, line := range lines {
		if mentionsUs(line) {
			if line = values.removeFrom(line, sessionName, smallName); line == "" {
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
	return values
}

// removeFrom removes our cookies from one Cookie line and returns the rest, as it was
// written. If ours are at an end of the line, the rest is a part of the line and
// nothing is copied.
func (v *cookieValues) removeFrom(line, sessionName, smallName string) string {
	var rest remainder
	piece := 0 // start of the next piece that is kept
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
					v.session.add(textproto.TrimString(value))
				case smallName:
					v.small.add(textproto.TrimString(value))
				}
			}
		}
		start = end + 1
	}
	rest.add(line, piece, len(line))
	return rest.String()
}

// mayBeOurs reports whether a cookie begins as ours do. It is a quick check: most do
// not.
func mayBeOurs(cookie string) bool {
	return strings.HasPrefix(cookie, ourCookie) || strings.HasPrefix(cookie, "__")
}

// remainder is what is left of a Cookie line.
type remainder struct {
	first  string          // the first piece
	joined strings.Builder // all pieces, if there are several
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

// trimCookie removes separators at both ends. It is quicker than strings.Trim, which
// makes a set of the characters each time.
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
