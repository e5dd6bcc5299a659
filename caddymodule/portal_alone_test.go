package caddymodule

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

// besides are sites beside that of the portal, and whether they stand at its origin with
// more than a fixed answer. BIND makes another server of theirs, CONTENT serves something.
var besides = map[string]bool{
	"login.example.com {\nBIND\nCONTENT\n}":                                                           true,
	"Login.example.com/app* {\nBIND\nCONTENT\n}":                                                      true,
	"login.example.com:443, x.example.com:8443 {\nBIND\nCONTENT\n}":                                   true,
	"login.example.com {\nBIND\nhandle /app/* {\nroute {\nCONTENT\n}\n}\n}":                           true,
	"login.example.com {\nBIND\ninvoke served\n}":                                                     true,
	"login.example.com {\nBIND\nhandle_errors {\nCONTENT\n}\n}":                                       true,
	"*.example.com {\nBIND\n@login host login.example.com\nhandle @login {\nCONTENT\n}\n}":            true,
	":443 {\nBIND\ntls internal\n@login host login.example.com\nhandle @login {\ninvoke served\n}\n}": true,
	"*.example.com {\nBIND\n@login host {env.LOGIN}\nhandle @login {\nCONTENT\n}\n}":                  true,
	"*.example.com {\nBIND\ninvoke inside\n}":                                                         true,
	"login.example.com {\nBIND\nrespond {http.request.uri.query}\n}":                                  true,
	"login.example.com {\nBIND\nrespond hello\n}":                                                     false,
	"login.example.com {\nBIND\ninvoke fixed\n}":                                                      false,
	"login.example.com:8443 {\nBIND\nCONTENT\n}":                                                      false,
	"http://login.example.com {\nBIND\nCONTENT\n}":                                                    false,
	"wiki.example.com {\nBIND\nCONTENT\n}":                                                            false,
	"login.example.com.example.org {\nBIND\nCONTENT\n}":                                               false,
	"*.example.com {\nBIND\n@wiki host wiki.example.com\nhandle @wiki {\nCONTENT\n}\n}":               false,
}

func TestNothingOfAnAppStandsAtTheOriginOfThePortal(t *testing.T) {
	isolate(t)
	t.Setenv("LOGIN", "Login.example.com")
	const start = "{\ndoorpost {\nstore memory\nportal https://login.example.com\n}\n}\n" +
		"&(inside) {\n@login host login.example.com\nhandle @login {\nCONTENT\n}\n}\n" +
		"&(served) {\nhandle /x {\nCONTENT\n}\n}\n&(fixed) {\nrespond hello\n}\nlogin.example.com {\ndoorpost_portal\n}\n"
	for site, refused := range besides {
		for _, content := range []string{"reverse_proxy localhost:3000", "file_server"} {
			for _, gated := range []string{"", "app.example.com {\nBIND\ndoorpost {\nallow *\n}\nCONTENT\n}\n"} {
				source := strings.NewReplacer("CONTENT", content, "BIND", "bind 127.0.0.2").Replace(start + gated + site)
				checkRefused(t, source, "Caddyfile:22: site login.example.com: "+answering(site, content)+" answers at the origin of the portal", refused)
			}
		}
	}
}

