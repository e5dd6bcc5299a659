package gate

import (
	"net/http"
	"slices"
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
	sessions, requests int // how many of that name there were
}

// takeCookies removes our cookies from the request, so that the app never sees them,
// and returns the values of the two that are named.
func takeCookies(header http.Header, sessionName, requestName string) (values cookieValues) {
	lines := header["Cookie"]
	if !slices.ContainsFunc(lines, mentionsUs) {
		return values
	}
	var kept []string
	for _, line := range lines {
		rest := line
		if mentionsUs(line) {
			rest = values.takeFrom(line, sessionName, requestName)
		}
		if rest != "" {
			kept = append(kept, rest)
		}
	}
	if kept == nil {
		delete(header, "Cookie")
	} else {
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
