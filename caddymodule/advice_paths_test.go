package caddymodule

import (
	"strings"
	"testing"
)

// warned are the findings of a site about paths that are open.
func warned(t *testing.T, site string) string {
	t.Helper()
	app := provisionedApp(t, "&(front) {\nrewrite * /index.php\nreverse_proxy localhost:1\n}\n&(nested) {\ninvoke front\n}\napp.example.com {\n"+site+"\n}\n")
	var all []string
	for _, f := range app.advice() {
		if strings.Contains(f.Found, "and not") || strings.Contains(f.Found, "PHP finds") || strings.Contains(f.Found, "behind doorpost something") || strings.Contains(f.Found, "makes another path of it") {
			all = append(all, f.Check+": "+f.Found+" -> "+f.Advice)
		}
	}
	return strings.Join(all, "\n")
}

func TestAPathThatIsLeftOpenAboveAProtectedFolderIsWarnedOf(t *testing.T) {
	isolate(t)
	for _, path := range []string{"/admin", "/a/b", "/x-y"} {
		for site, warns := range map[string]bool{
			"doorpost PATH/* {\nallow *\n}":                                                         true,
			"@in path PATH/*\ndoorpost @in {\nallow *\n}":                                           true,
			"@in path /other PATH/*\ndoorpost @in {\nallow *\n}":                                    true,
			"@in {\nmethod POST\npath PATH/*\n}\ndoorpost @in {\nallow *\n}":                        true,
			"doorpost PATH/* {\nallow *\n}\ndoorpost /other {\nallow *\n}":                          true,
			"@in path PATH PATH/*\ndoorpost @in {\nallow *\n}":                                      false,
			"doorpost PATH* {\nallow *\n}":                                                          false,
			"doorpost PATH/* {\nallow *\n}\ndoorpost PATH {\nallow *\n}":                            false,
			"doorpost PATH/* {\nallow *\n}\ndoorpost {\nallow *\n}":                                 false,
			"doorpost PATH/* {\nallow *\npublic PATH\n}":                                            false,
			"@in not path PATH/*\ndoorpost @in {\nallow *\n}":                                       false,
			"doorpost {\nallow *\n}":                                                                false,
			"@in path_regexp ^PATH(/|$)\ndoorpost @in {\nallow *\n}\ndoorpost PATH/* {\nallow *\n}": false,
		} {
			site = strings.ReplaceAll(site, "PATH", path) + "\nreverse_proxy localhost:1"
			got := warned(t, site)
			if warns != strings.Contains(got, "site https://app.example.com: doorpost protects "+path+"/* and not "+path+" itself") || warns != strings.Contains(got, "@inside path "+path+" "+path+"/*, and @inside behind doorpost, or behind the handle that it stands in; or, if it is meant to be open, public "+path+" in doorpost") {
				t.Errorf("%q warns of %q", site, got)
			}
		}
	}
}

func TestWhatIsLeftOpenBelowAProtectedPathIsWarnedOf(t *testing.T) {
	isolate(t)
	for _, path := range []string{"/admin", "/a/b", "/x-y", "/.git", "/api/v1.2", "/wp-login.php", "/a.b/c", "/x.html/", "/ADMIN/"} {
		bare := strings.TrimSuffix(path, "/")
		for site, warns := range map[string]bool{
			"doorpost PATH {\nallow *\n}":                                                             true,
			"@in path PATH\ndoorpost @in {\nallow *\n}":                                               true,
			"@in path /other* PATH\ndoorpost @in {\nallow *\n}":                                       true,
			"@in {\nmethod DELETE\npath PATH\n}\ndoorpost @in {\nallow *\n}":                          true,
			"doorpost PATH {\nallow *\n}\ndoorpost /other {\nallow *\n}":                              true,
			"doorpost PATH {\nallow *\npublic BARE/y\n}":                                              true,
			"@in path BARE BARE/*\ndoorpost @in {\nallow *\n}":                                        false,
			"@in path PATH BARE/*\ndoorpost @in {\nallow *\n}\ndoorpost BARE {\nallow *\n}":           false,
			"doorpost BARE* {\nallow *\n}":                                                            false,
			"doorpost PATH {\nallow *\n}\ndoorpost {\nallow *\n}":                                     false,
			"doorpost PATH {\nallow *\npublic BARE/*\n}":                                              false,
			"@in not path PATH\ndoorpost @in {\nallow *\n}":                                           false,
			"@in path_regexp (?i)^BARE(/|$)\ndoorpost @in {\nallow *\n}\ndoorpost PATH {\nallow *\n}": false,
		} {
			site = strings.NewReplacer("PATH", path, "BARE", bare).Replace(site) + "\nreverse_proxy localhost:1"
			got, path, bare := warned(t, site), strings.ToLower(path), strings.ToLower(bare) // as Caddy reads them
			if warns != strings.Contains(got, "doorpost protects "+path+" and not what is below it, such as "+bare+"/x") || warns != strings.Contains(got, "@inside path "+bare+" "+bare+"/*, and @inside behind doorpost, or behind the handle that it stands in; or, if it is meant to be open, public "+bare+"/* in doorpost") {
				t.Errorf("%q warns of %q", site, got)
			}
		}
	}
}

