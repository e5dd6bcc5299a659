package caddymodule

import (
	"slices"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

func TestAPostThatIsLeftOpenBesideOtherMethodsIsWarnedOf(t *testing.T) {
	isolate(t)
	for site, warns := range map[string]bool{
		"@in method PUT DELETE\ndoorpost @in {\nallow *\n}":                                 true,
		"@in {\nmethod DELETE\npath /admin/*\n}\ndoorpost @in {\nallow *\n}":                true,
		"@in expression `{method} == 'PATCH'`\ndoorpost @in {\nallow *\n}":                  true,
		"@in method PUT\ndoorpost @in {\nallow *\n}\ndoorpost /x {\nallow *\n}":             true,
		"@in not method GET HEAD OPTIONS\ndoorpost @in {\nallow *\n}":                       false,
		"@in method POST PUT\ndoorpost @in {\nallow *\n}":                                   false,
		"@in method PUT\ndoorpost @in {\nallow *\n}\ndoorpost {\nallow *\n}":                false,
		"@in method GET\ndoorpost @in {\nallow *\n}":                                        false,
		"@in not {\nmethod GET HEAD\npath /prices /prices/*\n}\ndoorpost @in {\nallow *\n}": false,
		"@in path /method /methods/*\ndoorpost @in {\nallow *\n}":                           false,
		"doorpost {\nallow *\npublic /method\n}":                                            false,

		"@in method PUT DELETE\nhandle @in {\ndoorpost {\nallow *\n}\n}\nhandle {\nrespond ok\n}":                     true,
		"@in method PATCH\nroute @in {\ndoorpost {\nallow *\n}\n}\nrespond ok":                                        true,
		"@in method GET POST\nhandle @in {\nrespond ok\n}\nhandle {\ndoorpost {\nallow *\n}\n}":                       true,
		"handle /admin/* {\n@in not method GET POST\nhandle @in {\ndoorpost {\nallow *\n}\n}\n}":                      true,
		"@in {\nmethod DELETE\npath /api/*\n}\nhandle @in {\ndoorpost {\nallow *\n}\n}\nrespond ok":                   true,
		"@in method PUT\nhandle @in {\nroute {\ndoorpost {\nallow *\n}\n}\n}\nhandle {\ndoorpost {\nallow *\n}\n}":    false,
		"@in not method GET HEAD\nhandle @in {\ndoorpost {\nallow *\n}\n}\nhandle {\nrespond ok\n}":                   false,
		"@in method GET\nhandle @in {\nrespond ok\n}\nhandle {\ndoorpost {\nallow *\n}\n}":                            false,
		"handle /open/* {\nrespond ok\n}\nhandle {\ndoorpost {\nallow *\n}\n}":                                        false,
		"@in method PUT\nhandle @in {\ndoorpost {\nallow *\n}\nrespond ok\n}\nhandle {\nroot /srv\nfile_server\n}":    false,
		"@in method PUT\nhandle @in {\ndoorpost {\nallow *\n}\nrespond ok\n}\n@post method POST\nrespond @post 405":   false,
		"@in method PUT\nhandle @in {\ndoorpost {\nallow *\n}\nrespond ok\n}\nhandle {\nreverse_proxy localhost:2\n}": false,

		"route {\nrespond /hook ok\n@in {\nmethod PUT\npath /hook\n}\ndoorpost @in {\nallow *\n}\n@rest not path /hook\ndoorpost @rest {\nallow *\n}\n}":  false,
		"invoke api\n}\n&(api) {\n@in {\nmethod DELETE\npath /api/*\n}\nhandle @in {\ndoorpost {\nallow *\nurl https://app.example.com\n}\n}\nrespond ok": true,
	} {
		app := provisionedApp(t, "app.example.com {\n"+strings.ReplaceAll(site, "respond ok", "reverse_proxy localhost:1")+"\nreverse_proxy localhost:1\n}\n")
		told := slices.ContainsFunc(app.advice(), func(f adminapi.Finding) bool {
			return f.Check == "site https://app.example.com" && strings.Contains(f.Found, "leaves POST open") && strings.Contains(f.Advice, "@changes not method") && f.Where != ""
		})
		if told != warns {
			t.Errorf("%q is warned of: %v", site, told)
		}
	}
}
