package caddymodule

import (
	"strings"
	"testing"
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
	const start = "{\ndoorpost {\nstore memory\nportal https://login.example.com\n}\n}\n" +
		"&(served) {\nhandle /x {\nCONTENT\n}\n}\n&(fixed) {\nrespond hello\n}\nlogin.example.com {\ndoorpost_portal\n}\n"
	for site, refused := range besides {
		for _, content := range []string{"reverse_proxy localhost:3000", "file_server"} {
			for _, gated := range []string{"", "app.example.com {\nBIND\ndoorpost {\nallow *\n}\nCONTENT\n}\n"} {
				source := strings.NewReplacer("CONTENT", content, "BIND", "bind 127.0.0.2").Replace(start + gated + site)
				checkRefused(t, source, "Caddyfile:16: site login.example.com: "+strings.Fields(content)[0]+" answers at the origin of the portal", refused)
			}
		}
	}
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