func TestAFileHasNothingBelowItThatIsLeftOpen(t *testing.T) {
	isolate(t)
	for _, path := range []string{"/secret.html", "/a/b.json", "/.env.local", "/x.tar.gz", "/v1.2/report.PDF"} {
		if got := warned(t, "doorpost "+path+" {\nallow *\n}\nfile_server"); got != "" {
			t.Errorf("%s warns of %q", path, got)
		}
	}
	if got := warned(t, "doorpost / {\nallow *\n}\nfile_server"); !strings.Contains(got, "doorpost protects / and not what is below it, such as /x, which is open to anyone -> leave the matcher / out") {
		t.Errorf("the start page alone warns of %q", got)
	}
}

func TestAPathThatPHPFindsBehindAScriptIsWarnedOf(t *testing.T) {
	isolate(t)
	for site, warns := range map[string]bool{
		"doorpost /admin/* {\nallow *\n}\nphp_fastcgi localhost:1":                                                    true,
		"@in path /admin /admin/*\ndoorpost @in {\nallow *\n}\nhandle {\nphp_fastcgi localhost:1\n}":                  true,
		"@in path /admin /admin/* /index.php/*\ndoorpost @in {\nallow *\n}\nphp_fastcgi localhost:1":                  false,
		"doorpost {\nallow *\n}\ndoorpost /admin/* {\nallow *\n}\nphp_fastcgi localhost:1":                            false,
		"doorpost /admin/* {\nallow *\n}\nreverse_proxy localhost:1":                                                  false,
		"handle /admin/* {\ndoorpost {\nallow *\n}\nphp_fastcgi localhost:1\n}\nhandle {\nphp_fastcgi localhost:1\n}": true,
		"doorpost /admin/* {\nallow *\n}\nphp_fastcgi /blog/* localhost:1":                                            false,
		"handle /blog/* {\nphp_fastcgi localhost:1\n}\ndoorpost /admin/* {\nallow *\n}\nreverse_proxy localhost:1":    false,
		"handle /open/* {\nrespond ok\n}\nhandle {\ndoorpost {\nallow *\n}\nphp_fastcgi localhost:1\n}":               false,
		"doorpost /admin.php {\nallow *\n}\nphp_fastcgi localhost:1":                                                  false,
		"doorpost /admin/* {\nallow *\n}\nfile_server\n}\nwww.example.com {\nphp_fastcgi localhost:1":                 false,
	} {
		if got := warned(t, site); warns != strings.Contains(got, "in which PHP finds the same path") {
			t.Errorf("%q warns of %q", site, got)
		}
	}
}

