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
		if strings.Contains(f.Found, "and not") || strings.Contains(f.Found, "same app or file") || strings.Contains(f.Found, "behind doorpost something") || strings.Contains(f.Found, "makes something else of that") {
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

// Whatever a matcher says of paths: an example of it stands for them.
func TestWhatMatchersOfOtherKindsLeaveOpenIsWarnedOf(t *testing.T) {
	isolate(t)
	const above, below = "doorpost protects /admin/* and not /admin itself", "doorpost protects /admin and not what is below it, such as /admin/x"
	for matcher, warns := range map[string]string{
		"path_regexp ^/admin/":                    above,
		"path_regexp (?i)^/ADMIN/.*$":             above,
		"path_regexp ^/admin/[^/]+$":              above,
		"path_regexp ^/(admin|secret)/":           above,
		"path_regexp /admin/":                     above,
		"vars_regexp {path} ^/admin/":             above,
		"expression {path}.startsWith('/admin/')": above,
		"expression `path_regexp('^/admin/')`":    above,
		"expression {path}.matches('^/admin/.+')": above,
		"path_regexp ^/admin$":                    below,
		"path_regexp ^/admin/?$":                  below,
		"expression {path} == '/admin'":           below,
		"path /a/*/edit":                          "doorpost protects /a/*/edit and not what is below it, such as /a/x/edit/x",
		"path */edit":                             "doorpost protects */edit and not what is below it, such as /x/edit/x",
		"path *.php":                              "doorpost protects *.php and not what is below it, such as /x.php/x",
		"path_regexp \\.php$":                     "doorpost protects /x.php and not what is below it, such as /x.php/x",
		"path_regexp ^/admin":                     "",
		"path_regexp ^/admin(/.*)?$":              "",
		"path_regexp ^/admin(/|$)":                "",
		"path_regexp \\.pdf$":                     "",
		"path_regexp ^/.*\\.pdf$":                 "",
		"path *.pdf":                              "",
		"path */admin*":                           "",
		"expression {path}.startsWith('/admin')":  "",
		"expression path('/admin', '/admin/*')":   "",
		"expression {method} == 'DELETE'":         "",
		"header_regexp Cookie admin":              "",
		"not path_regexp ^/open/":                 "",
	} {
		for _, site := range []string{"@in M\ndoorpost @in {\nallow *\n}\nreverse_proxy localhost:1", "@in M\nhandle @in {\ndoorpost {\nallow *\n}\nreverse_proxy localhost:1\n}\nreverse_proxy localhost:1"} {
			if got := warned(t, strings.Replace(site, "M", matcher, 1)); (got == "") != (warns == "") || !strings.Contains(got, warns) {
				t.Errorf("%s warns of %q, want %q", matcher, got, warns)
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
		if got := warned(t, site); warns != strings.Contains(got, "and not /index.php/") {
			t.Errorf("%q warns of %q", site, got)
		}
	}
}

// An order of directives may let a part of the site be answered before the gate.
func TestWhatAnswersBeforeTheGateByTheOrderIsWarnedOf(t *testing.T) {
	isolate(t)
	const gate = "doorpost {\nallow *\n}\n"
	for source, warns := range map[string]string{
		"{\norder reverse_proxy before doorpost\n}\napp.example.com {\n" + gate + "reverse_proxy /api/* localhost:1\nfile_server\n}\n":                             "reverse_proxy (path /api/*)",
		"{\norder respond before doorpost\n}\napp.example.com {\n" + gate + "@a not path /admin/*\nrespond @a hi\n}\n":                                             "respond (not)",
		"app.example.com {\n" + gate + "reverse_proxy /api/* localhost:1\nfile_server\n}\n":                                                                        "",
		"app.example.com {\nroute {\nrespond /hook ok\n" + gate + "respond x\n}\n}\n":                                                                              "",
		"app.example.com {\n" + gate + "redir /old /new\nrespond x\n}\n":                                                                                           "",
		"{\norder php_fastcgi before doorpost\n}\napp.example.com {\n" + gate + "php_fastcgi localhost:1\n}\n":                                                     "php_fastcgi",
		"{\norder handle before doorpost\n}\napp.example.com {\n" + gate + "handle /api/* {\nreverse_proxy localhost:1\n}\nrespond x\n}\n":                         "reverse_proxy (path /api/*)",
		"app.example.com {\nhandle /api/* {\nrespond ok\n}\nhandle {\n" + gate + "respond x\n}\n}\n":                                                               "",
		":8080 {\nroute {\nreverse_proxy /hook localhost:1\ndoorpost {\nallow *\nurl https://app.example.com\n}\nrespond x\n}\n}\n":                                "",
		"{\norder reverse_proxy before doorpost\n}\n:8080 {\nreverse_proxy /hook localhost:1\ndoorpost {\nallow *\nurl https://app.example.com\n}\nrespond x\n}\n": "reverse_proxy (path /hook)",
		"www.example.com {\nrespond /x ok\n}\napp.example.com {\n" + gate + "respond x\n}\n":                                                                       "",
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

// Whichever of its alternatives a regular expression leaves something open at.
func TestEachAlternativeOfARegularExpressionIsTried(t *testing.T) {
	isolate(t)
	for _, names := range [][]string{{"a", "b"}, {"admin", "api"}, {"x", "secret", "y", "z"}, {"v1", "v2"}, {"A", "b"}} {
		for _, form := range []string{"^/(ALL)/", "^/(?:ALL)/.+$", "(?i)^/(ALL)/", "^(/p)?/(ALL)/", "^/(ALL)(/.*|/)$"} {
			for i, name := range names {
				for other, warns := range map[string]bool{"reverse_proxy localhost:1": true, "reverse_proxy localhost:2": false} {
					expression := strings.Replace(form, "ALL", strings.Join(names, "|"), 1)
					site := "@in path_regexp " + expression + "\nhandle @in {\ndoorpost {\nallow *\n}\nreverse_proxy localhost:1\n}\nhandle /" + names[i] + " {\n" + other + "\n}\nreverse_proxy localhost:3"
					if got := strings.ToLower(warned(t, site)); warns != strings.Contains(got, strings.ToLower("doorpost protects /"+name+"/* and not /"+name+" itself")) {
						t.Errorf("%q warns of %q", site, got)
					}
				}
			}
		}
	}
	for _, expression := range []string{"^/(aa|bb|cc)(dd|ee|ff)(gg|hh|ii)/", "^/[0-9]{4}/", `^/\d+\d+\d+/`} {
		if got := patternsLike(expression); len(got) == 0 || len(got) > 2*maxMatches {
			t.Errorf("of %s there are %d examples", expression, len(got))
		}
	}
}
