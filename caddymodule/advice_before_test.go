package caddymodule

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

// before are what makes another path of one.
var before = []string{
	"rewrite * /index.php", "rewrite * /index.php?path={path}", "rewrite * /v2{uri}", "rewrite /admin* /elsewhere",
	"try_files {path} /index.php", "try_files {path} {path}/ /index.php?{query}", "uri replace /admin /elsewhere 1",
	"uri path_regexp ^/admin /elsewhere", "@asked not path /elsewhere\nrewrite @asked /index.php", "uri strip_prefix /admin",
}

// A matcher of a block sees what the visitor asks for, whatever comes before; a handle around
// it does not, and loading warns.
func TestNothingBeforeTheGateOpensWhatItProtects(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "index.php"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for i, first := range before {
		for j, gate := range []string{
			"doorpost /admin* {\nallow *\n}", "@in path /admin /admin/*\ndoorpost @in {\nallow *\n}",
			"@in expression path('/admin*')\ndoorpost @in {\nallow *\n}", "@in path_regexp ^/admin\ndoorpost @in {\nallow *\n}",
			"@in not path /index.php /elsewhere*\ndoorpost @in {\nallow *\n}",
			"@in expression {path}.startsWith('/admin')\ndoorpost @in {\nallow *\n}", "@in vars_regexp {path} ^/admin\ndoorpost @in {\nallow *\n}",
			"@in expression {path.0} == 'admin'\ndoorpost @in {\nallow *\n}", "map {path} {zone} {\n~^/admin inside\n}\n@in vars {zone} inside\ndoorpost @in {\nallow *\n}",
		} {
			t.Run(fmt.Sprint(i, j), func(t *testing.T) {
				g := newGateway(t, "", "root "+root+"\n"+first+"\n"+gate+"\nrespond open\n")
				if got := g.newBrowser().get("/admin/x"); got.status != http.StatusSeeOther {
					t.Errorf("/admin/x is answered %d %q with\n%s\n%s", got.status, got.body, first, gate)
				}
			})
		}
		t.Run(fmt.Sprint(i, " in a handle"), func(t *testing.T) {
			isolate(t)
			const handles = "\nhandle /admin* {\ndoorpost {\nallow *\n}\nreverse_proxy 127.0.0.1:9\n}\nhandle {\nreverse_proxy 127.0.0.1:9\n}\n"
			if got := warned(t, first+handles); !strings.Contains(got, "before it makes something else of that, which is open to anyone") {
				t.Errorf("with %s loading warns of %q", first, got)
			}
		})
	}
}

func TestWhatBeforeTheGateKeepsItsPathsIsNotWarnedOf(t *testing.T) {
	isolate(t)
	for _, site := range []string{
		"handle_path /app/* {\nhandle /admin* {\nGATE\n}\nhandle {\nAPP\n}\n}",
		"rewrite * /v2{uri}\nhandle /v2/admin* {\nGATE\n}\nhandle {\nrespond no\n}",
		"rewrite /dash /admin/dash\nhandle /admin* {\nGATE\n}\nhandle {\nAPP\n}",
		"handle /admin* {\nrewrite * /x{uri}\nGATE\n}\nhandle {\nrewrite * /y{uri}\nrespond no\n}",
		"handle /admin* {\nGATE\n}\nhandle {\ntry_files {path} /index.html\nfile_server\n}",
		"uri query -token\nhandle /admin* {\nGATE\n}\nhandle {\nAPP\n}",
		"try_files {path} {path}/\nhandle /admin* {\nGATE\n}\nhandle {\nAPP\n}",
		"uri strip_prefix /app\nhandle /admin* {\nGATE\n}\nhandle {\nAPP\n}",
		"@user path_regexp ^/u/(\\w+)$\nrewrite @user /user?n={re.1}\nhandle /admin* {\nGATE\n}\nhandle {\nAPP\n}",
		"uri path_regexp ^/(de|en)/ /\nhandle /admin* {\nGATE\n}\nhandle {\nAPP\n}",
		"uri replace // /\nhandle /admin* {\nGATE\n}\nhandle {\nAPP\n}",
		"rewrite /old* /admin\nhandle /old* {\nGATE\n}\nhandle {\nGATE\n}",
		"rewrite /old* /new\nhandle /old* {\nGATE\n}\nrespond 404",
	} {
		site = strings.ReplaceAll(strings.ReplaceAll(site, "GATE", "doorpost {\nallow *\n}\nAPP"), "APP", "reverse_proxy 127.0.0.1:9")
		if got := warned(t, site); strings.Contains(got, "makes something else of that") {
			t.Errorf("%s\nloading warns of %q", site, got)
		}
	}
}