// An order of directives may let a part of the site be answered before the gate.
func TestWhatAnswersBeforeTheGateByTheOrderIsWarnedOf(t *testing.T) {
	isolate(t)
	const gate = "doorpost {\nallow *\n}\n"
	for source, warns := range map[string]string{
		"{\norder reverse_proxy before doorpost\n}\napp.example.com {\n" + gate + "reverse_proxy /api/* localhost:1\nfile_server\n}\n":     "reverse_proxy /api/*",
		"{\norder respond before doorpost\n}\napp.example.com {\n" + gate + "@a not path /admin/*\nrespond @a hi\n}\n":                     "respond",
		"app.example.com {\n" + gate + "reverse_proxy /api/* localhost:1\nfile_server\n}\n":                                                "",
		"app.example.com {\nroute {\nrespond /hook ok\n" + gate + "respond x\n}\n}\n":                                                      "",
		"app.example.com {\n" + gate + "redir /old /new\nrespond x\n}\n":                                                                   "",
		"{\norder php_fastcgi before doorpost\n}\napp.example.com {\n" + gate + "php_fastcgi localhost:1\n}\n":                             "php_fastcgi",
		"{\norder handle before doorpost\n}\napp.example.com {\n" + gate + "handle /api/* {\nreverse_proxy localhost:1\n}\nrespond x\n}\n": "reverse_proxy /api/*",
		"app.example.com {\nhandle /api/* {\nrespond ok\n}\nhandle {\n" + gate + "respond x\n}\n}\n":                                       "",
		"www.example.com {\nrespond /x ok\n}\napp.example.com {\n" + gate + "respond x\n}\n":                                               "",
	} {
		told := ""
		for _, f := range provisionedApp(t, source).advice() {
			if words, found := strings.CutSuffix(f.Found, " answers before doorpost is reached, by the order of directives, and is open to anyone"); found {
				told += words
			}
		}
		if told != warns {
			t.Errorf("%q is warned of in %s", told, source)
		}
	}
}

func TestAPathThatNoRequestHasIsRefused(t *testing.T) {
	isolate(t)
	for matcher, refused := range map[string]bool{"admin/*": true, "/x admin": true, ".php": true, "*.php": false, "/x": false, "{env.X}": false} {
		_, err := provisioned(t, "app.example.com {\n@in path "+matcher+"\ndoorpost @in {\nallow *\n}\nrespond x\n}\n")
		if told := err != nil && strings.Contains(err.Error(), "which no request has"); told != refused {
			t.Errorf("path %s: %v", matcher, err)
		}
	}
}

// No way of writing routes keeps all requests from the gate.
func TestAGateThatNoRequestComesToIsRefused(t *testing.T) {
	isolate(t)
	const gate = "doorpost {\nallow *\n}\n"
	for source, refused := range map[string]bool{
		"app.example.com {\nhandle /* {\nheader X y\n}\nhandle {\n" + gate + "}\nrespond x\n}\n":                          true,
		"app.example.com/* {\nrespond x\n}\napp.example.com {\n" + gate + "respond x\n}\n":                                true,
		"{\norder handle before doorpost\n}\napp.example.com {\n" + gate + "handle {\nrespond x\n}\n}\n":                  true,
		"app.example.com {\nhandle /x {\nheader X y\n}\nhandle {\n" + gate + "}\nrespond x\n}\n":                          false,
		"app.example.com/x/* {\nrespond x\n}\napp.example.com {\n" + gate + "respond x\n}\n":                              false,
		"app.example.com, www.example.com {\n" + gate + "respond x\n}\n":                                                  false,
		"http://:8081 {\n" + strings.Replace(gate, "allow *", "allow *\nurl https://app.example.com", 1) + "}\n":          false,
		"http://127.0.0.1:8081 {\n" + strings.Replace(gate, "allow *", "allow *\nurl https://app.example.com", 1) + "}\n": false,
		"app.example.com {\nhandle_errors {\n" + gate + "respond x\n}\nrespond x\n}\n":                                    false,
	} {
		app, err := provisioned(t, source)
		if err == nil {
			err = app.rest()
		}
		if told := err != nil && (strings.Contains(err.Error(), "doorpost is never reached") || strings.Contains(err.Error(), "before doorpost is reached")); told != refused {
			t.Errorf("%v, want it refused: %v\n%s", err, refused, source)
		}
	}
}

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
		"/a/* /b/c":      "@open path /a/* /b/c and handle @open { file_server }",
		"/a/* :pwa /x.y": "@open path /a/* ",
	} {
		got := warned(t, "doorpost {\nallow *\npublic "+public+"\n}\nhandle {\ntry_files {path} /index.html\nfile_server\n}")
		if strings.Count(got, ": behind doorpost something") != 1 || !strings.Contains(got, " -> serve what is public in a handle of its own, "+how) {
			t.Errorf("public %s warns of %q, want %q once", public, got, how)
		}
	}
}
