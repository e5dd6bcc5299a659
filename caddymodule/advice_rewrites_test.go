package caddymodule

import (
	"strings"
	"testing"
)

func TestAPublicPathThatIsRewrittenBehindTheGateIsWarnedOf(t *testing.T) {
	isolate(t)
	const gate = "doorpost {\nallow *\npublic /assets/*\n}\n"
	for site, warns := range map[string]bool{
		gate + "php_fastcgi localhost:1":                                                true,
		gate + "handle {\ntry_files {path} /index.php\nreverse_proxy localhost:1\n}":    true,
		gate + "handle /assets/* {\nrewrite * /index.php\nreverse_proxy localhost:1\n}": true,
		gate + "route {\nrewrite * /index.php?{query}\nreverse_proxy localhost:1\n}":    true,
		gate + "handle {\nphp_fastcgi localhost:1\n}":                                   true,
		gate + "handle /assets/img/* {\nrewrite * /index.php\n}":                        true,
		"handle {\n" + gate + "php_fastcgi localhost:1\n}":                              true,
		gate + "invoke front":               true,
		gate + "handle {\ninvoke nested\n}": true,
		"invoke front\n" + gate:             true,
		"route {\n" + gate + "try_files {path} /index.html\nfile_server\n}":                                     true,
		gate + "route {\nuri replace assets admin\nreverse_proxy localhost:1\n}":                                true,
		gate + "route {\nuri path_regexp /assets/(.*) /$1\nreverse_proxy localhost:1\n}":                        true,
		gate + "handle /assets* {\nrewrite * /index.php\n}":                                                     true,
		gate + "handle {\n@there file\nrewrite @there /index.php\n}":                                            true,
		gate + "file_server\nhandle_errors {\nrewrite * /index.php\nphp_fastcgi localhost:1\n}":                 true,
		gate + "file_server\nhandle_errors 404 {\nrewrite * /admin\nreverse_proxy localhost:1\n}":               true,
		gate + "intercept {\nhandle_response {\nrewrite * /index.php\n}\n}\nreverse_proxy localhost:1":          true,
		gate + "file_server\nhandle_errors {\nrewrite * /{err.status_code}.html\nfile_server\n}":                false,
		gate + "file_server\nhandle_errors {\nrewrite * /404.html?from=doorpost\nfile_server\n}":                false,
		"doorpost {\nallow *\n}\nhandle_errors {\nrewrite * /index.php\nphp_fastcgi localhost:1\n}":             false,
		gate + "@other {\npath /x/*\n}\nhandle @other {\nrewrite * /index.php\n}":                               false,
		gate + "@other not path /assets/*\nroute @other {\nrewrite * /index.php\n}":                             false,
		gate + "handle_path /assets/* {\nreverse_proxy localhost:1\n}\nreverse_proxy localhost:1":               true,
		gate + "handle /assets/* {\nrewrite * /x{uri}\nreverse_proxy localhost:1\n}\nreverse_proxy localhost:1": true,
		gate + "handle {\nuri strip_prefix /assets\nreverse_proxy localhost:1\n}":                               true,
		gate + "handle /a* {\nuri strip_prefix /assets\nreverse_proxy localhost:1\n}":                           true,
		gate + "handle {\nuri /assets/* strip_prefix /assets\nreverse_proxy localhost:1\n}":                     true,
		gate + "reverse_proxy localhost:1":                                                                      false,
		gate + "file_server":                                                                                    false,
		"try_files {path} /index.html\n" + gate + "file_server":                                                 false,
		"rewrite /x /y\n" + gate + "reverse_proxy localhost:1":                                                  false,
		gate + "handle_path /assets/* {\nfile_server\n}\nreverse_proxy localhost:1":                             false,
		gate + "route /app/* {\nrewrite /app/* /index.php\nreverse_proxy localhost:1\n}":                        false,
		gate + "handle {\ntry_files {path} =404\nfile_server\n}":                                                false,
		"handle /assets/* {\nfile_server\n}\nhandle {\ndoorpost {\nallow *\n}\nphp_fastcgi localhost:1\n}":      false,
		"handle /static/* {\n" + gate + "file_server\n}\nhandle {\nphp_fastcgi localhost:1\n}":                  false,
		"doorpost {\nallow *\n}\nphp_fastcgi localhost:1":                                                       false,
	} {
		got := warned(t, site)
		if warns != (strings.Count(got, ": behind doorpost something") == 1) {
			t.Errorf("%q warns of %q", site, got)
		}
	}
}

