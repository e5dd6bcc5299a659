package gate

import (
	"net/http"
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

// cookieValues are the values of our cookies in a request.
type cookieValues struct {
	session, request   string
	sessions, requests int // how many of that name there were
}

// take removes our cookies from the request, so that the app never sees them,
// and returns the values of the two that are named.
func takeCookies(header http.Header, sessionName, requestName string) (values cookieValues) {
	lines := header["Cookie"]
	var kept []string
	for i, line := range lines {
		if !strings.Contains(line, ourCookie) {
			if kept != nil {
				kept = append(kept, line)
			}
			continue
		}
		if kept == nil {
			kept = append(make([]string, 0, len(lines)), lines[:i]...)
		}
		if rest := values.takeFrom(line, sessionName, requestName); rest != "" {
			kept = append(kept, rest)
		}
	}
	switch {
	case kept == nil:
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

// takeFrom takes our cookies out of one Cookie line and returns the rest.
func (v *cookieValues) takeFrom(line, sessionName, requestName string) (rest string) {
	for start := 0; start < len(line); {
		end := strings.IndexByte(line[start:], ';')
		if end < 0 {
			end = len(line)
		} else {
			end += start
		}
		pair := strings.Trim(line[start:end], " \t")
		start = end + 1
		name, value, _ := strings.Cut(pair, "=")
		switch name = strings.TrimRight(name, " \t"); {
		case !isOurCookie(name):
			if pair != "" && rest != "" {
				rest += "; "
			}
			rest += pair
			continue
		case name == sessionName:
			v.session = strings.TrimLeft(value, " \t")
			v.sessions++
		case name == requestName:
			v.request = strings.TrimLeft(value, " \t")
			v.requests++
		}
	}
	return rest
}