// Whatever chooses the handle, and whatever opens another one.
func TestWhatMakesAnotherRequestBeforeAnyHandleIsWarnedOf(t *testing.T) {
	isolate(t)
	eachHandles(map[string]bool{
		"uri replace PATH /y\n@in path_regexp (?i)^PATH\nhandle @in {\nGATEAPP}\nhandle {\nAPP}":                           true,
		"rewrite PATH* /y\n@in path_regexp (?i)^PATH/(.*)$\nhandle @in {\nGATEAPP}\nhandle {\nAPP}":                        true,
		"rewrite * /index.php\n@in path_regexp (?i)^(PATH|/secret)(/|$)\nhandle @in {\nGATEAPP}\nhandle {\nAPP}":           true,
		"rewrite PATH* /y\n@in expression {path}.startsWith('PATH')\nhandle @in {\nGATEAPP}\nhandle {\nAPP}":               true,
		"rewrite PATH* /y\n@in vars_regexp {path} (?i)^PATH\nhandle @in {\nGATEAPP}\nhandle {\nAPP}":                       true,
		"rewrite PATH* /y\n@in not path /y /open/*\nhandle @in {\nGATEAPP}\nhandle {\nAPP}":                                true,
		"map {path} {zone} {\n~(?i)^PATH inside\n}\nrewrite PATH* /y\n@in vars {zone} inside\nhandle @in {\nGATEAPP}\nAPP": true,
		"rewrite PATH* /open/x\nhandle /open/* {\nAPP}\nhandle {\nGATEAPP}":                                                true,
		"rewrite * /v2{uri}\nhandle /v2/* {\nAPP}\nhandle {\nGATEAPP}":                                                     true,
		"try_files {path} /index.html\nhandle /index.html {\nAPP}\nhandle {\nGATEAPP}":                                     true,
		"try_files {path} {path}/ /index.html?{query}\nhandle /index.html {\nAPP}\nhandle {\nGATEAPP}":                     true,
		"try_files {path} /index.html\ndoorpost {\nallow *\npublic /index.html\n}\nAPP":                                    true,
		"try_files {path} /index.php\ndoorpost {\nallow *\npublic /index.php\n}\nPHP":                                      true,
		"handle_path /app/* {\nrewrite * /y\n@in path_regexp (?i)^PATH\nhandle @in {\nGATEAPP}\nhandle {\nAPP}\n}":         true,
		"handle_path /app/* {\nhandle /app/PATH* {\nGATEAPP}\nhandle {\nAPP}\n}":                                           true,
		"handle_path /app/* {\n@in path_regexp ^/app/secret\nhandle @in {\nGATEAPP}\nhandle {\nAPP}\n}":                    true,
		"rewrite * {path}?\n@in query do=admin\nhandle @in {\nGATEAPP}\nhandle {\nAPP}":                                    true,
		"uri query -do\n@in {\npath PATH*\nquery do=*\n}\nhandle @in {\nGATEAPP}\nhandle {\nAPP}":                          true,
		"request_header X-Open yes\n@open header X-Open yes\nhandle @open {\nAPP}\nhandle {\nGATEAPP}":                     true,
		"request_header X-Open yes\n@in not header X-Open *\nhandle @in {\nGATEAPP}\nhandle {\nAPP}":                       true,
		"request_header X-Open yes\n@in not header X-Open *\nhandle @in {\nGATEAPP}\nhandle {\nELSE}":                      false,
		"rewrite PATH* /y\n@in path_regexp (?i)^PATH\nhandle @in {\nGATEAPP}\nhandle {\nELSE}":                             false,
		"rewrite PATH* /y\n@in path_regexp (?i)^(PATH|/y)\nhandle @in {\nGATEAPP}\nhandle {\nAPP}":                         false,
		"try_files {path} /index.html\nhandle /index.html {\nELSE}\nhandle {\nGATEAPP}":                                    false,
		"try_files {path} /index.html\nbasic_auth {\nbob HASH\n}\nhandle /index.html {\nAPP}\nhandle {\nGATEAPP}":          false,
		"rewrite PATH* /y\n@in path_regexp (?i)^PATH\ndoorpost @in {\nallow *\n}\nAPP":                                     false,
	}, func(_, _, source string, warns bool) {
		told := slices.ContainsFunc(isOpen(t, source), func(f adminapi.Finding) bool {
			return strings.Contains(f.Found, "before it makes something else of that")
		})
		if told != warns {
			t.Errorf("%q is warned of: %v", source, told)
		}
	})
}

