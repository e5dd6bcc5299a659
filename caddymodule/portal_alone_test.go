package caddymodule

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/fileserver"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/headers"
	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

// besides are sites beside that of the portal, and what stands there at its origin with more
// than a fixed answer, "" for nothing. BIND makes another server of theirs, CONTENT serves
// something, and NAME is what.
var besides = map[string]string{
	"login.example.com {\nBIND\nCONTENT\n}":                                                           "NAME",
	"Login.example.com/app* {\nBIND\nCONTENT\n}":                                                      "NAME (path /app*)",
	"login.example.com:443, x.example.com:8443 {\nBIND\nCONTENT\n}":                                   "NAME",
	"login.example.com {\nBIND\nhandle /app/* {\nroute {\nCONTENT\n}\n}\n}":                           "NAME (path /app/*)",
	"login.example.com {\nBIND\n@x {\npath /a /b\nmethod GET\n}\nhandle @x {\nCONTENT\n}\n}":          "NAME (method, path /a /b)",
	"login.example.com {\nBIND\ninvoke served\n}":                                                     "NAME (path /x)",
	"login.example.com {\nBIND\nhandle_errors {\nCONTENT\n}\n}":                                       "NAME in handle_errors",
	"*.example.com {\nBIND\n@login host login.example.com\nhandle @login {\nCONTENT\n}\n}":            "NAME in the site *.example.com",
	":443 {\nBIND\ntls internal\n@login host login.example.com\nhandle @login {\ninvoke served\n}\n}": "NAME (path /x) in the site without a host",
	"*.example.com {\nBIND\n@login host {env.LOGIN}\nhandle @login {\nCONTENT\n}\n}":                  "NAME in the site *.example.com",
	"*.example.com {\nBIND\ninvoke inside\n}":                                                         "NAME in the site *.example.com",
	"*.example.com {\nBIND\nhandle_errors 404 {\ninvoke inside\n}\n}":                                 "NAME (expression) in handle_errors of the site *.example.com",
	"login.example.com {\nBIND\nrespond {http.request.uri.query}\n}":                                  "respond with {http.request.uri.query}",
	"login.example.com {\nBIND\nforward_auth localhost:9091 {\nuri /auth\n}\n}":                       "forward_auth",
	"login.example.com {\nBIND\nrespond hello\n}":                                                     "",
	"login.example.com {\nBIND\ninvoke fixed\n}":                                                      "",
	"login.example.com:8443 {\nBIND\nCONTENT\n}":                                                      "",
	"http://login.example.com {\nBIND\nCONTENT\n}":                                                    "",
	"wiki.example.com {\nBIND\nCONTENT\n}":                                                            "",
	"login.example.com.example.org {\nBIND\nCONTENT\n}":                                               "",
	"*.example.com {\nBIND\n@wiki host wiki.example.com\nhandle @wiki {\nCONTENT\n}\n}":               "",
}

func TestNothingOfAnAppStandsAtTheOriginOfThePortal(t *testing.T) {
	isolate(t)
	t.Setenv("LOGIN", "Login.example.com")
	const start = "{\ndoorpost {\nstore memory\nportal https://login.example.com\n}\n}\n" +
		"&(inside) {\n@login host login.example.com\nhandle @login {\nCONTENT\n}\n}\n" +
		"&(served) {\nhandle /x {\nCONTENT\n}\n}\n&(fixed) {\nrespond hello\n}\nlogin.example.com {\ndoorpost_portal\n}\n"
	for site, words := range besides {
		for content, name := range serving {
			for _, gated := range []string{"", "app.example.com {\nBIND\ndoorpost {\nallow *\n}\nCONTENT\n}\n"} {
				source := strings.NewReplacer("CONTENT", content, "BIND", "bind 127.0.0.2").Replace(start + gated + site)
				checkRefused(t, source, "Caddyfile:22: site login.example.com: "+strings.Replace(words, "NAME", name, 1)+" answers at the origin of the portal; ", words != "")
			}
		}
	}
}

// serving are directives that serve something, and their names.
var serving = map[string]string{"reverse_proxy localhost:3000": "reverse_proxy", "file_server": "file_server", "php_fastcgi localhost:9000": "php_fastcgi"}

