package gate

import (
	"net/http/httptest"
	"testing"
)

func TestClassifyKnowsPeopleFromPrograms(t *testing.T) {
	const page = "text/html,application/xhtml+xml,*/*;q=0.8"
	for _, c := range []struct {
		name, method string
		header       map[string]string
		want         Kind
	}{
		{"a browser opens a page", "GET", map[string]string{"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Accept": page}, Navigation},
		{"an old browser opens a page", "GET", map[string]string{"Accept": page}, Navigation},
		{"a link checker looks", "HEAD", map[string]string{"Accept": page}, Navigation},
		{"a page in a frame", "GET", map[string]string{"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, Navigation},
		{"a form is submitted", "POST", map[string]string{"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Accept": page}, FormSubmit},
		{"an old browser submits a form", "POST", map[string]string{"Accept": page}, FormSubmit},
		{"fetch", "GET", map[string]string{"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty", "Accept": "*/*"}, Program},
		{"a service worker passes a navigation on", "GET", map[string]string{"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "empty", "Accept": page}, Navigation},
		{"a service worker passes a form on", "POST", map[string]string{"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "empty", "Accept": page}, FormSubmit},
		{"a service worker fetches the page", "GET", map[string]string{"Sec-Fetch-Mode": "same-origin", "Sec-Fetch-Dest": "empty", "Accept": page}, PageFetch},
		{"a service worker fetches the page by CORS", "HEAD", map[string]string{"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty", "Accept": page}, PageFetch},
		{"a service worker submits the form", "POST", map[string]string{"Sec-Fetch-Mode": "same-origin", "Sec-Fetch-Dest": "empty", "Accept": page}, FormSubmit},
		{"fetch with another method", "PUT", map[string]string{"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty", "Accept": page}, Program},
		{"XHR that accepts pages", "GET", map[string]string{"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty", "Accept": page, "X-Requested-With": "XMLHttpRequest"}, Program},
		{"a download", "GET", map[string]string{"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "empty"}, Program},
		{"a download that accepts anything", "GET", map[string]string{"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "empty", "Accept": "*/*"}, Program},
		{"an image", "GET", map[string]string{"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image", "Accept": page}, Program},
		{"a script", "GET", map[string]string{"Sec-Fetch-Dest": "script", "Accept": page}, Program},
		{"an embedded object", "GET", map[string]string{"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "object"}, Program},
		{"XHR of an old browser", "GET", map[string]string{"X-Requested-With": "XMLHttpRequest", "Accept": page}, Program},
		{"curl", "GET", map[string]string{"Accept": "*/*"}, Program},
		{"no headers at all", "GET", nil, Program},
		{"HTML weighed zero", "GET", map[string]string{"Accept": "application/json, text/html;q=0.0"}, Program},
		{"HTML in capitals", "GET", map[string]string{"Accept": "TEXT/HTML;level=1;q=0.2"}, Navigation},
		{"a WebSocket", "GET", map[string]string{"Upgrade": "websocket", "Sec-Fetch-Mode": "websocket"}, Program},
		{"a WebSocket that pretends", "GET", map[string]string{"Upgrade": "websocket", "Accept": page}, Program},
		{"CONNECT", "CONNECT", map[string]string{"Accept": page}, Program},
		{"PUT by a program", "PUT", map[string]string{"Accept": "application/json"}, Program},
		{"preflight", "OPTIONS", map[string]string{"Sec-Fetch-Mode": "cors"}, Program},
	} {
		r := httptest.NewRequest(c.method, "/x", nil)
		for name, value := range c.header {
			r.Header.Set(name, value)
		}
		if got := Classify(r); got != c.want {
			t.Errorf("%s: kind %d, want %d", c.name, got, c.want)
		}
	}
}

// All that browsers may say: nothing that cannot show a page is taken for a person, and
// no person for a program.
func TestEveryCombinationOfFetchMetadataHasTheKindThatCanUseTheAnswer(t *testing.T) {
	count := make(map[Kind]int)
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		for _, mode := range []string{"", "navigate", "same-origin", "cors", "no-cors", "websocket", "webtransport"} {
			for _, dest := range []string{"", "document", "iframe", "frame", "empty", "object", "embed", "image", "script", "style", "font", "video", "worker", "serviceworker", "manifest", "report"} {
				for _, accept := range []string{"", "*/*", "application/json", "text/html", "application/json, text/html;q=0", "text/html,application/xhtml+xml,*/*;q=0.8"} {
					r := httptest.NewRequest(method, "/x", nil)
					for name, value := range map[string]string{"Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest, "Accept": accept} {
						if value != "" {
							r.Header.Set(name, value)
						}
					}
					got, html := Classify(r), AcceptsPage(r.Header)
					count[got]++
					safe := method == "GET" || method == "HEAD"
					opened := dest == "document" || dest == "iframe" || dest == "frame"
					var wrong string
					switch {
					case got == Program && mode == "navigate" && (opened || html && dest == "empty"):
						wrong = "a person"
					case got == Program && safe && html && dest == "empty" && (mode == "cors" || mode == "same-origin"):
						wrong = "a page that a service worker fetches"
					case got != Program && dest != "" && dest != "empty" && !opened:
						wrong = "a part of a page"
					case got != Program && !html && dest == "empty":
						wrong = "a download or a fetch"
					case got != Program && (mode == "no-cors" || mode == "websocket" || mode == "webtransport"):
						wrong = "a program"
					case (got == Navigation || got == PageFetch) && !safe:
						wrong = "a form"
					case got == Navigation && mode != "" && mode != "navigate":
						wrong = "a fetch, which cannot follow a redirect to a page"
					}
					if wrong != "" {
						t.Errorf("%s of %s, mode %q, dest %q, Accept %q is of kind %d", wrong, method, mode, dest, accept, got)
					}
				}
			}
		}
	}
	for kind := range FormSubmit + 1 {
		if count[kind] == 0 {
			t.Errorf("no combination is of kind %d", kind)
		}
	}
}
