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
		{"fetch that accepts pages", "GET", map[string]string{"Sec-Fetch-Mode": "same-origin", "Sec-Fetch-Dest": "empty", "Accept": page}, Program},
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
