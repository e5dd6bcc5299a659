package gate

import (
	"net/http"
	"strings"
)

// Kind is the kind of answer that a request can use.
type Kind int

// The kinds.
const (
	Program    Kind = iota // anything that cannot show a page: fetch, XHR, WebSocket, command line tools
	Navigation             // a person opens a page
	FormSubmit             // a person submits a form, which a redirect would lose
)

// Classify returns the kind of a request, going by the Fetch Metadata headers (W3C)
// that browsers send, and without them by what it accepts.
func Classify(r *http.Request) Kind {
	if r.Method == http.MethodConnect || r.Header.Get("Upgrade") != "" || !wantsPage(r.Header) {
		return Program
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return Navigation
	}
	return FormSubmit
}

func wantsPage(header http.Header) bool {
	mode, dest := header.Get("Sec-Fetch-Mode"), header.Get("Sec-Fetch-Dest")
	switch {
	case mode != "" || dest != "":
		return (mode == "navigate" || mode == "") && (dest == "document" || dest == "iframe" || dest == "frame" || dest == "")
	case header.Get("X-Requested-With") != "":
		return false
	}
	return AcceptsPage(header)
}

// AcceptsPage reports whether a request accepts HTML by name. A wildcard does not
// count: programs send it.
func AcceptsPage(header http.Header) bool {
	for _, line := range header["Accept"] {
		for part := range strings.SplitSeq(line, ",") {
			mediaType, parameters, _ := strings.Cut(part, ";")
			if strings.EqualFold(strings.TrimSpace(mediaType), "text/html") && !refused(parameters) {
				return true
			}
		}
	}
	return false
}

// refused reports whether the parameters of a media type give it the weight zero.
func refused(parameters string) bool {
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		if strings.EqualFold(name, "q") {
			return strings.Trim(value, "0.") == ""
		}
	}
	return false
}
