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
	var first string           // what is kept, as long as it is in one piece
	var joined strings.Builder // once it is not
	piece := 0                 // where the one at hand begins
	keep := func(end int) {
		if piece >= end {
			return
		}
		switch kept := strings.Trim(line[piece:end], "; \t"); {
		case kept == "":
		case first == "":
			first = kept
		default:
			if joined.Len() == 0 {
				joined.Grow(len(line))
				joined.WriteString(first)
			}
			joined.WriteString("; ")
			joined.WriteString(kept)
		}
	}
	for start := 0; start < len(line); {
		end := len(line)
		if length := strings.IndexByte(line[start:], ';'); length >= 0 {
			end = start + length
		}
		name, value, _ := strings.Cut(line[start:end], "=")
		if name = textproto.TrimString(name); isOurCookie(name) {
			keep(start)
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
		start = end + 1
	}
	keep(len(line))
	if joined.Len() > 0 {
		return joined.String()
	}
	return first
}
