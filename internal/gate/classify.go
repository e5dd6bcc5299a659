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
	PageFetch              // a service worker fetches the page that a person opens, anew: it cannot follow a redirect
	FormSubmit             // a person submits a form, which a redirect would lose
)

// Classify returns the kind of a request, going by the Fetch Metadata headers (W3C)
// that browsers send, and without them by what it accepts.
func Classify(r *http.Request) Kind {
	if r.Method == http.MethodConnect || r.Header.Get("Upgrade") != "" {
		return Program
	}
	kind := kindOfGet(r.Header)
	switch {
	case kind == Program, r.Method == http.MethodGet, r.Method == http.MethodHead:
		return kind
	case kind == PageFetch && r.Method != http.MethodPost: // no form has another method
		return Program
	}
	return FormSubmit
}

// kindOfGet is the kind of a request, were it a GET.
func kindOfGet(header http.Header) Kind {
	mode, dest := header.Get("Sec-Fetch-Mode"), header.Get("Sec-Fetch-Dest")
	accepted := AcceptsPage(header) && header.Get("X-Requested-With") == ""
	switch mode {
	case "", "navigate":
		switch dest {
		case "document", "iframe", "frame":
			return Navigation
		case "": // a browser that does not tell the one, or neither
			if mode != "" || accepted {
				return Navigation
			}
		case "empty": // a service worker passes a navigation on; a download accepts no page
			if mode != "" && accepted {
				return Navigation
			}
		}
	case "cors", "same-origin": // a service worker makes a request of its own from a navigation
		if accepted && (dest == "" || dest == "empty") {
			return PageFetch
		}
	}
	return Program
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