// answering is the directive that serves something in a site.
func answering(site, content string) string {
	if strings.Contains(site, "respond {") {
		return "respond with {http.request.uri.query}"
	}
	return strings.Fields(content)[0]
}

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
	for site, refused := range map[string]bool{
		"handle /static/* {\nCONTENT\n}\n" + portal:                                                                                                                 true,
		"route {\ninvoke all\n" + portal + "}":                                                                                                                      true,
		"@get method GET\nroute {\nroute @get {\nCONTENT\n}\n" + portal + "}":                                                                                       true,
		"@path {\npath /x/*\nnot host app.example.com\n}\nroute {\nroute @path {\nCONTENT\n}\n" + portal + "}":                                                      true,
		"handle /x/* {\n" + gate + "CONTENT\n}\n" + portal + "handle @app {\n" + gate + "CONTENT\n}":                                                                true,
		portal + "handle_errors {\nCONTENT\n}":                                                                                                                      true,
		"@x path /x/*\nrequest_header @x Host app.example.com\n" + portal + "handle @app {\nCONTENT\n}":                                                             true,
		"@x path /x/*\nrequest_header @x Ho* app.example.com\n" + portal + "handle @app {\nCONTENT\n}":                                                              true,
		"intercept {\n@n status 404\nhandle_response @n {\nCONTENT\n}\n}\n" + portal:                                                                                true,
		"route {\ninvoke n0\n" + portal + "}":                                                                                                                       true,
		"route {\nvars h Host\nrequest_header /x/* {vars.h} app.example.com\n" + portal + "handle @app {\nCONTENT\n}\n}":                                            true,
		"route {\nintercept {\nhandle_response {\nroute @app {\nCONTENT\n}\n}\n}\nrequest_header /x/* Host app.example.com\nrespond /x/* gone 404\n" + portal + "}": true,
		"@rest not path /*\nroute {\nrewrite /x/* x.html\nroute @rest {\nCONTENT\n}\n" + portal + "}":                                                               true,
		"@time host {time.now.year}.example.com\nroute {\nroute @time {\nCONTENT\n}\n" + portal + "}":                                                               true,
		"route {\nmap {query.x} {1b} {\n~(.*) ${1}\n}\nroute /x {\nrespond {1b}\n}\n" + portal + "}":                                                                true,
		"templates\n" + portal + "handle @app {\nCONTENT\n}":                                                                                                        true,
		"request_header X-Host app.example.com\n" + portal + "handle @app {\nCONTENT\n}":                                                                            false,
		portal + "handle @app {\nrequest_header Host app\nCONTENT\n}":                                                                                               false,
		portal + "CONTENT": false,
		"@others not host login.example.com\nroute {\nroute @others {\nCONTENT\n}\n" + portal + "}": false,
		"invoke app\n" + portal:                                                false,
		portal + "handle @app {\n" + gate + "CONTENT\n}":                       false,
		portal + "handle @app {\n" + gate + "CONTENT\n}\nhandle {\nCONTENT\n}": false,
		portal + "handle /x/* {\nrespond fixed\n}":                             false,
	} {
		for _, content := range []string{"reverse_proxy localhost:3000", "file_server", "php_fastcgi localhost:9000"} {
			source := strings.NewReplacer("CONTENT", content, "CHAIN", strings.ReplaceAll(chain, "CONTENT", content)).Replace(start + site + "\n}\n")
			where := "the site *.example.com"
			if strings.Contains(site, "handle_errors") {
				where = "handle_errors"
			}
			checkRefused(t, source, "answers at the origin of the portal, too, in "+where+"; put it into a handle for the hosts of the apps, or give the portal a site of its own: login.example.com { doorpost_portal }", refused)
		}
	}
	checkRefused(t, strings.NewReplacer("CONTENT", "file_server", "CHAIN", "").Replace(start)+"doorpost {\nallow *\nurl https://*.example.com\n}\n"+portal+"file_server\n}\n",
		"site login.example.com: doorpost answers at the origin of the portal, too", true)
}

// Perhaps nobody can reach that address by the name of the portal, so it is not refused.
func TestASiteAtAnotherBindThatIsForTheHostOfThePortalTooIsWarnedOf(t *testing.T) {
	isolate(t)
	const start = "{\ndoorpost {\nstore memory\nportal https://login.example.com\n}\n}\nlogin.example.com {\ndoorpost_portal\n}\n"
	for site, warns := range map[string]string{
		"*.example.com {\nbind 127.0.0.2\nreverse_proxy localhost:3000\n}":                                   "reverse_proxy in the site *.example.com answers",
		"login.example.com, https:// {\nbind 127.0.0.2\nfile_server\n}":                                      "file_server in the site without a host answers",
		"https:// {\nbind 127.0.0.2\ntls internal\nfile_server\n}":                                           "file_server in the site without a host answers",
		"*.example.com {\nbind 127.0.0.2\ndoorpost {\nallow *\nurl https://*.example.com\n}\nfile_server\n}": "doorpost in the site *.example.com answers",
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
		case warns == "" && len(told) > 0, warns != "" && (len(told) != 1 || !strings.HasPrefix(told[0], "Caddyfile:8: "+warns) || !strings.Contains(told[0], "login.example.com { abort }")):
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
		checkRefused(t, start+site, "Caddyfile:8: site login.example.com: reverse_proxy answers at the origin of the portal", refused)
	}
}

// checkRefused loads a Caddyfile some times: Caddy makes servers, and named routes, in no order.
func checkRefused(t *testing.T, source, want string, refused bool) {
	t.Helper()
	for range 6 {
		err := validate(source)
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
	for range 4 {
		checkRefused(t, source, "file_server answers at the origin of the portal", true)
	}
}

// Of what somebody sends nothing may come back as a page of the portal's origin.
func TestAFixedAnswerAtTheOriginOfThePortalIsFixed(t *testing.T) {
	isolate(t)
	const start = "{\ndoorpost {\nstore memory\nportal https://login.example.com\n}\n}\nlogin.example.com {\nroute {\nrespond /x "
	for body, refused := range map[string]bool{
		"\"{http.request.uri.query.a b}\"": true, "\"{file./srv/a b.html}\"": true, "{client_ip}": true, "`<style>p{margin:0}</style>`": false, "`\\{query.x\\}`": false, "{http.shutting_down}": false,
		"{query.x}": true, "{vars.b}": true, "\"a {b} c\"": false, "{re.r.1}": true, "{err.message}": true, "{file./srv/x.html}": true, "{http.request.header.X}": true, "{cookie.a}": true,
		"`{\"ok\":true}`\nmap {query.x} {b} {\n~(.*) ${1}\n}": false, "\"{err.status_code} {b}\"\nmap {query.x} {b} {\n~(.*) ${1}\n}": true,
		"`{\"ok\":true}`": false, "\"{err.status_code} {err.status_text}\"": false, "\"{system.hostname} {time.now.year}\"": false, "`{ }{}`": false,
	} {
		checkRefused(t, start+body+"\ndoorpost_portal\n}\n}\n", "site login.example.com: respond with {", refused)
	}
}
