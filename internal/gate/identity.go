package gate

import (
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/http/httpguts"
)

// HeaderNames are the headers in which the app receives who is signed in. An
// empty name sends none.
type HeaderNames struct{ User, Email, Groups, Name, Assertion string }

// all are the names; some may be empty.
func (n *HeaderNames) all() [5]*string {
	return [...]*string{&n.User, &n.Email, &n.Groups, &n.Name, &n.Assertion}
}

// DefaultHeaderNames are names that many apps know.
var DefaultHeaderNames = HeaderNames{User: "Remote-User", Email: "Remote-Email", Groups: "Remote-Groups", Name: "Remote-Name"}

// notForIdentity are headers that have a meaning for the server itself.
var notForIdentity = []string{
	"Host", "Cookie", "Connection", "Upgrade", "Te", "Trailer", "Transfer-Encoding", "Content-Length", "Content-Type", "Keep-Alive",
	"Proxy-Connection", "Origin", "Referer", "Accept", "User-Agent", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto",
	"Authorization", "Proxy-Authorization", TokenHeader, "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Protocol",
	"Sec-WebSocket-Extensions", "Sec-WebSocket-Accept", "Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest", "Sec-Fetch-User",
}

// Canonical checks the names and returns them as the server writes them.
func (n HeaderNames) Canonical() (HeaderNames, error) {
	var taken []string
	for _, name := range n.all() {
		if *name == "" {
			continue
		}
		if !httpguts.ValidHeaderFieldName(*name) || len(*name) > maxHeaderName {
			return n, fmt.Errorf("%q is not the name of a header", *name)
		}
		*name = http.CanonicalHeaderKey(*name)
		if slices.ContainsFunc(notForIdentity, func(other string) bool { return fold(other) == fold(*name) }) {
			return n, fmt.Errorf("header %s has another meaning; choose another, for example Remote-User", *name)
		}
		if slices.Contains(taken, fold(*name)) {
			return n, fmt.Errorf("header %s is used twice", *name)
		}
		taken = append(taken, fold(*name))
	}
	if len(taken) == 0 {
		return n, errors.New("the app would not learn who is signed in; name at least one header")
	}
	return n, nil
}

// maxHeaderName bounds the names, so that each length has a bit in managed.lengths.
const maxHeaderName = 63

// managed are the names of identity headers, in all spellings that some app treats as
// the same: any case, and any other sign for - (as CGI and many frameworks do with _ and .,
// lighttpd with whatever is neither letter nor digit; CVE-2025-64484,
// GHSA-f59h-q822-g45g).
type managed struct {
	folded  []string
	lengths uint64 // bit n: a name of n bytes is among them
}

func (m *managed) add(n HeaderNames) {
	for _, name := range n.all() {
		m.addName(*name)
	}
}

func (m *managed) addName(name string) {
	if name != "" && !slices.Contains(m.folded, fold(name)) {
		m.folded = append(m.folded, fold(name))
		m.lengths |= 1 << len(name)
	}
}

// fold is the one spelling of a header name that all its spellings share.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && !isAlphanumeric(byte(r)) { // #nosec G115 -- it is ASCII
			return '-'
		}
		return r
	}, strings.ToLower(name))
}

// has reports whether a name is any spelling of one of ours. It checks the length
// first: most names differ from all of ours in that.
func (m *managed) has(name string) bool {
	if len(name) > maxHeaderName || m.lengths&(1<<len(name)) == 0 {
		return false
	}
	for _, ours := range m.folded {
		if equalFolded(name, ours) {
			return true
		}
	}
	return false
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func equalFolded(name, folded string) bool {
	if len(name) != len(folded) {
		return false
	}
	for i := range len(name) {
		c := name[i]
		switch {
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		case !isAlphanumeric(c):
			c = '-'
		}
		if c != folded[i] {
			return false
		}
	}
	return true
}

// strip deletes what the client sent under any spelling of our names. It also closes
// two ways to change ours later: a proxy removes the headers that Connection names
// (CVE-2024-45410), and reading the body can add trailers. And it deletes an Upgrade
// to a protocol that is not among those given, nil for any: behind the answer to an
// Upgrade no gate sees the requests (h2c smuggling). As it looks at all names, it also
// reports whether the request is for the script of a service worker.
func (m *managed) strip(r *http.Request, upgrades []string) (forWorker bool) {
	var connection, upgrade []string
	settings := false
	for name, values := range r.Header {
		switch {
		case m.has(name):
			delete(r.Header, name)
		case name == "Connection":
			connection = values
		case name == "Upgrade":
			upgrade = values
		case name == "Http2-Settings":
			settings = true
		case name == "Service-Worker":
			forWorker = true
		}
	}
	drop := dropped{names: m}
	if upgrades != nil && (settings || upgrade != nil && !areAmong(upgrade, upgrades)) {
		delete(r.Header, "Upgrade")
		delete(r.Header, "Http2-Settings")
		drop.upgrade = true
	}
	if drop.isAmong(connection) {
		drop.stripConnection(r.Header, connection)
	}
	// The server shares the map and fills it again after the body is read, so
	// deleting from it would not last.
	r.Trailer = nil
	return forWorker
}

// areAmong reports whether each protocol of an Upgrade is one of those allowed.
func areAmong(upgrade, allowed []string) bool {
	for _, value := range upgrade {
		for protocol := range strings.SplitSeq(value, ",") {
			protocol = textproto.TrimString(protocol)
			if !slices.ContainsFunc(allowed, func(a string) bool { return strings.EqualFold(a, protocol) }) {
				return false
			}
		}
	}
	return true
}

// dropped are the headers that Connection may not name any more.
type dropped struct {
	names   *managed
	upgrade bool // and those of an Upgrade
}

func (d dropped) has(name string) bool {
	return d.names.has(name) || d.upgrade && (strings.EqualFold(name, "Upgrade") || strings.EqualFold(name, "HTTP2-Settings"))
}

func (d dropped) isAmong(values []string) bool {
	for _, value := range values {
		for token := range strings.SplitSeq(value, ",") {
			if d.has(textproto.TrimString(token)) {
				return true
			}
		}
	}
	return false
}

func (d dropped) stripConnection(header http.Header, values []string) {
	var kept []string
	for _, value := range values {
		for token := range strings.SplitSeq(value, ",") {
			if token = textproto.TrimString(token); token != "" && !d.has(token) {
				kept = append(kept, token)
			}
		}
	}
	if len(kept) == 0 {
		delete(header, "Connection")
		return
	}
	header["Connection"] = []string{strings.Join(kept, ", ")}
}

// Identity is who is signed in, as the app learns it.
type Identity struct{ User, Email, Groups, Name string }

// identityCells hold the values of identity headers of a person without groups, within
// the visit: one allocation for each request is enough.
type identityCells [2]string

// set writes the identity into the request; an empty value sets no header. Each value
// has a slice of its own, since a later handler may change it in place: one of the
// cells, or a new one if an earlier block has used the cells.
func (n *HeaderNames) set(header http.Header, id Identity, cells *identityCells) {
	values := cells[:0]
	if cells[0] != "" {
		values = nil
	}
	write := func(name, value string) {
		if name == "" || value == "" {
			return
		}
		values = append(values, value)
		last := len(values)
		header[name] = values[last-1 : last : last]
	}
	write(n.User, id.User)
	write(n.Email, id.Email)
	write(n.Groups, id.Groups)
	write(n.Name, id.Name)
}