// CHAIN are more named routes in each other than are followed.
func TestNothingForAllHostsOfASiteStandsAtTheOriginOfThePortal(t *testing.T) {
	isolate(t)
	const start = "{\ndoorpost {\nstore memory\nportal https://login.example.com\n}\n}\n" +
		"&(app) {\n@app host app.example.com\nhandle @app {\nCONTENT\n}\n}\n&(all) {\nhandle /x/* {\nCONTENT\n}\n}\nCHAIN*.example.com {\n@login host login.example.com\n@app host app.example.com\n"
	chain := ""
	for i := range 12 {
		chain += fmt.Sprintf("&(n%d) {\ninvoke n%d\n}\n", i, i+1)
	}
	chain += "&(n12) {\nCONTENT\n}\n"
	const portal, gate = "handle @login {\ndoorpost_portal\n}\n", "doorpost {\nallow *\nurl https://app.example.com\n}\n"
	for site, words := range map[string]string{
		"handle /static/* {\nCONTENT\n}\n" + portal:                                                                                                                 "NAME (path /static/*)",
		"route {\ninvoke all\n" + portal + "}":                                                                                                                      "NAME (path /x/*)",
		"@get method GET\nroute {\nroute @get {\nCONTENT\n}\n" + portal + "}":                                                                                       "NAME (method)",
		"@path {\npath /x/*\nnot host app.example.com\n}\nroute {\nroute @path {\nCONTENT\n}\n" + portal + "}":                                                      "NAME (not, path /x/*)",
		"handle /x/* {\n" + gate + "CONTENT\n}\n" + portal + "handle @app {\n" + gate + "CONTENT\n}":                                                                "doorpost (path /x/*)",
		portal + "handle_errors {\nCONTENT\n}":                                                                                                                      "NAME in handle_errors of",
		"@x path /x/*\nrequest_header @x Host app.example.com\n" + portal + "handle @app {\nCONTENT\n}":                                                             "NAME",
		"@x path /x/*\nrequest_header @x Ho* app.example.com\n" + portal + "handle @app {\nCONTENT\n}":                                                              "NAME",
		"intercept {\n@n status 404\nhandle_response @n {\nCONTENT\n}\n}\n" + portal:                                                                                "NAME",
		"route {\ninvoke n0\n" + portal + "}":                                                                                                                       "invoke",
		"route {\nvars h Host\nrequest_header /x/* {vars.h} app.example.com\n" + portal + "handle @app {\nCONTENT\n}\n}":                                            "NAME",
		"route {\nintercept {\nhandle_response {\nroute @app {\nCONTENT\n}\n}\n}\nrequest_header /x/* Host app.example.com\nrespond /x/* gone 404\n" + portal + "}": "NAME",
		"@rest not path /*\nroute {\nrewrite /x/* x.html\nroute @rest {\nCONTENT\n}\n" + portal + "}":                                                               "NAME (not)",
		"@time host {time.now.year}.example.com\nroute {\nroute @time {\nCONTENT\n}\n" + portal + "}":                                                               "NAME",
		"route {\nmap {query.x} {1b} {\n~(.*) ${1}\n}\nroute /x {\nrespond {1b}\n}\n" + portal + "}":                                                                "respond with {1b} (path /x)",
		"templates\n" + portal + "handle @app {\nCONTENT\n}":                                                                                                        "templates",
		"request_header X-Host app.example.com\n" + portal + "handle @app {\nCONTENT\n}":                                                                            "",
		portal + "handle @app {\nrequest_header Host app\nCONTENT\n}":                                                                                               "",
		portal + "CONTENT": "",
		"@others not host login.example.com\nroute {\nroute @others {\nCONTENT\n}\n" + portal + "}": "",
		"invoke app\n" + portal:                                                "",
		portal + "handle @app {\n" + gate + "CONTENT\n}":                       "",
		portal + "handle @app {\n" + gate + "CONTENT\n}\nhandle {\nCONTENT\n}": "",
		portal + "handle /x/* {\nrespond fixed\n}":                             "",
	} {
		for content, name := range serving {
			source := strings.NewReplacer("CONTENT", content, "CHAIN", strings.ReplaceAll(chain, "CONTENT", content)).Replace(start + site + "\n}\n")
			where := strings.Replace(words, "NAME", name, 1)
			if !strings.HasSuffix(where, " of") {
				where += " in"
			}
			checkRefused(t, source, "site login.example.com: "+where+" the site *.example.com answers at the origin of the portal, too; put it into a handle for the hosts of the apps, or give the portal a site of its own: login.example.com { doorpost_portal }", words != "")
		}
	}
	checkRefused(t, strings.NewReplacer("CONTENT", "file_server", "CHAIN", "").Replace(start)+"doorpost {\nallow *\nurl https://*.example.com\n}\n"+portal+"file_server\n}\n",
		"Caddyfile:21: site login.example.com: doorpost in the site *.example.com answers at the origin of the portal, too", true)
}