func TestInsideAHandlePathWhatIsLeftCounts(t *testing.T) {
	const open, closed = http.StatusOK, http.StatusSeeOther
	for i, c := range []struct {
		around, before, matcher string
		want                    map[string]int
	}{
		{"handle_path /app/*", "", "not path /open/*", map[string]int{"/app/open/x": open, "/app/x": closed}},
		{"handle_path /App/*", "", "not path /open/*", map[string]int{"/app/open/x": open, "/App/open/x": open, "/app/x": closed}},
		{"handle_path /app/*", "", "expression !path('/open/*')", map[string]int{"/app/open/x": open, "/app/x": closed}},
		{"handle_path /app/*", "", "path /admin /admin/*", map[string]int{"/app/admin/x": closed, "/app/x": open}},
		{"handle_path /app/*", "", "path /app/admin/*", map[string]int{"/app/admin/x": closed, "/app/x": open}},
		{"handle_path /app/*", "", "path_regexp ^/(secret|private)", map[string]int{"/app/secret": closed, "/app/x": open}},
		{"handle_path /a/*", "rewrite * /index.php", "path /admin*", map[string]int{"/a/admin/x": closed, "/a/x": open}},
		{"handle_path /app/*", "rewrite * /index.php", "path /application* /settings*", map[string]int{"/app/settings": closed, "/app/x": open}},
		{"handle_path /App/*", "rewrite * /index.php", "path_regexp ^/admin", map[string]int{"/app/admin/x": closed, "/APP/admin/x": closed, "/app/x": open}},
		{"@app path_regexp ^/app/\nhandle @app", "uri strip_prefix /app\nrewrite * /index.php", "path /admin*", map[string]int{"/app/admin/x": closed, "/app/x": open}},
		{"handle", "uri strip_prefix /de\nuri replace /admin /x", "path /admin*", map[string]int{"/de/admin/x": closed, "/admin/x": closed, "/de/y": open}},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			route := "route {\n" + c.before + "\ndoorpost @in {\nallow *\n}\nrespond open\n}\n"
			if c.before == "" {
				route = "doorpost @in {\nallow *\n}\nrespond open\n"
			}
			g := newGateway(t, "", c.around+" {\n@in "+c.matcher+"\n"+route+"}\n")
			for path, status := range c.want {
				if got := g.newBrowser().get(path); got.status != status {
					t.Errorf("%s {%s, @in %s}: %s is answered %d %q", c.around, c.before, c.matcher, path, got.status, got.body)
				}
			}
		})
	}
}