// What a matcher leaves out comes to no route for what it protects, unless something on the
// way makes another path.
func TestAPathThatIsLeftOpenAndRewrittenBehindTheGateIsWarnedOf(t *testing.T) {
	isolate(t)
	for _, path := range []string{"/admin", "/a/b", "/ADMIN"} {
		for site, warns := range map[string]bool{
			"GATEhandle_path PATH/* {\nAPP}\nhandle {\nAPP}":                                                       false,
			"GATEroute {\nhandle_path PATH/* {\nAPP}\nhandle {\nELSE}\n}":                                          false,
			"GATEhandle_path /o/* {\nELSE}\nhandle_path PATH/* {\nAPP}":                                            false,
			"GATEhandle_path /o/* {\nAPP}\nhandle {\nAPP}":                                                         true,
			"GATEhandle {\nrewrite * PATH/x\nAPP}":                                                                 true,
			"GATEroute {\nuri strip_prefix /o\nhandle_path PATH/* {\nAPP}\nhandle {\nrespond home\n}\n}":           true,
			"GATEroute {\nuri replace /o/ /\nhandle PATH/* {\nAPP}\n}":                                             true,
			"GATEroute {\n@x {\nmethod GET\n}\nroute @x {\nrewrite * PATH/x\n}\nhandle PATH/* {\nAPP}\n}":          true,
			"@in {\nmethod POST\npath PATH PATH/*\n}\ndoorpost @in {\nallow *\n}\nhandle_path PATH/* {\nAPP}\nAPP": true,
		} {
			site = strings.NewReplacer("GATE", "@in path PATH PATH/*\ndoorpost @in {\nallow *\n}\n", "APP", "reverse_proxy localhost:1\n", "ELSE", "reverse_proxy localhost:2\n").Replace(site)
			if got := warned(t, strings.ReplaceAll(site, "PATH", path)); warns != strings.Contains(got, ": behind doorpost something") {
				t.Errorf("%q warns of %q", site, got)
			}
		}
	}
}

// One cause is told once, with all paths that it is about.
func TestSeveralPublicPathsThatAreRewrittenAreOneWarning(t *testing.T) {
	isolate(t)
	for public, how := range map[string]string{
		"/a/*":           "handle /a/* { file_server }",
		"/a/* /b/c":      "@files path /a/* /b/c and handle @files { file_server }",
		"/a/* :pwa /x.y": "@files path /a/* ",
	} {
		got := warned(t, "doorpost {\nallow *\npublic "+public+"\n}\nhandle {\ntry_files {path} /index.html\nfile_server\n}")
		if strings.Count(got, ": behind doorpost something") != 1 || !strings.Contains(got, " -> serve what is public in a handle of its own, "+how) {
			t.Errorf("public %s warns of %q, want %q once", public, got, how)
		}
	}
}

// Who does as a warning says sends nobody the source of scripts.
func TestAdviceOnPublicScriptsHasThemRun(t *testing.T) {
	isolate(t)
	for public, how := range map[string]string{
		"/config.php":           "handle /config.php { php_fastcgi … }, and put",
		"/CONFIG.PHP":           "handle /config.php { php_fastcgi … }, and put",
		"/config.php/*":         "handle /config.php/* { php_fastcgi … }, and put",
		"/a.php /b.php":         "@scripts path /a.php /b.php and handle @scripts { php_fastcgi … }, and put",
		"/assets/*":             "handle /assets/* { file_server { hide *.php } }, and put",
		"/config.php /assets/*": "handle /assets/* { file_server { hide *.php } }, and handle /config.php { php_fastcgi … }, and put",
		"/a.css /b.js /c/d.php": "@files path /a.css /b.js and handle @files { file_server { hide *.php } }, and handle /c/d.php { php_fastcgi … }, and put",
	} {
		if got := warned(t, "doorpost {\nallow *\npublic "+public+"\n}\nroot /srv\nphp_fastcgi localhost:1\nfile_server"); !strings.Contains(strings.ToLower(got), "in a handle of its own, "+how) {
			t.Errorf("public %s warns of %q, want %q", public, got, how)
		}
	}
}
