package caddymodule

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

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

// What follows the portal in its site is never reached, and not there for the other hosts.
func TestAFixedAnswerThatThePortalComesBeforeIsWarnedOf(t *testing.T) {
	isolate(t)
	const start = "{\ndoorpost {\nstore memory\nportal https://login.example.com\n}\n}\n"
	for answer, words := range map[string]string{
		"respond /robots.txt hello": "respond (path /robots.txt)", "handle /robots.txt {\nrespond hello\n}": "respond (path /robots.txt)", "route {\nredir /a /b\n}": "redir (path /a)",
		"abort": "abort", "@x method PUT\nrespond @x 405": "respond (method)", "invoke fixed": "respond",
	} {
		path := "/robots.txt"
		if strings.HasPrefix(answer, "route") {
			path = "/a"
		}
		warning := "Caddyfile:PORTAL: site login.example.com: " + words + "WHERE is never reached: doorpost_portal comes before it and answers every request -> write handle " + path + " { … } around it, and handle { doorpost_portal }"
		for site, where := range map[string]string{
			"login.example.com {\nroute {\ndoorpost_portal\nANSWER\n}\n}":                                                                                                "",
			"*.example.com {\n@login host login.example.com\nhandle @login {\nroute {\ndoorpost_portal\nANSWER\n}\n}\n}":                                                 " in the site *.example.com",
			"login.example.com {\ndoorpost_portal\nANSWER\n}":                                                                                                            "",
			"login.example.com {\nroute {\nANSWER\ndoorpost_portal\n}\n}":                                                                                                "-",
			"login.example.com {\ndoorpost_portal\nhandle_errors {\nANSWER\n}\n}":                                                                                        "-",
			"*.example.com {\n@login host login.example.com\nroute {\nhandle @login {\ndoorpost_portal\n}\nANSWER\n}\n}":                                                 "-",
			"login.example.com {\ndoorpost_portal\n}\n*.example.com, app.example.org {\nANSWER\n}":                                                                       "-",
			"login.example.com {\ndoorpost_portal\n}\nlogin.example.com/a* {\nANSWER\n}\nlogin.example.com:8443 {\nANSWER\n}":                                            "-",
			"login.example.com {\ndoorpost_portal\n}\nlogin.example.com {\nbind 127.0.0.2\n@all path *\nroute {\nhandle @all {\nrespond a\n}\nhandle {\nANSWER\n}\n}\n}": "-",
		} {
			source := strings.ReplaceAll(start+"&(fixed) {\nrespond hello\n}\n"+site, "ANSWER", answer)
			var want []string
			if where != "-" {
				line := 1 + strings.Count(source[:strings.Index(source, "doorpost_portal")], "\n")
				want = []string{strings.NewReplacer("PORTAL", fmt.Sprint(line), "WHERE", where).Replace(warning)}
			}
			var told []string
			for _, f := range provisionedApp(t, source+"\n").advice() {
				if strings.Contains(f.Found, "never reached") {
					told = append(told, f.Where+": "+f.Check+": "+f.Found+" -> "+f.Advice)
				}
			}
			if !slices.Equal(told, want) {
				t.Errorf("%s\nwarns of %q, want %q", source, told, want)
			}
		}
	}
}
