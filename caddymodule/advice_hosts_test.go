package caddymodule

import (
	"slices"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

func TestAGateThatAnotherWayToWriteTheHostPassesByIsWarnedOf(t *testing.T) {
	isolate(t)
	for matcher, warns := range map[string]bool{
		"header Host HOST":                           true,
		"header Host *example.com":                   true,
		"header_regexp Host ^HOST$":                  true,
		"header_regexp Host ^HOST(:[0-9]+)?$":        true,
		"header_regexp Host (?i)^HOST$":              true,
		"expression {host} == \"HOST\"":              true,
		"expression `{http.request.host} == 'HOST'`": true,
		"expression {hostport} == \"HOST\"":          true,
		"expression `{host}.startsWith('app.')`":     true,
		"vars {host} HOST":                           true,
		"vars {http.request.hostport} HOST":          true,
		"vars_regexp {host} ^HOST$":                  true,
		"vars {labels.2} app":                        false,
		"header_regexp Host (?i)^HOST(:[0-9]+)?$":    false,
		"host HOST":                                  false,
		"expression `host('HOST')`":                  false,
		"not header Host other.example.com":          false,
		"expression {host} != \"other.example.com\"": false,
		"header Host other.example.com":              false,
		"header Host *":                              false,
	} {
		for _, site := range []string{
			"@in MATCHER\ndoorpost @in {\nallow *\n}\nAPP", "@in MATCHER\nhandle @in {\nGATEAPP}\nhandle {\nAPP}", "@in {\nMATCHER\npath PATH/*\n}\nhandle @in {\nrewrite * /x\nGATEAPP}\nhandle {\nAPP}",
			"@in MATCHER\nhandle @in {\nGATEAPP}\nhandle {\nrespond hi\n}", "@in MATCHER\nhandle @in {\nGATEAPP}\nhandle {\nELSE}",
		} {
			warns := warns && (strings.HasSuffix(site, "\nAPP}") || strings.HasSuffix(site, "\nAPP"))
			eachHandles(map[string]bool{strings.ReplaceAll(site, "MATCHER", strings.ReplaceAll(matcher, "HOST", "app.example.com")): warns}, func(_, _, source string, _ bool) {
				told := slices.ContainsFunc(isOpen(t, source), func(f adminapi.Finding) bool {
					return strings.HasPrefix(f.Found, "doorpost does not come before a request with the Host ") && strings.HasSuffix(f.Advice, "@app host app.example.com")
				})
				if told != warns {
					t.Errorf("%q is warned of: %v", source, told)
				}
			})
		}
	}
	for address, host := range map[string]string{"app.example.com:8443": "app.example.com:8443", "www.example.com, app.example.com": "app.example.com", "http://localhost": "localhost", "http://127.0.0.1": "127.0.0.1"} {
		got := provisionedApp(t, address+" {\n@in header Host "+host+"\ndoorpost @in {\nallow *\n}\nreverse_proxy localhost:1\n}\n").advice()
		if !slices.ContainsFunc(got, func(f adminapi.Finding) bool { return strings.HasPrefix(f.Found, "doorpost does not come before") }) {
			t.Errorf("%s is not warned of: %v", address, got)
		}
	}
}