// Perhaps nobody can reach that address by the name of the portal, so it is not refused.
func TestASiteAtAnotherBindThatIsForTheHostOfThePortalTooIsWarnedOf(t *testing.T) {
	isolate(t)
	const start = "{\ndoorpost {\nstore memory\nportal https://login.example.com\n}\n}\nlogin.example.com {\ndoorpost_portal\n}\n"
	for site, warns := range map[string]string{
		"*.example.com {\nbind 127.0.0.2\nreverse_proxy localhost:3000\n}":                                   "Caddyfile:8: reverse_proxy in the site *.example.com answers",
		"login.example.com, https:// {\nbind 127.0.0.2\nfile_server\n}":                                      "Caddyfile:8: file_server in the site without a host answers",
		"https:// {\nbind 127.0.0.2\ntls internal\nfile_server\n}":                                           "Caddyfile:8: file_server in the site without a host answers",
		"*.example.com {\nbind 127.0.0.2\ndoorpost {\nallow *\nurl https://*.example.com\n}\nfile_server\n}": "Caddyfile:12: doorpost in the site *.example.com answers",
		"*.example.com {\nfile_server\n}":                                                                    "",
		"https:// {\ntls internal\nfile_server\n}":                                                           "",
		"*.example.com {\nfile_server\nhandle_errors {\nfile_server\n}\n}":                                   "",
		"https:// {\ntls internal\nhandle_errors {\nfile_server\n}\n}":                                       "",
		"*.example.com:8443 {\nbind 127.0.0.2\nfile_server\n}":                                               "",
		"*.example.com {\nbind 127.0.0.2\nfile_server\n}\nlogin.example.com {\nbind 127.0.0.2\nabort\n}":     "",
		"*.example.com {\nbind 127.0.0.2\nrespond fixed\n}":                                                  "",
	} {
		var told []string
		for _, f := range provisionedApp(t, start+site+"\n").advice() {
			if strings.Contains(f.Found, "at the origin of the portal") {
				told = append(told, f.Where+": "+f.Found+" -> "+f.Advice)
			}
		}
		switch {
		case warns == "" && len(told) > 0, warns != "" && (len(told) != 1 || !strings.HasPrefix(told[0], warns) || !strings.Contains(told[0], "login.example.com { abort }")):
			t.Errorf("%s\nwarns of %q", site, told)
		}
	}
}

// What speaks TLS in front of Caddy may speak to any address of a port.
func TestAnotherBindBehindTheTLSOfThePortalIsWarnedOf(t *testing.T) {
	isolate(t)
	const start = "{\ndoorpost {\nstore memory\nportal https://login.example.com\n}\n}\nhttp://login.example.com:8080 {\nbind 127.0.0.1\ndoorpost_portal\n}\n"
	for site, warns := range map[string]bool{
		"http://:8080 {\nbind 127.0.0.2\nreverse_proxy localhost:3000\n}":                true,
		"http://*.example.com:8080 {\nbind 127.0.0.2\nreverse_proxy localhost:3000\n}":   true,
		"http://app.example.com:8080 {\nbind 127.0.0.2\nreverse_proxy localhost:3000\n}": false,
		"http://:9000 {\nmetrics\n}": false,
	} {
		told := slices.ContainsFunc(provisionedApp(t, start+site+"\n").advice(), func(f adminapi.Finding) bool {
			return strings.Contains(f.Found, "at the origin of the portal, too, on the addresses of its bind")
		})
		if told != warns {
			t.Errorf("%s\nis warned of: %v", site, told)
		}
	}
}

