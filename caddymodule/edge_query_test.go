package caddymodule

import (
	"strings"
	"testing"
)

// A query that is read in two ways gets past no gate with a matcher by query, be it of the
// block or of a handle around it.
func TestAMalformedQueryGetsPastNoGate(t *testing.T) {
	const gate = "doorpost {\nallow *\n}\n" + echo + "\n"
	for name, site := range map[string]string{
		"matcher":    "@in query do=admin\ndoorpost @in {\nallow *\n}\n" + echo,
		"handle":     "@in query do=admin\nhandle @in {\n" + gate + "}\nhandle {\n" + echo + "\n}",
		"expression": "@in expression {query.do} == 'admin'\ndoorpost @in {\nallow *\n}\n" + echo,
	} {
		t.Run(name, func(t *testing.T) {
			g := newGateway(t, "", site)
			for _, bad := range []string{"a=%zz", "a=1;b=2", "%", "a=%2", ";"} {
				for _, query := range []string{"do=admin&" + bad, bad + "&do=admin"} {
					if _, body := g.send("GET /?"+query+" HTTP/1.1", "Host: localhost:"+g.port); strings.Contains(body, "REACHED") {
						t.Errorf("?%s is answered with %q", query, body)
					}
				}
			}
			for _, query := range []string{"do=show", "", "a=1%20b&do=show"} {
				if _, body := g.send("GET /?"+query+" HTTP/1.1", "Host: localhost:"+g.port); !strings.Contains(body, "REACHED") {
					t.Errorf("?%s is answered with %q", query, body)
				}
			}
		})
	}
}

// Where no query decides, apps get those that are not well-formed.
func TestAMalformedQueryIsNoMatterWhereNoneDecides(t *testing.T) {
	const gated = "handle /admin* {\ndoorpost {\nallow *\n}\n" + echo + "\n}\nhandle {\n" + echo + "\n}"
	for _, site := range []string{
		gated, "handle /files/* {\ntry_files {path} /index.html\nfile_server\n}\n" + gated,
		"@json expression {header.Accept} == 'x'\nhandle @json {\n" + echo + "\n}\n" + gated,
	} {
		g := newGateway(t, "", site)
		if _, body := g.send("GET /search?q=100%&a;b HTTP/1.1", "Host: localhost:"+g.port); !strings.Contains(body, "REACHED") {
			t.Errorf("%s\nit is answered with %q", site, body)
		}
	}
}
