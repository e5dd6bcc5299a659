package caddymodule

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
			if got := warned(t, first+handles); !strings.Contains(got, "doorpost stands in a handle for /admin*, and ") {
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
	} {
		site = strings.ReplaceAll(strings.ReplaceAll(site, "GATE", "doorpost {\nallow *\n}\nAPP"), "APP", "reverse_proxy 127.0.0.1:9")
		if got := warned(t, site); strings.Contains(got, "makes another path of it") {
			t.Errorf("%s\nloading warns of %q", site, got)
		}
	}
}

func TestInsideAHandlePathWhatIsLeftCounts(t *testing.T) {
	for matcher, want := range map[string]map[string]int{
		"@in not path /open/*":                 {"/app/open/x": http.StatusOK, "/app/x": http.StatusSeeOther},
		"@in expression !path('/open/*')":      {"/app/open/x": http.StatusOK, "/app/x": http.StatusSeeOther},
		"@in path /admin /admin/*":             {"/app/admin/x": http.StatusSeeOther, "/app/x": http.StatusOK},
		"@in path /app/admin/*":                {"/app/admin/x": http.StatusSeeOther, "/app/x": http.StatusOK},
		"@in path_regexp ^/(secret|private)/?": {"/app/secret": http.StatusSeeOther, "/app/x": http.StatusOK},
	} {
		t.Run(fmt.Sprint(len(matcher)), func(t *testing.T) {
			g := newGateway(t, "", "handle_path /app/* {\n"+matcher+"\ndoorpost @in {\nallow *\n}\nrespond open\n}\n")
			for path, status := range want {
				if got := g.newBrowser().get(path); got.status != status {
					t.Errorf("%s: %s is answered %d %q", matcher, path, got.status, got.body)
				}
			}
		})
	}
}