func TestTheSiteOfThePortalIsItsAlone(t *testing.T) {
	isolate(t)
	const start = "{\ndoorpost {\nstore memory\nportal https://login.example.com\n}\n}\n"
	const path = "the path before it keeps requests from it, and the portal answers all of its site; leave the path out"
	matcher := func(names string) string {
		return "the matcher " + names + " before it may keep requests from it, and the portal answers all of its site; leave it out, or if it is there for the host write @login host login.example.com"
	}
	for site, want := range map[string]string{
		"login.example.com/x {\ndoorpost_portal\n}":                                                                    path,
		"login.example.com {\nhandle_path /x/* {\nhandle /x/y {\ndoorpost_portal\n}\n}\n}":                             path,
		"login.example.com {\n@near remote_ip 10.0.0.0/8\nhandle @near {\ndoorpost_portal\n}\n}":                       matcher("remote_ip"),
		"*.example.com {\n@login expression `host('login.example.com')`\nhandle @login {\ndoorpost_portal\n}\n}":       matcher("expression"),
		"*.example.com {\n@login {\nheader Host login.example.com\npath /*\n}\nhandle @login {\ndoorpost_portal\n}\n}": matcher("header, path"),
		"*.example.com {\n@get method GET\nhandle @get {\n@safe method GET\nhandle @safe {\ndoorpost_portal\n}\n}\n}":  matcher("method"),
	} {
		checkRefused(t, start+site, want, true)
	}
	checkRefused(t, start+"login.example.com {\n@far not remote_ip 10.0.0.0/8\nhandle @far {\nabort\n}\nhandle {\ndoorpost_portal\n}\n}", "", false)
}

func TestAnAppAtAnotherPortBehindTheTLSOfThePortalIsRefused(t *testing.T) {
	isolate(t)
	const start = "{\ndoorpost {\nstore memory\nportal https://login.example.com\n}\n}\nhttp://login.example.com:8080 {\ndoorpost_portal\n}\n"
	for site, refused := range map[string]bool{
		"http://login.example.com:8081 {\nreverse_proxy localhost:3000\n}":                               true,
		"http://login.example.com:8080 {\nbind 127.0.0.2\nreverse_proxy localhost:3000\n}":               true,
		"http://login.example.com:8081 {\nrespond hello\n}":                                              false,
		"http://wiki.example.com:8081 {\nreverse_proxy localhost:3000\n}":                                false,
		"https://login.example.com:8443 {\ntls internal\nreverse_proxy localhost:3000\n}":                false,
		"http://login.example.com:8081/app/* {\nreverse_proxy localhost:3000\n}\n:8082 {\nrespond ok\n}": true,
	} {
		words := "reverse_proxy"
		if strings.Contains(site, "/app/*") {
			words += " (path /app/*)"
		}
		checkRefused(t, start+site, "Caddyfile:8: site login.example.com: "+words+" answers at the origin of the portal", refused)
	}
}

// checkRefused loads a Caddyfile, and where Caddy makes servers and named routes in no order
// some times.
func checkRefused(t *testing.T, source, want string, refused bool) {
	t.Helper()
	adapted, err := adapt(source)
	if err != nil {
		t.Fatalf("%s\nis not adapted: %v", source, err)
	}
	times := 1
	if bytes.Count(adapted, []byte(`"listen"`)) > 1 || bytes.Contains(adapted, []byte(`"named_routes"`)) {
		times = 3
	}
	for range times {
		err := validateJSON(adapted)
		if !refused && err != nil {
			t.Errorf("%s\nis refused: %v", source, err)
			return
		}
		if refused && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s\nis not refused with %q: %v", source, want, err)
			return
		}
	}
}

func TestAnInternationalHostOfThePortalIsKnownInNamedRoutes(t *testing.T) {
	isolate(t)
	const source = "{\ndoorpost {\nstore memory\nportal https://bücher.example.com\n}\n}\n&(a) {\n@login host Bücher.example.com\nhandle @login {\nfile_server\n}\n}\n" +
		"*.example.com {\n@login host bücher.example.com\nroute {\nroute /x/* {\ninvoke a\n}\nhandle @login {\ndoorpost_portal\n}\n}\n}\n"
	checkRefused(t, source, "file_server (path /x/*) in the site *.example.com answers at the origin of the portal", true)
}

// JSON may use the name of a group twice. A request that failed has met some of its routes, or none.
func TestAGroupOfTheErrorRoutesKeepsNothingFromTheOriginOfThePortal(t *testing.T) {
	files := caddyhttp.Route{Group: "g", Handlers: []caddyhttp.MiddlewareHandler{&fileserver.FileServer{}}}
	server := &caddyhttp.Server{
		Routes: caddyhttp.RouteList{{Group: "g", Handlers: []caddyhttp.MiddlewareHandler{new(headers.Handler)}}},
		Errors: &caddyhttp.HTTPErrorConfig{Routes: caddyhttp.RouteList{files}},
	}
	beside := besidePortal{host: "login.example.com"}
	if beside.look(server); beside.covered == nil {
		t.Error("files of the error routes are not found")
	}
	server.Routes = append(server.Routes, files)
	server.Errors = nil
	beside = besidePortal{host: "login.example.com"}
	if beside.look(server); beside.covered != nil {
		t.Error("files are found that no request comes to")
	}
}
