package caddymodule

import "testing"

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
