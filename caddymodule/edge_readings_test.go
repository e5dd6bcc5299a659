package caddymodule

import (
	"strings"
	"testing"
)

// splitsByPath and splitsByMethod are ways to gate a part of a site, which is /admin or whatever is not a GET.
var splitsByPath = map[string]string{
	"a gate in a handle":        "handle /admin/* {\ndoorpost {\nallow *\n}\n" + echo + "\n}\nhandle {\n" + echo + "\n}",
	"an open handle beside it":  "handle /open/* {\n" + echo + "\n}\nhandle {\ndoorpost {\nallow *\n}\n" + echo + "\n}",
	"an open route beside it":   "route {\nroute /open/* {\n" + echo + "\n}\ndoorpost {\nallow *\n}\n" + echo + "\n}",
	"an open handle_path":       "handle_path /open/* {\n" + echo + "\n}\nhandle {\ndoorpost {\nallow *\n}\n" + echo + "\n}",
	"a matcher of the gate":     "doorpost /admin/* {\nallow *\n}\n" + echo,
	"all but open paths":        "@rest not path /open/*\ndoorpost @rest {\nallow *\n}\n" + echo,
	"a gate with public paths":  "doorpost {\nallow *\npublic /open/*\n}\n" + echo,
	"an expression":             "@in expression `{path}.startsWith('/admin/')`\ndoorpost @in {\nallow *\n}\n" + echo,
	"an open answer before":     "route {\nroute {\nrespond /open/* \"REACHED\"\n}\ndoorpost {\nallow *\n}\n" + echo + "\n}",
	"an open handle in another": "handle {\nhandle /open/* {\n" + echo + "\n}\nhandle {\ndoorpost {\nallow *\n}\n" + echo + "\n}\n}",
}

var splitsByMethod = map[string]string{
	"a gate in a handle":       "@changes not method GET HEAD\nhandle @changes {\ndoorpost {\nallow *\n}\n" + echo + "\n}\nhandle {\n" + echo + "\n}",
	"an open handle beside it": "@reads method GET HEAD\nhandle @reads {\n" + echo + "\n}\nhandle {\ndoorpost {\nallow *\n}\n" + echo + "\n}",
	"a matcher of the gate":    "@changes not method GET HEAD\ndoorpost @changes {\nallow *\n}\n" + echo,
	"an expression":            "@changes expression `{method} != 'GET'`\ndoorpost @changes {\nallow *\n}\n" + echo,
	"an expression beside it":  "@reads `{http.request.method} == 'GET'`\nhandle @reads {\n" + echo + "\n}\nhandle {\ndoorpost {\nallow *\n}\n" + echo + "\n}",
}

// Whatever an app makes of a path, a part of the site that is open does not lead to another.
func TestNoSecondReadingOfAPathGetsPastAPartOfASite(t *testing.T) {
	for name, site := range splitsByPath {
		t.Run(name, func(t *testing.T) {
			g := newGateway(t, "", site)
			reached := func(path string, headers ...string) bool {
				_, body := g.send(append([]string{"GET " + path + " HTTP/1.1", "Host: localhost:" + g.port}, headers...)...)
				return strings.Contains(body, "REACHED")
			}
			for _, path := range []string{
				"/admin%20/x", "/admin./x", "/admin%2e/x", "/open/..%20/admin/x", "/open/..;/admin/x", "/open/%2561dmin/..%2fadmin/x", "/admin::$INDEX_ALLOCATION/x", "/ADMINI~1/x",
				"/open/..%5cadmin/x", "/open%2f..%2fadmin/x", "/open/%c0%ae%c0%ae/admin/x", "/open/%ef%bc%8e%ef%bc%8e/admin/x", "/open%20/../admin/x", "/open/.../admin", "/open/%c2%a0/x",
			} {
				if reached(path) {
					t.Errorf("%s reaches the app", path)
				}
			}
			for _, header := range []string{"X-Original-URL: /admin/x", "x-rewrite-url: /admin/x", "X-Original-URL: http://localhost/admin/x"} {
				if reached("/open/x", header) {
					t.Errorf("/open/x with %s reaches the app", header)
				}
			}
			for _, header := range []string{"Accept: */*", "X-Original-URL: /open/x", "X-HTTP-Method-Override: DELETE"} {
				if !reached("/open/x", header) {
					t.Errorf("/open/x with %s does not reach the app", header)
				}
			}
		})
	}
}

func TestNoSecondMethodGetsPastAPartOfASite(t *testing.T) {
	for name, site := range splitsByMethod {
		t.Run(name, func(t *testing.T) {
			g := newGateway(t, "", site)
			reached := func(line string, headers ...string) bool {
				_, body := g.send(append([]string{line + " HTTP/1.1", "Host: localhost:" + g.port}, headers...)...)
				return strings.Contains(body, "REACHED")
			}
			for _, header := range []string{"X-HTTP-Method-Override: DELETE", "x-http-method: PUT", "X-Method-Override: POST"} {
				if reached("GET /x", header) {
					t.Errorf("a GET with %s reaches the app", header)
				}
			}
			if reached("GET /x?_method=DELETE") || reached("GET /x?a=b&%5fmethod=DELETE") {
				t.Error("a GET with another method in its query reaches the app")
			}
			for _, header := range []string{"Accept: */*", "X-Requested-With: x"} {
				if !reached("GET /x?method=a", header) {
					t.Errorf("a GET with %s does not reach the app", header)
				}
			}
			b := g.newBrowser()
			b.signIn("alice@example.com")
			if got := b.get("/x?_method=DELETE", "X-HTTP-Method-Override", "DELETE"); !strings.Contains(got.body, "REACHED") {
				t.Errorf("of somebody who may enter it is answered with %d", got.status)
			}
		})
	}
}

func TestNoSecondReadingGetsPastAGateInANamedRoute(t *testing.T) {
	g := bareGateway(t)
	g.address = "&(gate) {\ndoorpost {\nallow *\nurl " + g.origin() + "\n}\n" + echo + "\n}\nhttp://localhost:" + g.port
	g.site = "@admin {\npath /admin/*\nmethod GET\n}\nhandle @admin {\ninvoke gate\n}\nhandle {\n" + echo + "\n}"
	g.start()
	for _, request := range [][]string{{"GET /admin%20/x HTTP/1.1"}, {"GET /open/..;/admin/x HTTP/1.1"}, {"POST /admin/x HTTP/1.1", "X-HTTP-Method-Override: GET"}} {
		if _, body := g.send(append(request, "Host: localhost:"+g.port)...); strings.Contains(body, "REACHED") {
			t.Errorf("%q reaches the app", request)
		}
	}
	if _, body := g.send("POST /admin/x HTTP/1.1", "Host: localhost:"+g.port); !strings.Contains(body, "REACHED") {
		t.Errorf("what the gate does not stand before is answered with %q", body)
	}
}
