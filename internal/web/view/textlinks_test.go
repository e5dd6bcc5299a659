package view

import (
	"strings"
	"testing"
)

func TestOnlyLinksToThisMachineOrHostCanBeFollowed(t *testing.T) {
	for name, c := range map[string]struct{ text, link string }{
		"localhost":                       {"go to http://localhost:8080/x#abc now", "http://localhost:8080/x#abc"},
		"localhost at the end":            {"http://localhost/x.", "http://localhost/x"},
		"localhost in brackets":           {"(https://localhost/x)", "https://localhost/x"},
		"the host of the page":            {"https://demo.example.com/x", "https://demo.example.com/x"},
		"the host in capitals":            {"https://DEMO.example.com/x", "https://DEMO.example.com/x"},
		"another host":                    {"https://example.com/x", ""},
		"a host that begins alike":        {"https://localhost.example.com/x", ""},
		"a host that ends alike":          {"https://notlocalhost/x", ""},
		"a user who looks like a host":    {"http://localhost@example.com/", ""},
		"a user at the host":              {"http://example.com@localhost/", ""},
		"a backslash":                     {`http://localhost\@example.com/`, ""},
		"a backslash in the path":         {`http://localhost/\example.com/`, ""},
		"another scheme":                  {"ftp://localhost/x", ""},
		"a script":                        {"javascript:alert('http://')", ""},
		"nothing behind the slashes":      {"http:///x", ""},
		"a link in quotes":                {`<a href="http://localhost/x">`, "http://localhost/x"},
		"a malformed escape":              {"http://localhost/%zz", ""},
		"a host that is a broken literal": {"http://[localhost/", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var whole strings.Builder
			link := ""
			for _, part := range findLinks(c.text, "demo.example.com:8443") {
				whole.WriteString(part.Text)
				link += part.Link
			}
			if link != c.link {
				t.Errorf("got the link %q, want %q", link, c.link)
			}
			if whole.String() != c.text {
				t.Errorf("the text became %q", whole.String())
			}
		})
	}
}

func TestAnUnknownHostMakesNoLinks(t *testing.T) {
	for _, part := range findLinks("http:///x https://:80/", "") {
		if part.Link != "" {
			t.Errorf("got the link %q", part.Link)
		}
	}
}
